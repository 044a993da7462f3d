"""Steady flow in a square cavity below a lid that moves as a whole.

    ψ_y Δψ_x - ψ_x Δψ_y = Δ²ψ / Re   on (0, 1)²,      ψ = 0  on the walls,
    velocity (ψ_y, -ψ_x) = (1, 0)  at the lid y = 1,  and 0 at the other walls.

Where the lid meets the walls the velocity jumps, and the vorticity grows like 1/r. That flow without inertia is known
in closed form, and the field is what is to be added to it. It has cells that are smaller towards the walls, and the
equation counts less in the lid's corners. Errors are those outside of a twentieth about these.

Source: Ghia, Ghia and Shin, High-Re solutions for incompressible flow, 1982; Batchelor, An Introduction to Fluid
Dynamics, 1967, section 4.8, for the corner's flow.
"""

import math

import torch
from torch import Tensor

from sirenpde import (
    Box,
    D,
    Field,
    LeastSquares,
    Pieces,
    Point,
    Problem,
    Reference,
    SineFeatures,
    grad,
    laplacian,
    on,
)
from sirenpde.references.cavity import driven_cavity, sliding_flow, uniform

CORNER = 0.05  # about the lid's ends, where nothing is compared


def problem(reynolds: float = 100.0, features: int = 260) -> Problem:
    """A cavity below a uniform lid, measured against a spectral solution.

    Args:
        reynolds: Re, of the lid's velocity and the side.
        features: frozen sines in each cell.
    """
    box = Box(x=(0, 1), y=(0, 1))
    x, y = box.axes
    thin = 0.05 * (100 / reynolds) ** 0.25
    # From a wall's cells to the middle each row is at most two and a half times as far out as the one before.
    rows = math.ceil(math.log(0.5 / (3 * thin), 2.5))
    below = (thin, *(3 * thin * (0.5 / (3 * thin)) ** (row / rows) for row in range(rows + 1)))
    above = tuple(1 - place for place in below[-2::-1])
    rest = Field("rest", box, Pieces(SineFeatures(features), cells=(below + above, below[1:] + above)))

    def psi(p: Point) -> Tensor:
        return rest(p) + sliding_flow(x(p), 1 - y(p)) + sliding_flow(1 - x(p), 1 - y(p))

    def from_lid(a: Tensor, b: Tensor) -> Tensor:
        """Δψ of the flow in a corner."""
        return 4 * math.pi / (math.pi**2 - 4) * (a - 2 * b / math.pi) / (a**2 + b**2)

    def vorticity(p: Point) -> Tensor:
        known = from_lid(x(p), 1 - y(p)) + from_lid(1 - x(p), 1 - y(p))
        return -laplacian(rest)(p) - known

    def velocity(p: Point) -> Tensor:
        return torch.stack([D(psi, y)(p), -D(psi, x)(p)])

    @on(box, samples=8000)
    def momentum(p: Point) -> Tensor:
        """u·∇ω = Δω / Re"""
        squares: Tensor = (x(p) ** 2 + (1 - y(p)) ** 2) * ((1 - x(p)) ** 2 + (1 - y(p)) ** 2)
        inertia = velocity(p) @ grad(vorticity, x, y)(p)
        return squares * (inertia + laplacian(laplacian(rest))(p) / reynolds)

    @on(box.boundary(), samples=1600, weight=1000)
    def wall(p: Point) -> Tensor:
        """u = (1, 0) at the lid, 0 elsewhere"""
        lid = torch.where(y(p) >= 1, 1.0, 0.0)
        return velocity(p) - torch.stack([lid, 0 * lid])

    @on(box.at(x=0, y=0))
    def corner(p: Point) -> Tensor:
        """ψ = 0 in a corner, and so on all walls"""
        return psi(p)

    known = driven_cavity(box, reynolds, uniform)
    across = torch.minimum(known.points[:, 0], 1 - known.points[:, 0])
    away = known.where(torch.hypot(across, 1 - known.points[:, 1]) > CORNER)
    return Problem(
        momentum,
        wall,
        corner,
        reference={velocity: Reference(away["velocity"], away)},
        outputs=(velocity, psi),
        components={velocity: ("vx", "vy")},
        using=[LeastSquares()],
    )
