"""The signed distance to a sphere or a torus, from the eikonal equation alone.

    |∇u|² = 1   in a shell around the surface,      u = 0,  ∂u/∂n = 1   on the surface.

In the shell the distance is smooth: it ends before the points that have two nearest ones on the surface. So u can be
compared with the exact distance there, to the last digit that a method gives.
"""

from typing import Literal

import torch
from torch import Tensor

from sirenpde import Box, Field, Point, PointCloud, Problem, Reference, dot, grad, on


def problem(
    shape: Literal["sphere", "torus"] = "sphere",
    radius: float = 0.6,
    tube: float = 0.25,
    shell: float = 0.1,
) -> Problem:
    """The distance near a surface, compared with the exact one.

    Args:
        shape: the surface.
        radius: of the sphere, or of the torus from its centre to the middle of its tube.
        tube: radius of the torus's tube.
        shell: how far it reaches on both sides of the surface; less than the tube's radius, or the sphere's.
    """

    def to_sphere(q: Tensor) -> Tensor:
        r: Tensor = torch.linalg.vector_norm(q, dim=-1)
        return r - radius

    def to_torus(q: Tensor) -> Tensor:
        return torch.hypot(torch.hypot(q[..., 0], q[..., 1]) - radius, q[..., 2]) - tube

    distance = {"sphere": to_sphere, "torus": to_torus}[shape]
    wide, high = {"sphere": (radius, radius), "torus": (radius + tube, tube)}[shape]
    a, c = wide + shell, high + shell
    box = Box(x=(-a, a), y=(-a, a), z=(-c, c))
    u = Field("u", box)

    near = box.where(lambda q: distance(q).abs() < shell, "shell")
    drawn = near.draw(2000, torch.Generator().manual_seed(0))[0]
    normals = torch.func.vmap(torch.func.grad(distance))(drawn)
    surface = PointCloud(drawn - distance(drawn)[:, None] * normals, box, {"normal": normals}, "surface")

    @on(near, samples=4000)
    def eikonal(p: Point) -> Tensor:
        """|∇u|² = 1"""
        return dot(grad(u)(p), grad(u)(p)) - 1

    @on(surface, weight=100)
    def zero(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    @on(surface)
    def outward(p: Point) -> Tensor:
        """∂u/∂n = 1"""
        return dot(grad(u)(p), surface["normal"](p)) - 1

    def exact(p: Point) -> Tensor:
        return distance(p.coords)

    return Problem(eikonal, zero, outward, reference={u: Reference(exact, near)})
