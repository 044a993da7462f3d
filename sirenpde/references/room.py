"""A furnished room, built of boxes, cylinders and a torus: its surface, and the distance to it."""

from __future__ import annotations

import math
from functools import lru_cache
from os import PathLike
from typing import TYPE_CHECKING

from ..geometry.box import Box
from ..geometry.data.cloud import Cloud
from ..geometry.data.point_cloud import PointCloud
from ..geometry.meshes.mesh import TriangleMesh
from ..geometry.plane.disk import Disk
from ..geometry.plane.polygon import Polygon
from ..geometry.solids.ball import Ball
from ..geometry.solids.cylinder import Cylinder
from ..geometry.solids.revolution import Revolution

if TYPE_CHECKING:
    from torch import Tensor

    from ..geometry.shape import Shape


def pieces() -> tuple[Shape, ...]:
    """The solids whose union is the room: floor and walls with a door and a window, and the furniture on the floor.

    All lie in [-1, 1]^3; those that touch overlap, so that the union has one surface.
    """
    walls = (
        _box((-0.95, 0.95), (-0.95, 0.95), (-0.62, -0.56))
        | (_box((-0.95, 0.95), (0.89, 0.95), (-0.6, 0.55)) - _box((-0.35, 0.3), (0.8, 1.0), (-0.1, 0.35)))
        | (
            _box((-0.95, -0.89), (-0.95, 0.94), (-0.6, 0.55))
            - _box((-1.0, -0.8), (-0.75, -0.4), (-0.56, 0.2))
        )
    )
    sofa = (
        _box((-0.45, 0.45), (0.42, 0.84), (-0.57, -0.34))
        | _box((-0.45, 0.45), (0.72, 0.86), (-0.4, -0.08))
        | Cylinder(center=(-0.5, 0.63, -0.27), radius=0.08, height=0.44, axis="y")
        | Cylinder(center=(0.5, 0.63, -0.27), radius=0.08, height=0.44, axis="y")
        | _box((-0.57, -0.43), (0.42, 0.85), (-0.57, -0.27))
        | _box((0.43, 0.57), (0.42, 0.85), (-0.57, -0.27))
    )
    table = Cylinder(center=(0.0, -0.12, -0.3), radius=0.3, height=0.04)
    for k in range(4):
        angle = math.pi / 4 + k * math.pi / 2
        leg = (0.2 * math.cos(angle), -0.12 + 0.2 * math.sin(angle), -0.44)
        table = table | Cylinder(center=leg, radius=0.025, height=0.26)
    shelf = _box((-0.9, -0.68), (0.0, 0.6), (-0.57, 0.38))
    for low in (-0.5, -0.22, 0.06):
        shelf = shelf - _box((-0.86, -0.6), (0.04, 0.56), (low, low + 0.24))
    books = _box((-0.87, -0.72), (0.06, 0.12), (-0.23, -0.03))
    for k, height in enumerate((0.17, 0.19, 0.15)):
        low = 0.145 + 0.075 * k
        books = books | _box((-0.87, -0.72), (low, low + 0.05), (-0.23, -0.22 + height))
    lamp = (
        Cylinder(center=(0.72, 0.7, -0.55), radius=0.13, height=0.04)
        | Cylinder(center=(0.72, 0.7, -0.18), radius=0.02, height=0.76)
        | Revolution(Disk(center=(0.13, 0.0), radius=0.045, names=("r", "z"))).moved(x=0.72, y=0.7, z=0.28)
        | Cylinder(center=(0.72, 0.7, 0.19), radius=0.014, height=0.26, axis="x")
        | Cylinder(center=(0.72, 0.7, 0.19), radius=0.014, height=0.1)
    )
    vase = Revolution(
        Polygon(
            [(0.0, 0.0), (0.05, 0.0), (0.09, 0.08), (0.04, 0.17), (0.055, 0.2), (0.0, 0.2)], names=("r", "z")
        )
    ).moved(x=-0.06, y=-0.06, z=-0.285)
    ball = Ball(center=(0.62, -0.5, -0.46), radius=0.11)
    stool = Cylinder(center=(-0.5, -0.45, -0.38), radius=0.14, height=0.05) | Cylinder(
        center=(-0.5, -0.45, -0.49), radius=0.04, height=0.2
    )
    picture = _box((0.45, 0.8), (0.86, 0.9), (0.0, 0.26))
    return walls, sofa, table, shelf, books, lamp, vase, ball, stool, picture


@lru_cache(maxsize=4)
def room_mesh(resolution: int = 32) -> TriangleMesh:
    """The surface of the room as a closed mesh: flat faces exactly, round ones by ``resolution`` points across.

    ``room_mesh().level`` is the signed distance to it, negative in walls and furniture, and its ``sample`` gives
    points on it with their normals.

    >>> from sirenpde.references.room import room_mesh
    >>> room = room_mesh(24)
    >>> room.watertight, 0.3 < room.measure < 0.9
    (True, True)
    """
    whole, *others = pieces()
    for piece in others:
        whole = whole | piece
    mesh = TriangleMesh.of(whole, resolution)
    return TriangleMesh(mesh.vertices, mesh.faces, "room")


def sampled(count: int, seed: int = 0) -> tuple[Tensor, dict[str, Tensor]]:
    """Points (count, 3) on the surface, uniform by area, and their data "normal", as a scan has them."""
    import torch

    points, normals = room_mesh().sample(count, torch.Generator().manual_seed(seed))
    return points, {"normal": normals}


def scanned(
    count: int, file: str | PathLike[str] | None = None, cube: Box | None = None
) -> tuple[PointCloud, Cloud, TriangleMesh | None]:
    """The oriented cloud of a room, points around it with data "distance", and its surface.

    The cloud is that of a file, with the distances to its own points and no surface, or ``count`` points of the
    furnished room, whose surface and distances are exact. In a ``cube`` the file's is scaled to fill it, else it
    keeps its units. Raises OSError or ValueError for a file that cannot be read or has no normals.
    """
    if file is not None:
        cloud = PointCloud.open(file, cube, rescale=cube is not None)
        return cloud, cloud.distances(8000, 8000, seed=1), None
    box, room = cube or Box(x=(-1, 1), y=(-1, 1), z=(-0.7, 0.7)), room_mesh()
    places, data = sampled(count)
    cloud = PointCloud(places, box, data, "room")
    space = cloud.distances(8000, 8000, seed=1).points
    exact = {"distance": room.level(space)}
    return cloud, PointCloud(space, box, exact, "space around the room"), room


def level(points: Tensor) -> Tensor:
    """Of points (n, 3): negative in the solids, 0 exactly on the surface, positive in the air, by formulas alone."""
    import torch

    return torch.stack([piece.level(points) for piece in pieces()]).amin(0)


def _box(x: tuple[float, float], y: tuple[float, float], z: tuple[float, float]) -> Shape:
    return Box(x=x, y=y, z=z)
