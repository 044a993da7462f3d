"""The inside of a closed surface, by its signed distance on a grid.

    u = distance to the surface, negative inside,

on the points of a grid around the surface: occupancy (Tancik et al. 2020, section 6.2) is the sign of u. The network
is a cosine lattice, one perceptron on integer frequencies (Benbarka et al. 2021), found by a transform.
"""

from pathlib import Path

from torch import Tensor

from sirenpde import (
    Box,
    Field,
    FourierSeries,
    Point,
    Problem,
    Reference,
    TriangleMesh,
    VoxelGrid,
    bundled,
    on,
)


def problem(mesh: Path | None = None, resolution: int = 128) -> Problem:
    """A solid from the distance to its surface.

    Args:
        mesh: a closed triangle mesh (.obj, .ply, .stl, ...); a cow if left out.
        resolution: points of the grid along its longest side.
    """
    solid = TriangleMesh.open(mesh or bundled("spot.obj"))
    cube, tight = Box.cube(solid), Box.around(solid, fill=1.0)
    beside = solid.labels(solid.boundary(), spread=0.01 * (cube.bounds[0][1] - cube.bounds[0][0]))
    grid = VoxelGrid.of(Box.around(solid), resolution, distance=solid.level)
    u = Field("u", grid, FourierSeries(half_period=True))

    @on(grid)
    def distance(p: Point) -> Tensor:
        """u = signed distance"""
        return u(p) - grid["distance"](p)

    def label(p: Point) -> Tensor:
        return 2 * beside["outside"](p) - 1

    where = {"uniform": solid.labels(tight), "boundary": beside}
    known = Reference(label, where, samples=2**15, fit="sign", surface=solid)
    return Problem(distance, reference={u: known})
