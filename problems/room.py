"""A whole room from an oriented cloud of points on its surfaces.

    u = distance to the points, negative on the far side of their normals,

on the points of a grid around the room. Walls, furniture and a lamp are built by formulas, so that the distance and
the surface are known; the solver is given the cloud alone. The network is a cosine lattice, one perceptron on integer
frequencies (Benbarka et al. 2021), found by a transform; the zero level set is the room.
"""

from torch import Tensor

from sirenpde import (
    Box,
    Field,
    FourierSeries,
    Point,
    PointCloud,
    Problem,
    Reference,
    VoxelGrid,
    on,
)
from sirenpde.references.room import room_mesh, sampled


def problem(points: int = 200_000, resolution: int = 96) -> Problem:
    """The signed distance of a room.

    Args:
        points: of the cloud.
        resolution: points of the grid along its longest side.
    """
    box, room = Box(x=(-1, 1), y=(-1, 1), z=(-0.7, 0.7)), room_mesh()
    places, data = sampled(points)
    cloud = PointCloud(places, box, data, "room")
    grid = VoxelGrid.of(box, resolution, distance=cloud.distance)
    u = Field("u", grid, FourierSeries(half_period=True))

    @on(grid)
    def distance(p: Point) -> Tensor:
        """u = distance to the points"""
        return u(p) - grid["distance"](p)

    space = cloud.distances(8000, 8000, seed=1)
    exact = PointCloud(space.points, box, {"distance": room.level(space.points)}, "space around the room")
    return Problem(distance, reference={u: Reference(exact["distance"], exact, surface=room)})
