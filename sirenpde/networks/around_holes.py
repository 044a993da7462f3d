"""Frozen waves about holes: sines in log r and the angle, beside those in the coordinates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Generator
from torch.quasirandom import SobolEngine

from .dense import Embedding
from .polar import Family, Plane, PolarWaves
from .registry import known

FASTER = 2.0  # about a hole than in the box, beside what their number can fill
NEAREST = 1e-3  # of a hole's radius: nothing is asked for so close to its centre, and there log r ends


@known
@dataclass(frozen=True)
class Hole:
    """A disk that a domain leaves out, in the plane of two axes, by their numbers among the field's.

    ``bandwidth`` is how fast the waves about it are along log r and the angle, at most, in radians per unit of both;
    left out, it follows from that of the waves beside them.

    >>> import torch
    >>> from sirenpde import Hole, SineFeatures
    >>> hole = Hole((0, 1), (0.3, -0.3), 0.1, bandwidth=(4.0, 12.0))
    >>> recipe = SineFeatures(400, 20.0, around=(hole,))
    >>> network = recipe.build([-1.0, -1.0], [1.0, 1.0], 1, (), torch.Generator().manual_seed(0))
    >>> network.points[0].steps.abs().amax(0).round().tolist()
    [4.0, 12.0]
    """

    axes: tuple[int, int]
    centre: tuple[float, float]
    radius: float
    bandwidth: tuple[float, float] | None = None


def hole_waves(hole: Hole, count: int, beside: Embedding, side: Sequence[float], seed: int) -> PolarWaves:
    """So many waves about a hole, twice as fast beside their number as those of ``beside``, of bandwidths ``side``.

    They are sin(k log(r / radius) + m θ + κ·xi + b), m whole and κ = 0 along the axes of the plane.

    With k and m up to B in size, log r up to L = log(R / radius), R the distance of the box's farthest corner, and
    bandwidths b along other axes, (2 / π) B² L Π (2 b / π) waves fill the box of frequencies, and in the
    coordinates alone Π (2 b / π) do. What the hole hides is nearer to the domain than what the box hides, so that
    the waves about it are taken twice as fast, and never faster than fills the box.
    """
    low, high = beside.centre - 1 / beside.scale, beside.centre + 1 / beside.scale
    plane, centre = list(hole.axes), torch.tensor(hole.centre, dtype=torch.float64)
    corner = torch.stack([(end[plane] - centre).abs() for end in (low, high)]).amax(0)
    depth = max(1.0, math.log(float(corner.norm()) / hole.radius))
    waves = [2 * b / math.pi for b in side]  # along each axis, with both signs
    filled = count * math.pi / (2 * depth) / math.prod(n for axis, n in enumerate(waves) if axis not in plane)
    shared = min(1.0, FASTER**2 * math.prod(waves) / len(beside.phases))
    along, around = hole.bandwidth or (math.sqrt(filled * shared),) * 2
    dimension = len(side)
    unit = SobolEngine(dimension + 1, scramble=True, seed=seed).draw(count, dtype=torch.float64)
    k = 2 * unit[:, 1:] - 1
    # Half a step more at the ends, so that the fastest windings are as likely as the others.
    windings = torch.round((math.floor(around) + 0.5) * k[:, plane[1]])
    steps = torch.stack([along * k[:, plane[0]], windings], dim=1)
    frequencies = k * torch.tensor([float(b) for b in side], dtype=torch.float64)
    frequencies[:, plane] = 0
    none = torch.zeros(count, 2, dtype=torch.float64)
    family = Family(none[:, 0], steps, none, frequencies, 2 * math.pi * unit[:, 0])
    unit_matrix = ((1 / hole.radius, 0.0), (0.0, 1 / hole.radius))
    return PolarWaves(
        Plane(hole.axes, hole.centre, unit_matrix, NEAREST), family, beside.centre, beside.scale
    )


def seeds(count: int, generator: Generator) -> list[int]:
    """Seeds of Sobol sequences."""
    return torch.randint(2**62, (count,), generator=generator).tolist()
