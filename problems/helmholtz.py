"""Point sources in a medium that waves cross at different speeds; what leaves it is swallowed by a layer.

    ∂x(e_y/e_x ∂x u) + ∂y(e_x/e_y ∂y u) + e_x e_y k² m u = f   on [-1, 1]²,      m = (c₀ / c)²,

with e_x = 1 - i a ((|x| - 1/2) / (1/2))² in the layer |x| > 1/2, and 1 elsewhere, where this is Δu + k² m u = f. With
a = 100/k the layer returns less than 1e-10. Each source f = (1 + i) N(x_s, σ²) is far narrower than a wave, but its
wave in a uniform medium is known: w = (i - 1)/4 H₀⁽²⁾(kr) exp(-k²σ²/2). So the field is split, as usual for
scattering: v inside of boxes about the sources, or about the body that scatters, and u outside; where the sources
are, w is left out. In a band both hold and differ by w. Both have a network in each of many cells, as wide as a wave
or two and cut where the layer begins.

Source: Sitzmann et al., Implicit Neural Representations with Periodic Activation Functions, 2020, section 4.3, with
a = 5 at k = 20, and one field for all.
"""

import math
from typing import Literal

from torch import Tensor

from sirenpde import PML, Box, Field, LeastSquares, Pieces, Point, Problem, Reference, laplacian, on
from sirenpde.references.slowness import medium_of
from sirenpde.references.sources import point_sources
from sirenpde.references.splits import split


def problem(
    wavenumber: float = 20.0,
    width: float = 0.01,
    medium: Literal["uniform", "square", "circle"] = "uniform",
    velocity: str | None = None,
    speeds: tuple[float, float] = (1.0, 2.0),
    sources: tuple[float, ...] | None = None,
) -> Problem:
    """The waves of point sources, measured where |x|, |y| < 1/2 and beyond six widths of a source.

    Args:
        wavenumber: k, in radians per unit of length.
        width: σ, of the sources, at most 0.03: nothing of them is left beyond 0.15.
        medium: uniform, or with the speed 2 in the square |x|, |y| < 0.3 or the circle r < 0.1.
        velocity: file of speeds on [-1, 1]², an image or values on a grid, in place of the medium.
        speeds: of black and of white, where the file is an image.
        sources: their places, x and y of one after another; the middle, or (-0.35, 0) beside a body, if left out.
    """
    k, box = wavenumber, Box(x=(-1, 1), y=(-1, 1))
    given = medium_of(medium, velocity, box, speeds)
    layer, strength = PML(box, 0.5, wavenumber=k), (1 + 1j) * math.exp(-((k * width) ** 2) / 2)

    def squared(p: Point) -> Tensor:
        return k**2 * given.slowness(p)

    at = point_sources(layer, given.sources if sources is None else sources, squared, strength)
    parts = split(at, given.bodies)
    u, v = Field("u", box, Pieces(), dtype=complex), Field("v", parts.hull, Pieces(), dtype=complex)

    @on(parts.outside, samples=6000, weight=k**-4)
    def outside(p: Point) -> Tensor:
        """∂x(e_y/e_x u_x) + ∂y(e_x/e_y u_y) + e_x e_y k² m u = 0, or -k² (m - m_s) w"""
        return layer.laplacian(u)(p) + layer.volume(p) * squared(p) * u(p) + parts.load_outside(p)

    @on(parts.inside, samples=400, weight=k**-4)
    def inside(p: Point) -> Tensor:
        """Δv + k² m v = -k² (m - m_s) w, or 0"""
        return laplacian(v)(p) + squared(p) * v(p) + parts.load_inside(p)

    @on(parts.band, samples=600)
    def overlap(p: Point) -> Tensor:
        """u = v + w, or u + w = v"""
        return u(p) + parts.known_outside(p) - v(p) - parts.known_inside(p)

    def phi(p: Point) -> Tensor:
        return parts.joined(p, u(p) + parts.known_outside(p), v(p) + parts.known_inside(p))

    exact = None if given.exact is None else at.measured(given.exact(at), 6 * width)
    reference = {} if exact is None else {phi: Reference(exact, box)}
    return Problem(outside, inside, overlap, reference=reference, outputs=(phi,), using=[LeastSquares()])
