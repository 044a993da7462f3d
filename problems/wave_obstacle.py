"""A plane pulse that meets a round obstacle, soft or hard, and goes around it.

    u_tt = Δu   outside of the obstacle,      u = 0  or  ∂u/∂n = 0   on it,      u = w,  u_t = w_t   at t = 0,

with w = exp(-(t - x - d)² / 2σ²), and u = w on the walls of a square, which what is scattered has not reached when
the time ends. The solution is a series in cos nθ.

Source: Bowman, Senior and Uslenghi, Electromagnetic and Acoustic Scattering by Simple Shapes, 1969, chapter 2.
"""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from sirenpde import (
    Box,
    D,
    Disk,
    Field,
    Interval,
    Point,
    Problem,
    Reference,
    SpectralElements,
    dot,
    grad,
    laplacian,
    on,
)
from sirenpde.references.pulses import scattered_pulse


def problem(
    surface: Literal["soft", "hard"] = "soft",
    radius: float = 0.25,
    width: float = 0.15,
    duration: float = 1.5,
) -> Problem:
    """Waves around a round obstacle with an exact solution.

    Args:
        surface: u = 0 on a soft one, ∂u/∂n = 0 on a hard one.
        radius: of the obstacle.
        width: σ, of the pulse.
        duration: until which time.
    """
    side, delay = radius + duration - 1.5 * width, radius + 6.5 * width
    square, obstacle = Box(x=(-side, side), y=(-side, side)), Disk(radius=radius)
    plane = square - obstacle
    spacetime = plane * Interval(t=(0, duration))
    x, y, t = spacetime.axes
    start, u = spacetime.at(t=0), Field("u", spacetime)
    rim = plane.boundary_of(obstacle) * Interval(t=(0, duration))
    walls = plane.boundary_of(square) * Interval(t=(0, duration))

    def bell(s: Tensor) -> Tensor:
        return torch.exp(-((s - delay) ** 2) / (2 * width**2))

    def incident(p: Point) -> Tensor:
        return bell(t(p) - x(p))

    def slope(p: Point) -> Tensor:
        return dot(rim.normal(p), grad(u)(p))

    conditions: dict[str, Callable[[Point], Tensor]] = {"soft": u, "hard": slope}

    @on(spacetime, samples=8000)
    def wave(p: Point) -> Tensor:
        """u_tt = Δu"""
        return D(u, t, t)(p) - laplacian(u, x, y)(p)

    @on(rim, samples=1000, weight=1000)
    def on_the_obstacle(p: Point) -> Tensor:
        """u = 0, or ∂u/∂n = 0"""
        return conditions[surface](p)

    @on(walls, samples=2000, weight=1000)
    def far_away(p: Point) -> Tensor:
        """u = w"""
        return u(p) - incident(p)

    @on(start, samples=2000, weight=1000)
    def pulse(p: Point) -> Tensor:
        """u = w"""
        return u(p) - incident(p)

    @on(start, samples=2000, weight=100)
    def motion(p: Point) -> Tensor:
        """u_t = w_t"""
        return D(u, t)(p) - D(incident, t)(p)

    near = min(radius + 0.75, side)
    exact = scattered_pulse(surface, radius, bell, width, near, duration, (x, y, t))
    ring = (Disk(radius=near) - obstacle) * Interval(t=(0, duration))
    moments = {f"t = {s * duration:.3g}": ring.at(t=s * duration) for s in (0.5, 0.75, 1)}
    known = Reference(exact, moments, samples=1000)
    return Problem(
        wave, on_the_obstacle, far_away, pulse, motion, reference={u: known}, using=[SpectralElements(t)]
    )
