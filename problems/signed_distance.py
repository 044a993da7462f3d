"""The signed distance to a closed surface, from scanned points on it or from triangles.

    u = distance to the surface, negative inside,

on the points of a grid around it. The network is a cosine lattice, one perceptron on integer frequencies (Benbarka et
al. 2021), found by a transform, without training; |∇u| = 1 holds as far as the grid resolves it. The zero level set
is the surface, in the units of the file.
"""

from pathlib import Path
from typing import Literal

from torch import Tensor

from sirenpde import Field, FourierSeries, Point, Problem, Reference, Scan, VoxelGrid, bundled, on


def problem(
    points: Path | None = None,
    mesh: Path | None = None,
    normals: Literal["given", "estimated"] | None = None,
    resolution: int = 128,
) -> Problem:
    """A surface from points on it.

    Args:
        points: a scan of a closed surface (.ply, .xyz, .las, .npz, ...), with normals or without.
        mesh: a closed triangle mesh (.obj, .ply, .stl, ...) to sample; a cow if there are no points either.
        normals: those given with the points, or new ones; left out, the given ones where there are any.
        resolution: points of the grid along its longest side.
    """
    scan = Scan.open(points, mesh, bundled("spot.obj"), normals=normals)
    grid = VoxelGrid.of(scan, resolution, distance=scan.distance)
    u = Field("u", grid, FourierSeries(half_period=True))

    @on(grid)
    def distance(p: Point) -> Tensor:
        """u = distance to the surface"""
        return u(p) - grid["distance"](p)

    known = scan.cloud.distances(5000, 5000, seed=1)
    return Problem(distance, reference={u: Reference(known["distance"], known, surface=scan.mesh)})
