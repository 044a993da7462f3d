"""The signed distance to a closed surface, from points on it with their normals.

    u = 0,  ∇u = n   on the surface,      |∇u| = 1   around it.

The equations alone also hold for fields with ghost sheets, surfaces where there are no points. So u is held near the
distance to the cloud as well, with the sign of the nearest point's normal, which is cheap to find and a little rough.
The zero level set is the surface, given back in the mesh's own units.
"""

from pathlib import Path

from torch import Tensor

from sirenpde import (
    Adam,
    Box,
    Field,
    Point,
    PointCloud,
    Problem,
    Reference,
    Siren,
    TriangleMesh,
    bundled,
    grad,
    l1,
    norm,
    on,
)


def problem(mesh: Path | None = None) -> Problem:
    """A surface from 200,000 points sampled on a mesh.

    Args:
        mesh: a closed triangle mesh (.obj, .ply, .stl, ...); a cow if left out.
    """
    file = mesh or bundled("spot.obj")
    cloud = PointCloud.sample_mesh(file, 200_000, rescale=True)
    space = cloud.distances(50_000, 50_000)
    u = Field("u", Box(x=(-1, 1), y=(-1, 1), z=(-1, 1)), Siren(width=128))

    @on(cloud, samples=1024, weight=100, loss=l1)
    def surface(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    @on(cloud, samples=1024)
    def normals(p: Point) -> Tensor:
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
        normals,
        eikonal,
        distance,
        reference={u: Reference(known["distance"], known, surface=TriangleMesh.open(file))},
        using=[Adam(steps=1200, lr=5e-4, average=0.99)],
    )
