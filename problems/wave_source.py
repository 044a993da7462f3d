"""A point that sends Ricker's wavelet into open space, in a box whose rim takes waves in.

    u_tt + σ u_t = c² Δu + s(t) exp(-|x - x₀|² / 2w²),
    c ∂u/∂n + u_t = 0   on the walls,      u = u_t = 0   at t = 0,

with σ = 0 but in a rim, where it grows as the third power of the depth. In open space, without a rim, the solution is
known; what comes back from the rim is the error.

Source: Ricker, The form and laws of propagation of seismic wavelets, 1953; Sochacki et al., Absorbing boundary
conditions and surface waves, 1987.
"""

import math

import torch
from torch import Tensor

from sirenpde import (
    Box,
    D,
    DampingLayer,
    Field,
    Point,
    Problem,
    Reference,
    SpectralElements,
    dot,
    grad,
    laplacian,
    on,
)
from sirenpde.references.media import Ricker, driven_gaussian


def problem(
    frequency: float = 2.0,
    source: tuple[float, float] = (0.0, 0.0),
    speed: float = 1.0,
    rim: float = 0.6,
    strength: float = 12.0,
    duration: float = 2.0,
) -> Problem:
    """Waves from a point source with an exact solution.

    Args:
        frequency: f, at the peak of the wavelet's spectrum.
        source: x₀, inside of the rim.
        speed: c, of the waves.
        rim: how thick it is, around a free square of side 2.
        strength: of σ at the walls.
        duration: until which time.
    """
    side = 1 + rim
    spacetime = Box(t=(0, duration), x=(-side, side), y=(-side, side))
    t, x, y = spacetime.axes
    start, walls = spacetime.at(t=0), spacetime.boundary("x", "y")
    layer = DampingLayer(Box(x=(-side, side), y=(-side, side)), rim, strength)
    a, b = layer.inside(*source)
    u = Field("u", spacetime)
    width, signal = 0.1 * speed / frequency, Ricker(frequency, delay=1.2 / frequency)

    @on(spacetime, samples=8000)
    def wave(p: Point) -> Tensor:
        """u_tt + σ u_t = c² Δu + s(t) exp(-|x - x₀|² / 2w²)"""
        bell = torch.exp(-((x(p) - a) ** 2 + (y(p) - b) ** 2) / (2 * width**2))
        moved = D(u, t, t)(p) + layer.rate(p) * D(u, t)(p)
        return moved - speed**2 * laplacian(u, x, y)(p) - signal(t(p)) * bell

    @on(walls, samples=2000, weight=100)
    def absorbed(p: Point) -> Tensor:
        """c ∂u/∂n + u_t = 0"""
        return speed * dot(walls.normal(p), grad(u)(p)) + D(u, t)(p)

    @on(start, samples=2000, weight=1000)
    def still(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    @on(start, samples=2000, weight=100)
    def rest(p: Point) -> Tensor:
        """u_t = 0"""
        return D(u, t)(p)

    exact = driven_gaussian(signal, speed, width, (t, x, y), (a, b))
    free = Box(t=(0, duration), x=(-1, 1), y=(-1, 1))
    moments = {f"t = {s * duration:.3g}": free.at(t=s * duration).nodes(41) for s in (0.5, 0.75, 1)}
    using = [SpectralElements(t, cells=math.ceil(6 * side * frequency / speed))]
    return Problem(wave, absorbed, still, rest, reference={u: Reference(exact, moments)}, using=using)
