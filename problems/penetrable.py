"""A body that waves enter, in a plane wave or near a line source: waves are faster or slower in it.

    Δu + k² u = 0   around it,   Δv + (k/c)² v = 0   in it,   u + w = v   and   ∂(u + w)/∂n = ∂v/∂n   on its boundary,

for the scattered field u outside, the total field v inside and the incident wave w. The square [-1, 1]² ends in a
layer half a unit thick, in which the equation is stretched. About circles both are series of Bessel functions.

Source: Colton and Kress, Inverse Acoustic and Electromagnetic Scattering Theory, 2013, section 2.1.
"""

import math

import torch
from torch import Tensor

from sirenpde import (
    PML,
    Box,
    Field,
    LeastSquares,
    Pieces,
    Point,
    Problem,
    Reference,
    dot,
    grad,
    laplacian,
    obstacle,
    on,
)
from sirenpde.references.scattering import LineSource, PlaneWave, penetrable_cylinder, wavenumber_in


def problem(
    shape: str = "circle",
    size: float = 0.1,
    speed: float = 2.0,
    wavenumber: float = 20.0,
    angle: float = 0.0,
    source: tuple[float, float] | None = None,
) -> Problem:
    """The total field about and in a body.

    Args:
        shape: circle, ellipse, square, pair, or a file: a table of vertices or an SVG drawing.
        size: of a named shape: the radius of the circle, and about that of the others.
        speed: c in the body, in units of that around it.
        wavenumber: k around the body, in radians per unit of length.
        angle: direction in which the plane wave travels, in degrees from the x axis.
        source: the place of a line source, in place of the plane wave.
    """
    k, k_within = wavenumber, wavenumber_in(wavenumber, speed)
    box = Box(x=(-1, 1), y=(-1, 1))
    layer = PML(box, 0.5, wavenumber=k)
    body = obstacle(shape, size, layer.interior)
    around, wall = box - body, body.boundary()
    incident = PlaneWave(math.radians(angle)) if source is None else LineSource(source)
    w = incident.wave(k, box.axes)
    u, v = Field("u", box, Pieces(), dtype=complex), Field("v", box, Pieces(), dtype=complex)

    def outside(p: Point) -> Tensor:
        return u(p) + w(p)

    @on(around, samples=6000, weight=k**-4)
    def scattered(p: Point) -> Tensor:
        """∂x(e_y/e_x u_x) + ∂y(e_x/e_y u_y) + e_x e_y k² u = 0"""
        return layer.laplacian(u)(p) + layer.volume(p) * k**2 * u(p)

    @on(body, samples=600, weight=k**-4)
    def within(p: Point) -> Tensor:
        """Δv + (k/c)² v = 0"""
        return laplacian(v)(p) + k_within**2 * v(p)

    @on(wall, samples=400)
    def value(p: Point) -> Tensor:
        """u + w = v"""
        return outside(p) - v(p)

    @on(wall, samples=400, weight=k**-2)
    def slope(p: Point) -> Tensor:
        """∂(u + w)/∂n = ∂v/∂n"""
        return dot(wall.normal(p), grad(outside)(p) - grad(v)(p))

    def total(p: Point) -> Tensor:
        return torch.where(body.level(p.coords[None])[0] < 0, v(p), outside(p))

    known = {"circle": lambda: penetrable_cylinder(k, size, speed, incident, box.axes)}.get(shape)
    reference = {} if known is None else {total: Reference(known().total, layer.interior)}
    return Problem(
        scattered, within, value, slope, reference=reference, outputs=(total,), using=[LeastSquares()]
    )
