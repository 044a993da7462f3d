"""Pulses that meet a round obstacle, by separation of variables, to measure fields against."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from ..geometry.point import Axis, Point
from ..networks.lobatto import lobatto, slopes_at_nodes, through_nodes

FASTEST = 7.0  # of the pulse, in 1 / σ: exp(-FASTEST² / 2) of it are faster


def scattered_pulse(
    surface: Literal["soft", "hard"],
    radius: float,
    pulse: Callable[[Tensor], Tensor],
    width: float,
    reach: float,
    duration: float,
    axes: tuple[Axis, Axis, Axis],
) -> Callable[[Point], Tensor]:
    """The wave of u_tt = Δu that begins as the plane one f(t - x) and meets a disk about the origin.

    u = Σ u_n(r, t) cos nθ, and every u_n is a sum of vibrations between the disk and a circle from which nothing
    comes back in time, before which the start fades away: those of one element of Legendre polynomials in r, a small
    symmetric eigenproblem for each n. Right to eight digits for r < ``reach`` and t < ``duration``, where f(-x) is
    that small on the disk.

    Args:
        surface: u = 0 on a soft disk, ∂u/∂n = 0 on a hard one. radius: of the disk.
        pulse: f, of times. width: f has the bandwidth of a Gaussian of this standard deviation.
        reach: largest r. duration: largest t. axes: of the plane, and time.

    Returns:
        A function of a point; use float64.

    Source: Bowman, Senior and Uslenghi, Electromagnetic and Acoustic Scattering by Simple Shapes, 1969, chapter 2.

    >>> import torch
    >>> from sirenpde import Box
    >>> axes = Box(x=(-1, 1), y=(-1, 1), t=(0, 1)).axes
    >>> u = scattered_pulse("soft", 0.2, lambda s: torch.exp(-50 * (s - 1) ** 2), 0.1, 0.5, 0.2, axes)
    """
    x, y, t = axes
    end = reach + duration  # what begins beyond is not seen
    outer = end + 10 * width
    fastest = FASTEST / width
    count = math.ceil(fastest * reach) + 20
    order = math.ceil(0.75 * fastest * (outer - radius)) + 24
    line, rule = lobatto(order)
    half = (outer - radius) / 2
    r, slopes = radius + half * (line + 1), slopes_at_nodes(order) / half
    masses, stiffness = half * rule * r, slopes.T @ ((half * rule * r)[:, None] * slopes)
    free = slice({"soft": 1, "hard": 0}[surface], order)  # the outer end is held
    root = masses[free].sqrt()
    n = torch.arange(count, dtype=torch.float64)
    radial = stiffness[free, free] / root[:, None] / root
    squares, modes = torch.linalg.eigh(radial + torch.diag_embed((n[:, None] / r[free]) ** 2))
    frequency = squares.clamp(min=0).sqrt()

    turns = count + math.ceil(fastest * outer) + 20  # so many that none is taken for a slower one
    angles = 2 * math.pi * torch.arange(turns, dtype=torch.float64) / turns
    places = r[free, None] * torch.cos(angles)
    values, rates, *_ = torch.func.jvp(pulse, (-places,), (torch.ones_like(places),))

    def amplitudes(start: Tensor) -> Tensor:
        """Values (r, angles) at the start -> those of the vibrations, (n, vibrations)."""
        by_angle = torch.fft.rfft(start).real[:, :count].T / turns
        by_angle[1:] *= 2
        found: Tensor = ((by_angle * root)[:, None] @ modes)[:, 0]
        return found

    kept = torch.special.erfc((r[free, None] - end - 5 * width) / width) / 2
    first, second = amplitudes(kept * values), amplitudes(kept * rates)
    shapes = modes / root[:, None]  # (n, r, vibrations)

    def u(p: Point) -> Tensor:
        distance, turn = torch.hypot(x(p), y(p)), torch.atan2(y(p), x(p))
        row = through_nodes(order, (distance - radius) / half - 1)[free]
        phase = frequency.to(row) * t(p)
        swing = first * torch.cos(phase) + second * t(p) * torch.sinc(phase / math.pi)
        total: Tensor = ((row @ shapes) * swing).sum(1) @ torch.cos(n * turn)
        return total

    return u
