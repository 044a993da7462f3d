"""Two species that react and spread: the Gray-Scott equations (GS).

    u_t = 1e-5 Δu + 0.04 (1 - u) - u v²,      v_t = 5e-6 Δv - 0.1 v + u v²   on (-1, 1)², periodic, t < 200,
    u = 1 - exp(-80 ((x + 0.05)² + (y + 0.02)²)),      v = exp(-80 ((x - 0.05)² + (y - 0.02)²))   at t = 0.

The suite's program imposes no conditions at the sides, where u = 1 and v = 0 to 1e-30 at the start. Measured against
a Fourier solution of 256 × 256 waves, from which one of 512 × 512 is 1e-5, both species together.

Source: Hao et al., PINNacle, 2024.
"""

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Point, PointCloud, Problem, Reference, bundled, laplacian, on


def problem(duration: float = 200.0) -> Problem:
    """Spots of one species that feed on the other.

    Args:
        duration: until which time; it is measured until then.
    """
    spacetime = Box(t=(0, duration), x=(-1, 1), y=(-1, 1))
    t, x, y = spacetime.axes
    u, v = Field("u", spacetime, periodic=(x, y)), Field("v", spacetime, periodic=(x, y))

    def species(p: Point) -> Tensor:
        return torch.stack([u(p), v(p)])

    def bell(p: Point, a: float, b: float) -> Tensor:
        return torch.exp(-80 * ((x(p) - a) ** 2 + (y(p) - b) ** 2))

    @on(spacetime, samples=8000)
    def food(p: Point) -> Tensor:
        """u_t = 1e-5 Δu + 0.04 (1 - u) - u v²"""
        return D(u, t)(p) - 1e-5 * laplacian(u, x, y)(p) - 0.04 * (1 - u(p)) + u(p) * v(p) ** 2

    @on(spacetime, samples=8000)
    def eater(p: Point) -> Tensor:
        """v_t = 5e-6 Δv - 0.1 v + u v²"""
        return D(v, t)(p) - 5e-6 * laplacian(v, x, y)(p) + 0.1 * v(p) - u(p) * v(p) ** 2

    @on(spacetime.at(t=0), samples=2000, weight=100)
    def start(p: Point) -> Tensor:
        """u = 1 less a bell, v another bell"""
        return species(p) - torch.stack([1 - bell(p, -0.05, -0.02), bell(p, 0.05, 0.02)])

    whole = Box(t=(0, 200), x=(-1, 1), y=(-1, 1))
    table = PointCloud.open(bundled("pinnacle/gs.npz"), whole)
    known = table.where(table.points[:, 0] <= duration)
    reference = {species: Reference(known["certified"], known)}
    return Problem(food, eater, start, outputs=(species,), reference=reference)
