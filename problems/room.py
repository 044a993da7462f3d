"""A whole room from an oriented cloud of points on its surfaces.

    u = distance to the points, negative on the far side of their normals,

on the points of a grid around the room. Walls, furniture and a lamp are built by formulas, so that the distance and
the surface are known; the solver is given the cloud alone. The network is a cosine lattice, one perceptron on integer
frequencies (Benbarka et al. 2021), found by a transform; the zero level set is the room.
"""

from pathlib import Path

from torch import Tensor

from sirenpde import Field, FourierSeries, Point, Problem, Reference, VoxelGrid, on
from sirenpde.references.room import scanned


def problem(cloud: Path | None = None, points: int = 200_000, resolution: int = 96) -> Problem:
    """The signed distance of a room.

    Args:
        cloud: a scan, points with their normals (.ply, .xyz, .csv, .npz), whose surface ``sirenpde export`` writes;
            the furnished room's if left out.
        points: of the furnished room's cloud.
        resolution: points of the grid along its longest side.
    """
    scan, space, surface = scanned(points, cloud)
    grid = VoxelGrid.of(scan, resolution, distance=scan.distance)
    u = Field("u", grid, FourierSeries(half_period=True))

    @on(grid)
    def distance(p: Point) -> Tensor:
        """u = distance to the points"""
        return u(p) - grid["distance"](p)

    return Problem(distance, reference={u: Reference(space["distance"], space, surface=surface)})
