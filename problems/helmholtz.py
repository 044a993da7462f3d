"""A point source in a uniform medium; its waves leave through a perfectly matched layer.

    ∂x(e_y/e_x ∂x Φ) + ∂y(e_x/e_y ∂y Φ) + e_x e_y k² Φ = f   on [-1, 1]²

with e_x = 1 - i a ((|x| - 1/2) / (1/2))² in the layer |x| > 1/2, and 1 elsewhere, where this is ΔΦ + k²Φ = f. With
a = 50/k the layer returns less than 1e-5; the paper has a = 5 at k = 20. The source f = (1 + i) N(0, σ²) is far
narrower than a wave, but its wave in free space is known: (i - 1)/4 H₀⁽²⁾(kr) exp(-k²σ²/2). So Φ is split, as usual
for scattering: the total field u outside, the scattered field v in a core, and both in a band, where they differ by
the known wave. u is a Fourier series, a perceptron on an integer lattice: what leaves on one side would come back on
the other, but has two layers to pass.

Source: Sitzmann et al., Implicit Neural Representations with Periodic Activation Functions, 2020, section 4.3.
"""

import math
from typing import Literal

import torch
from sirenpde import MLP, Adam, Box, D, Field, FourierFeatures, Lattice, LeastSquares, Point, Problem
from sirenpde import Reference, SineFeatures, Siren, l1, laplacian, on
from torch import Tensor


def problem(wavenumber: float = 20.0, network: Literal["auto", "siren"] = "auto") -> Problem:
    """The waves of a point source, measured where |x|, |y| < 1/2 and r > 0.06.

    Args:
        wavenumber: k, in radians per unit of length.
        network: "auto", a Fourier series and a direct solve; "siren", trained on minibatches and the source itself.
    """
    k, order, siren = wavenumber, 12 + round(wavenumber / 3), network == "siren"
    sigma, box, core = 0.01, Box(x=(-1, 1), y=(-1, 1)), Box(x=(-0.25, 0.25), y=(-0.25, 0.25))
    x, y = box.axes
    u = Field("u", box, Siren() if siren else FourierFeatures(Lattice(order), MLP(depth=0)), dtype=complex)
    v = Field("v", core, SineFeatures(100, bandwidth=5 + k / 4), dtype=complex)

    def e(s: Tensor) -> Tensor:
        return torch.complex(torch.ones_like(s), -50 / k * (2 * s.abs() - 1).clamp(min=0) ** 2)

    def flux_x(p: Point) -> Tensor:
        return e(y(p)) / e(x(p)) * D(u, x)(p)

    def flux_y(p: Point) -> Tensor:
        return e(x(p)) / e(y(p)) * D(u, y)(p)

    def total(p: Point) -> Tensor:
        """∂x(e_y/e_x u_x) + ∂y(e_x/e_y u_y) + e_x e_y k² u = f"""
        f = torch.exp(-(x(p) ** 2 + y(p) ** 2) / (2 * sigma**2)) / (2 * math.pi * sigma**2)
        return D(flux_x, x)(p) + D(flux_y, y)(p) + e(x(p)) * e(y(p)) * k**2 * u(p) - torch.complex(f, f)

    def scattered(p: Point) -> Tensor:
        """Δv + k² v = 0"""
        return laplacian(v)(p) + k**2 * v(p)

    def incoming(p: Point) -> Tensor:
        r = torch.hypot(x(p), y(p)).clamp(min=sigma)
        j, n = torch.special.bessel_j0(k * r), torch.special.bessel_y0(k * r)
        return torch.complex(n - j, n + j) / 4 * math.exp(-((k * sigma) ** 2) / 2)

    def overlap(p: Point) -> Tensor:
        """u = v + incoming wave"""
        return u(p) - v(p) - incoming(p)

    def phi(p: Point) -> Tensor:
        return u(p) if siren else torch.where(p.coords.abs().amax() < 0.2, v(p) + incoming(p), u(p))

    def exact(p: Point) -> Tensor:
        return torch.where((p.coords.norm() > 0.06) & (p.coords.abs().amax() < 0.5), incoming(p), torch.nan)

    if siren:
        near, far = core.where(lambda q: q.norm(dim=1) < 0.0615), box.where(lambda q: q.norm(dim=1) > 0.0615)
        two = on(near, 256, 0.26, l1, "source")(total), on(far, 1024, 1.0, l1, "waves")(total)
        return Problem(*two, reference={phi: Reference(exact, box)}, outputs=(phi,), using=[Adam(1500, 1e-4)])
    outside, band = (part.where(lambda q: q.abs().amax(1) > 0.15) for part in (box, core))
    rows = on(outside, 6000, k**-4)(total), on(core, 400, k**-4)(scattered), on(band, 600)(overlap)
    return Problem(*rows, reference={phi: Reference(exact, box)}, outputs=(phi,), using=[LeastSquares()])
