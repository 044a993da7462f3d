"""A point source in a uniform medium, by a SIREN; its waves leave through a perfectly matched layer.

    ∂x(e_y/e_x ∂x u) + ∂y(e_x/e_y ∂y u) + e_x e_y k² u = f   on [-1, 1]²,      f = (1 + i) N(0, σ²),

with e_x = 1 - i a ((|x| - 1/2) / (1/2))² in the layer |x| > 1/2, and 1 elsewhere, where this is Δu + k²u = f. With
a = 50/k the layer returns less than 1e-5; the paper has a = 5 at k = 20. The wave in free space is known, and points
near the source are drawn by themselves, since few others would meet it.

Source: Sitzmann et al., Implicit Neural Representations with Periodic Activation Functions, 2020, section 4.3.
"""

import math

import torch
from torch import Tensor

from sirenpde import PML, Adam, Box, Field, Point, Problem, Reference, Siren, l1, on
from sirenpde.references.scattering import LineSource


def problem(
    wavenumber: float = 20.0,
    width: float = 0.01,
    units: int = 256,
    omega: float = 30.0,
) -> Problem:
    """The waves of a point source, measured where |x|, |y| < 1/2 and beyond six of its widths.

    Args:
        wavenumber: k, in radians per unit of length.
        width: σ, of the source.
        units: of each of the network's layers.
        omega: the factor of its first layer.
    """
    k, sigma, edge = wavenumber, width, 6.15 * width
    box, core = Box(x=(-1, 1), y=(-1, 1)), Box(x=(-edge, edge), y=(-edge, edge))
    near = core.where(lambda q: q.norm(dim=1) < edge)
    far = box.where(lambda q: q.norm(dim=1) > edge)
    x, y = box.axes
    layer = PML(box, 0.5, strength=50 / k)
    u = Field("u", box, Siren(units, omega=omega), dtype=complex)
    wave = LineSource((0.0, 0.0), sigma).wave(k, (x, y))

    def helmholtz(p: Point) -> Tensor:
        f = torch.exp(-(x(p) ** 2 + y(p) ** 2) / (2 * sigma**2)) / (2 * math.pi * sigma**2)
        return layer.laplacian(u)(p) + layer.volume(p) * k**2 * u(p) - torch.complex(f, f)

    @on(near, samples=256, weight=0.26, loss=l1)
    def source(p: Point) -> Tensor:
        """∂x(e_y/e_x u_x) + ∂y(e_x/e_y u_y) + e_x e_y k² u = f"""
        return helmholtz(p)

    @on(far, samples=1024, loss=l1)
    def waves(p: Point) -> Tensor:
        """∂x(e_y/e_x u_x) + ∂y(e_x/e_y u_y) + e_x e_y k² u = f"""
        return helmholtz(p)

    def phi(p: Point) -> Tensor:
        return u(p)

    def exact(p: Point) -> Tensor:
        return torch.where((p.coords.norm() > 6 * sigma) & (p.coords.abs().amax() < 0.5), wave(p), torch.nan)

    return Problem(
        source,
        waves,
        reference={phi: Reference(exact, box)},
        outputs=(phi,),
        using=[Adam(steps=1500, lr=1e-4)],
    )
