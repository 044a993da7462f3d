"""The signed distance to a closed surface, by a SIREN that is trained on points of it with their normals.

    u = 0,  ∇u = n   on the surface,      |∇u| = 1   around it.

The equations alone also hold for fields with ghost sheets, surfaces where there are no points. So u is held near the
distance to the cloud as well, which is cheap to find and a little rough. The zero level set is the surface, given
back in the units of the file.
"""

from pathlib import Path
from typing import Literal

from torch import Tensor

from sirenpde import Adam, Box, Field, Point, Problem, Reference, Scan, Siren, bundled, grad, l1, norm, on


def problem(
    points: Path | None = None,
    mesh: Path | None = None,
    normals: Literal["given", "estimated"] | None = None,
) -> Problem:
    """A surface from points on it.

    Args:
        points: a scan of a closed surface (.ply, .xyz, .las, .npz, ...), with normals or without.
        mesh: a closed triangle mesh (.obj, .ply, .stl, ...) to sample; a cow if there are no points either.
        normals: those given with the points, or new ones; left out, the given ones where there are any.
    """
    scan = Scan.open(points, mesh, bundled("spot.obj"), normals=normals, rescale=True)
    cloud, space = scan.cloud, scan.cloud.distances(50_000, 50_000)
    u = Field("u", Box(x=(-1, 1), y=(-1, 1), z=(-1, 1)), Siren(width=128))

    @on(cloud, samples=1024, weight=100, loss=l1)
    def surface(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    @on(cloud, samples=1024)
    def normal(p: Point) -> Tensor:
        """∇u = n"""
        return grad(u)(p) - cloud["normal"](p)

    @on(space, samples=1024)
    def eikonal(p: Point) -> Tensor:
        """|∇u| = 1"""
        return norm(grad(u)(p)) - 1

    @on(space, samples=1024, weight=30, loss=l1)
    def distance(p: Point) -> Tensor:
        """u = distance to the points"""
        return u(p) - space["distance"](p)

    known = cloud.distances(5000, 5000, seed=1)
    return Problem(
        surface,
        normal,
        eikonal,
        distance,
        reference={u: Reference(known["distance"], known, surface=scan.mesh)},
        using=[Adam(steps=1200, lr=5e-4, average=0.99)],
    )
