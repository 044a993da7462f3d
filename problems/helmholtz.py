"""A point source in a uniform medium; its waves leave through a perfectly matched layer.

    ∂x(e_y/e_x ∂x u) + ∂y(e_x/e_y ∂y u) + e_x e_y k² u = 0   on [-1, 1]², but for the source,

with e_x = 1 - i a ((|x| - 1/2) / (1/2))² in the layer |x| > 1/2, and 1 elsewhere, where this is Δu + k²u = 0. With
a = 100/k the layer returns less than 1e-10. The source f = (1 + i) N(0, σ²) is far narrower than a wave, but its wave
in free space is known: (i - 1)/4 H₀⁽²⁾(kr) exp(-k²σ²/2). So the field is split, as usual for scattering: the total
field u outside, the scattered field v in a core, and both in a band, where they differ by the known wave. Both
have a network in each of many cells, as wide as a wave or two and cut where the layer begins.

Source: Sitzmann et al., Implicit Neural Representations with Periodic Activation Functions, 2020, section 4.3, with
a = 5 at k = 20, and one field for all.
"""

import torch
from torch import Tensor

from sirenpde import PML, Box, Field, LeastSquares, Pieces, Point, Problem, Reference, laplacian, on
from sirenpde.references.waves import radiated


def problem(wavenumber: float = 20.0, width: float = 0.01) -> Problem:
    """The waves of a point source, measured where |x|, |y| < 1/2 and beyond six of its widths.

    Args:
        wavenumber: k, in radians per unit of length.
        width: σ, of the source, at most 0.03: nothing of it is left beyond 0.15.
    """
    k = wavenumber
    box, core = Box(x=(-1, 1), y=(-1, 1)), Box(x=(-0.25, 0.25), y=(-0.25, 0.25))
    outside, band = (part.where(lambda q: q.abs().amax(1) > 0.15) for part in (box, core))
    layer = PML(box, 0.5, wavenumber=k)
    u, v = Field("u", box, Pieces(), dtype=complex), Field("v", core, Pieces(), dtype=complex)
    incoming = radiated(k, width, box.axes)

    @on(outside, samples=6000, weight=k**-4)
    def total(p: Point) -> Tensor:
        """∂x(e_y/e_x u_x) + ∂y(e_x/e_y u_y) + e_x e_y k² u = 0"""
        return layer.laplacian(u)(p) + layer.volume(p) * k**2 * u(p)

    @on(core, samples=400, weight=k**-4)
    def scattered(p: Point) -> Tensor:
        """Δv + k² v = 0"""
        return laplacian(v)(p) + k**2 * v(p)

    @on(band, samples=600)
    def overlap(p: Point) -> Tensor:
        """u = v + incoming wave"""
        return u(p) - v(p) - incoming(p)

    def phi(p: Point) -> Tensor:
        return torch.where(p.coords.abs().amax() < 0.2, v(p) + incoming(p), u(p))

    def exact(p: Point) -> Tensor:
        return torch.where(
            (p.coords.norm() > 6 * width) & (p.coords.abs().amax() < 0.5), incoming(p), torch.nan
        )

    return Problem(
        total,
        scattered,
        overlap,
        reference={phi: Reference(exact, box)},
        outputs=(phi,),
        using=[LeastSquares()],
    )
