"""An obstacle in a plane wave, or near a line source; what it scatters leaves through a perfectly matched layer.

    Δu + k² u = 0   around the obstacle,      u = -w   on it where it is soft,   ∂u/∂n = -∂w/∂n   where it is hard,

for the scattered field u and the incident wave w; the total field is u + w. The square [-1, 1]² ends in a layer half
a unit thick, in which the equation is stretched. About circles the field is a series in Hankel functions.

Source: Colton and Kress, Inverse Acoustic and Electromagnetic Scattering Theory, 2013, sections 3.1 and 3.2.
"""

import math
from typing import Literal

from torch import Tensor

from sirenpde import PML, Box, Field, LeastSquares, Pieces, Point, Problem, Reference, dot, grad, obstacle, on
from sirenpde.references.scattering import LineSource, PlaneWave, hard_cylinder, soft_cylinder


def problem(
    shape: str = "circle",
    size: float = 0.1,
    kind: Literal["soft", "hard"] = "soft",
    wavenumber: float = 20.0,
    angle: float = 0.0,
    source: tuple[float, float] | None = None,
) -> Problem:
    """The total field about an obstacle.

    Args:
        shape: circle, ellipse, square, pair, or a file: a table of vertices or an SVG drawing.
        size: of a named shape: the radius of the circle, and about that of the others.
        kind: u + w = 0 on a soft obstacle, and its slope on a hard one.
        wavenumber: k, in radians per unit of length.
        angle: direction in which the plane wave travels, in degrees from the x axis.
        source: the place of a line source, in place of the plane wave.
    """
    k = wavenumber
    box = Box(x=(-1, 1), y=(-1, 1))
    layer = PML(box, 0.5, wavenumber=k)
    body = obstacle(shape, size, layer.interior)
    around, wall = box - body, (box - body).boundary_of(body)
    incident = PlaneWave(math.radians(angle)) if source is None else LineSource(source)
    w = incident.wave(k, box.axes)
    u = Field("u", around, Pieces(), dtype=complex)

    @on(around, samples=6000, weight=k**-4)
    def helmholtz(p: Point) -> Tensor:
        """∂x(e_y/e_x u_x) + ∂y(e_x/e_y u_y) + e_x e_y k² u = 0"""
        return layer.laplacian(u)(p) + layer.volume(p) * k**2 * u(p)

    def total(p: Point) -> Tensor:
        return u(p) + w(p)

    def slope(p: Point) -> Tensor:
        return dot(wall.normal(p), grad(total)(p))

    @on(wall, samples=400, weight={"soft": 1.0, "hard": k**-2}[kind])
    def reflects(p: Point) -> Tensor:
        """u + w = 0, or its slope"""
        return {"soft": total, "hard": slope}[kind](p)

    series = {"soft": soft_cylinder, "hard": hard_cylinder}[kind]
    known = {"circle": lambda: series(k, size, incident, box.axes).total}.get(shape)
    reference = {} if known is None else {total: Reference(known(), layer.interior - body)}
    return Problem(helmholtz, reflects, reference=reference, outputs=(total,), using=[LeastSquares()])
