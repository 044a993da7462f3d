"""The signed distance to a closed surface, from points on it with their normals.

    u = 0,  ∇u = n   on the surface,      |∇u| = 1   around it.

The equations alone also hold for fields with ghost sheets, surfaces where there are no points. So u is held near the
distance to the cloud as well, with the sign of the nearest point's normal, which is cheap to find and a little rough.
The zero level set is the surface, given back in the mesh's own units.

Source: Sitzmann et al., Implicit Neural Representations with Periodic Activation Functions, 2020, section 4.2. A
SIREN is trained with the loss of the authors' code, whose means are over points on and off the surface together.
"""

from pathlib import Path
from typing import Literal

import torch
from sirenpde import Adam, Box, Field, Point, PointCloud, Problem, Reference, Siren, bundled, cosine, grad, l1
from sirenpde import TriangleMesh, norm, on
from torch import Tensor


def problem(mesh: Path | None = None, network: Literal["auto", "siren"] = "auto") -> Problem:
    """A surface from 200,000 points sampled on a mesh.

    Args:
        mesh: a closed triangle mesh (.obj, .ply, .stl, ...); a cow if left out.
        network: "auto", a SIREN of width 128 with distances to the cloud; "siren", as the paper has it.
    """
    file = mesh or bundled("spot.obj")
    cloud = PointCloud.sample_mesh(file, 200_000, rescale=True)
    box = Box(x=(-1, 1), y=(-1, 1), z=(-1, 1))
    space, known = cloud.distances(50_000, 50_000), cloud.distances(5000, 5000, seed=1)
    u = Field("u", box, Siren(width=256 if network == "siren" else 128))
    reference = {u: Reference(known["distance"], known, surface=TriangleMesh.open(file))}

    def surface(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    def eikonal(p: Point) -> Tensor:
        """|∇u| = 1"""
        return norm(grad(u)(p)) - 1

    def normals(p: Point) -> Tensor:
        """∇u = n"""
        return grad(u)(p) - cloud["normal"](p)

    def distance(p: Point) -> Tensor:
        """u = distance to the points"""
        return u(p) - space["distance"](p)

    def direction(p: Point) -> Tensor:
        """cos(∇u, n) = 1"""
        return 1 - cosine(grad(u)(p), cloud["normal"](p))

    def elsewhere(p: Point) -> Tensor:
        """exp(-100 |u|) = 0"""
        return torch.exp(-100 * u(p).abs())

    if network == "siren":
        there = on(cloud, 1400, 1500, l1)(surface), on(cloud, 1400, 50, l1)(direction)
        around = on(box, 1400, 25, l1)(eikonal), on(box, 1400, 50, l1)(elsewhere)
        slope = on(cloud, 1400, 25, l1, "eikonal_on_surface")(eikonal)
        adam = Adam(steps=1500, lr=1e-4, schedule="constant", clip=1.0)
        return Problem(*there, slope, *around, reference=reference, using=[adam])
    return Problem(
        on(cloud, 1024, 100, l1)(surface),
        on(cloud, 1024)(normals),
        on(space, 1024)(eikonal),
        on(space, 1024, 30, l1)(distance),
        reference=reference,
        using=[Adam(steps=1200, lr=5e-4, average=0.99)],
    )
