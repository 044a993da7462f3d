"""The signed distance to a closed surface from points on it with their normals, with the loss of the paper's code.

    u = 0,  cos(∇u, n) = 1   on the surface,      |∇u| = 1   everywhere,      exp(-100 |u|) = 0   off the surface.

The means of the authors' code are over points on and off the surface together, so that each weight here is half of
theirs. The zero level set is the surface, given back in the mesh's own units.

Source: Sitzmann et al., Implicit Neural Representations with Periodic Activation Functions, 2020, section 4.2.
"""

from pathlib import Path

import torch
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
    cosine,
    grad,
    l1,
    norm,
    on,
)


def problem(
    mesh: Path | None = None,
    units: int = 256,
    on_surface: float = 3e3,
    off_surface: float = 1e2,
    normal: float = 1e2,
    slope: float = 5e1,
) -> Problem:
    """A surface from 200,000 points sampled on a mesh.

    Args:
        mesh: a closed triangle mesh (.obj, .ply, .stl, ...); a cow if left out.
        units: of each of the network's layers.
        on_surface: weight of u = 0.
        off_surface: weight of exp(-100 |u|) = 0; 3e3 in the paper itself.
        normal: weight of the normals.
        slope: weight of the eikonal equation.
    """
    file = mesh or bundled("spot.obj")
    cloud = PointCloud.sample_mesh(file, 200_000, rescale=True)
    box = Box(x=(-1, 1), y=(-1, 1), z=(-1, 1))
    u = Field("u", box, Siren(units))

    @on(cloud, samples=1400, weight=on_surface / 2, loss=l1)
    def surface(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    @on(cloud, samples=1400, weight=normal / 2, loss=l1)
    def direction(p: Point) -> Tensor:
        """cos(∇u, n) = 1"""
        return 1 - cosine(grad(u)(p), cloud["normal"](p))

    @on(cloud, samples=1400, weight=slope / 2, loss=l1)
    def eikonal_on_surface(p: Point) -> Tensor:
        """|∇u| = 1"""
        return norm(grad(u)(p)) - 1

    @on(box, samples=1400, weight=slope / 2, loss=l1)
    def eikonal(p: Point) -> Tensor:
        """|∇u| = 1"""
        return norm(grad(u)(p)) - 1

    @on(box, samples=1400, weight=off_surface / 2, loss=l1)
    def elsewhere(p: Point) -> Tensor:
        """exp(-100 |u|) = 0"""
        return torch.exp(-100 * u(p).abs())

    known = cloud.distances(5000, 5000, seed=1)
    return Problem(
        surface,
        direction,
        eikonal_on_surface,
        eikonal,
        elsewhere,
        reference={u: Reference(known["distance"], known, surface=TriangleMesh.open(file))},
        using=[Adam(steps=1500, lr=1e-4, schedule="constant", clip=1.0)],
    )
