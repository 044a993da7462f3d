"""Laplace's equation on a square with four round holes (Poisson2d-C).

    Δu = 0   on (-1/2, 1/2)² without the discs of radius 1/10 about (±3/10, ±3/10),
    u = 1   on the square's sides,      u = 0   on the circles.

Measured at the nodes of the suite's file against a sum of harmonic functions that meets the boundary values to 2e-13.

Source: Hao et al., PINNacle, 2024.
"""

from torch import Tensor

from sirenpde import Box, Disk, Field, Point, PointCloud, Problem, Reference, bundled, laplacian, on


def problem() -> Problem:
    """A warm square around four cold circles."""
    square = Box(x=(-0.5, 0.5), y=(-0.5, 0.5))
    right = Disk(center=(0.3, 0.3), radius=0.1) | Disk(center=(0.3, -0.3), radius=0.1)
    left = Disk(center=(-0.3, 0.3), radius=0.1) | Disk(center=(-0.3, -0.3), radius=0.1)
    holes = left | right
    plate = square - holes
    u = Field("u", plate)

    @on(plate, samples=8000)
    def laplace(p: Point) -> Tensor:
        """Δu = 0"""
        return laplacian(u)(p)

    @on(plate.boundary_of(square), samples=1000, weight=1000)
    def warm(p: Point) -> Tensor:
        """u = 1"""
        return u(p) - 1

    @on(plate.boundary_of(holes), samples=1000, weight=1000)
    def cold(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    known = PointCloud.open(bundled("pinnacle/poisson2d_c.npz"), plate)
    return Problem(laplace, warm, cold, reference={u: Reference(known["certified"], known)})
