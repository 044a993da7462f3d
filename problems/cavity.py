"""Steady flow in a square cavity below a moving lid.

    ψ_y Δψ_x - ψ_x Δψ_y = Δ²ψ / Re   on (0, 1)²,      ψ = 0  on the walls,
    velocity (ψ_y, -ψ_x) = (4x (1 - x), 0)  at the lid y = 1,  and 0 at the other walls.

The Navier-Stokes equations for the stream function: no divergence by construction, and no pressure. The lid rests
at its ends, so that the velocity is continuous in the corners; the vorticity is not: there ψ is r² times a function
of the angle. That flow without inertia is known in closed form. The field is what is to be added to it, and the
equation counts less where the vorticity jumps.

Source of the corner's flow: Moffatt, Viscous and resistive eddies near a sharp corner, 1964.
"""

import torch
from torch import Tensor

from sirenpde import (
    Box,
    D,
    Field,
    LeastSquares,
    Point,
    Problem,
    Reference,
    SineFeatures,
    grad,
    laplacian,
    on,
)
from sirenpde.references.cavity import corner_flow, driven_cavity


def problem(reynolds: float = 100.0) -> Problem:
    """A lid-driven cavity, measured against a spectral solution.

    Args:
        reynolds: Re, of the lid's largest velocity and the side.
    """
    box = Box(x=(0, 1), y=(0, 1))
    x, y = box.axes
    rest = Field("rest", box, SineFeatures())

    def psi(p: Point) -> Tensor:
        return rest(p) + 4 * (corner_flow(x(p), 1 - y(p)) + corner_flow(1 - x(p), 1 - y(p)))

    def vorticity(p: Point) -> Tensor:
        angles = torch.atan2(torch.stack([x(p), 1 - x(p)]), (1 - y(p)).expand(2))
        return -laplacian(rest)(p) - 8 * angles.sum()

    def velocity(p: Point) -> Tensor:
        return torch.stack([D(psi, y)(p), -D(psi, x)(p)])

    @on(box, samples=8000)
    def momentum(p: Point) -> Tensor:
        """u·∇ω = Δω / Re"""
        distances: Tensor = torch.hypot(x(p), 1 - y(p)) * torch.hypot(1 - x(p), 1 - y(p))
        inertia = velocity(p) @ grad(vorticity, x, y)(p)
        return distances * (inertia + laplacian(laplacian(rest))(p) / reynolds)

    @on(box.boundary(), samples=1600, weight=1000)
    def wall(p: Point) -> Tensor:
        """u = 4x (1 - x) at the lid, 0 elsewhere"""
        lid = torch.where(y(p) >= 1, 4 * x(p) * (1 - x(p)), 0.0)
        return velocity(p) - torch.stack([lid, 0 * lid])

    @on(box.at(x=0, y=0))
    def corner(p: Point) -> Tensor:
        """ψ = 0 in a corner, and so on all walls"""
        return psi(p)

    known = driven_cavity(box, reynolds)
    return Problem(
        momentum,
        wall,
        corner,
        reference={velocity: Reference(known["velocity"], known), psi: Reference(known["stream"], known)},
        outputs=(velocity, psi),
        components={velocity: ("vx", "vy")},
        using=[LeastSquares()],
    )
