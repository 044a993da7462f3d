"""Steady flow in a square cavity below a moving lid, with its pressure (NS2d-C).

    u·∇u + ∇p = ν Δu,   ∇·u = 0   on (0, 1)²,   ν = 1/100,
    u = (4x (1 - x), 0)  at the lid y = 1,   u = 0  at the other walls,   p = 0  at (0, 0).

The stream function ψ makes the divergence vanish. The lid moves right beside walls at rest, so that velocity slopes
jump and p is infinite in its corners: there the flow without inertia, known in closed form, is split off, and the
equation counts less. Measured
are velocity and pressure together, as the suite does, at every second node of its file along each axis and away
from the lid's corners, r > 0.02, against a spectral solution: 1e-8 in velocity, 5e-6 in pressure.

Source: Hao et al., PINNacle, 2024; for the corner's flow, Moffatt, Viscous and resistive eddies near a sharp corner,
1964.
"""

import torch
from torch import Tensor

from sirenpde import (
    Box,
    D,
    Field,
    LeastSquares,
    Point,
    PointCloud,
    Problem,
    Reference,
    SineFeatures,
    bundled,
    grad,
    laplacian,
    on,
)
from sirenpde.references.cavity import corner_flow


def problem(viscosity: float = 0.01) -> Problem:
    """A lid-driven cavity in the stream function and the pressure.

    Args:
        viscosity: ν; the reference is that of 0.01.
    """
    box = Box(x=(0, 1), y=(0, 1))
    x, y = box.axes
    rest = Field("rest", box, SineFeatures(500, bandwidth=12))
    smooth = Field("smooth", box, SineFeatures(500, bandwidth=12))

    def psi(p: Point) -> Tensor:
        return rest(p) + 4 * (corner_flow(x(p), 1 - y(p)) + corner_flow(1 - x(p), 1 - y(p)))

    def velocity_of_rest(p: Point) -> Tensor:
        return torch.stack([D(rest, y)(p), -D(rest, x)(p)])

    def velocity(p: Point) -> Tensor:
        return torch.stack([D(psi, y)(p), -D(psi, x)(p)])

    def pressure(p: Point) -> Tensor:
        left, right = x(p) ** 2 + (1 - y(p)) ** 2, (1 - x(p)) ** 2 + (1 - y(p)) ** 2
        return smooth(p) + 4 * viscosity * (torch.log(left) - torch.log(right))

    def flow(p: Point) -> Tensor:
        return torch.cat([velocity(p), pressure(p).reshape(1)])

    @on(box, samples=4000)
    def momentum(p: Point) -> Tensor:
        """u·∇u + ∇p = ν Δu"""
        distances: Tensor = torch.hypot(x(p), 1 - y(p)) * torch.hypot(1 - x(p), 1 - y(p))
        inertia = grad(velocity, x, y)(p) @ velocity(p)
        viscous = viscosity * laplacian(velocity_of_rest, x, y)(p)
        return distances * (inertia + grad(smooth, x, y)(p) - viscous)

    @on(box.boundary(), samples=1600, weight=100)
    def walls(p: Point) -> Tensor:
        """u = (4x (1 - x), 0) at the lid, 0 elsewhere"""
        lid = torch.where(y(p) >= 1, 4 * x(p) * (1 - x(p)), 0.0)
        return velocity(p) - torch.stack([lid, 0 * lid])

    @on(box.at(x=0, y=0))
    def level(p: Point) -> Tensor:
        """ψ = 0 in a corner, and so on all walls"""
        return psi(p)

    @on(box.at(x=0, y=0))
    def datum(p: Point) -> Tensor:
        """p = 0 in a corner"""
        return pressure(p)

    known = PointCloud.open(bundled("pinnacle/ns2d_c.npz"), box)
    return Problem(
        momentum,
        walls,
        level,
        datum,
        outputs=(flow,),
        components={flow: ("u", "v", "p")},
        reference={flow: Reference(known["certified"], known)},
        using=[LeastSquares()],
    )
