"""A medium and the waves of five sources by two SIRENs, trained together from what thirty receivers measure.

    ∂x(e_y/e_x ∂x u) + ∂y(e_x/e_y ∂y u) + e_x e_y k² m u = f_j  on [-1, 1]²,    u measured,

with f_j = (1 + i) N(x_j, σ²), a perfectly matched layer beyond 1/2, m = 1 + max(q, -0.999) and m = 1 beyond 3/4. The
paper has one network for waves and medium, a layer of less strength, and 80,000 steps on a graphics card.

Source: Sitzmann et al., Implicit Neural Representations with Periodic Activation Functions, 2020, section 4.3.
"""

import math

import torch
from torch import Tensor

from sirenpde import PML, Adam, Box, Field, Point, PointCloud, Problem, Reference, Siren, l1, on
from sirenpde.references.survey import Survey, around_cylinder

SIGMA, EDGE = 0.01, 0.0615  # of a source: its width, and where nothing is left of it


def problem(
    data: str | None = None,
    wavenumber: float = 20.0,
    units: int = 256,
    omega: float = 30.0,
) -> Problem:
    """Five waves and a medium from measurements of the waves.

    Args:
        data: a MATLAB file with source (s, 2), receivers (r, 2) and rec_val (r, s); a cylinder's series if left out.
        wavenumber: k, in radians per unit of length.
        units: of each of the networks' layers.
        omega: the factor of their first layer.
    """
    k = wavenumber
    survey = around_cylinder(k) if data is None else Survey.read(data)
    box = Box(x=(-1, 1), y=(-1, 1))
    layer = PML(box, 0.5, wavenumber=k)
    layer.keep_out(survey.receivers.tolist(), "receiver")
    layer.keep_out(survey.sources.tolist(), "source")
    receivers = PointCloud(survey.receivers, box, {"total": survey.waves})
    x, y = box.axes
    near = box.where(lambda q: torch.cdist(q, survey.sources.to(q)).amin(1) < EDGE)
    far = box.where(lambda q: torch.cdist(q, survey.sources.to(q)).amin(1) > EDGE)
    u = Field("u", box, Siren(units, omega=omega), shape=(len(survey.sources),), dtype=complex)
    q = Field("q", box, Siren(units, omega=omega))

    def m(p: Point) -> Tensor:
        return 1 + torch.where(p.coords.abs().amax() < 0.75, q(p).clamp(min=-0.999), 0.0)

    def helmholtz(p: Point) -> Tensor:
        squares = (p.coords - survey.sources.to(p.coords)).square().sum(1)
        f = torch.exp(-squares / (2 * SIGMA**2)) / (2 * math.pi * SIGMA**2)
        return layer.laplacian(u)(p) + layer.volume(p) * k**2 * m(p) * u(p) - torch.complex(f, f)

    @on(near, samples=500, weight=0.5, loss=l1)
    def source(p: Point) -> Tensor:
        """∂x(e_y/e_x u_x) + ∂y(e_x/e_y u_y) + e_x e_y k² m u = f"""
        return helmholtz(p)

    @on(far, samples=1024, loss=l1)
    def waves(p: Point) -> Tensor:
        """∂x(e_y/e_x u_x) + ∂y(e_x/e_y u_y) + e_x e_y k² m u = f"""
        return helmholtz(p)

    @on(receivers, weight=30, loss=l1)
    def seen(p: Point) -> Tensor:
        """u is measured"""
        return u(p) - receivers["total"](p)

    def cylinder(p: Point) -> Tensor:
        near_it = torch.where(torch.hypot(x(p), y(p)) < 0.1, 0.25, 1.0)
        return torch.where(p.coords.abs().amax() < 0.25, near_it, torch.nan)

    return Problem(
        source,
        waves,
        seen,
        reference={m: Reference(cylinder, box)},
        outputs=(u, m),
        using=[Adam(steps=1500, lr=1e-4)],
    )
