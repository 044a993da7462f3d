"""A whole room from an oriented cloud of points on its surfaces, with the loss of the paper.

    u = 0,  cos(∇u, n) = 1   on the surfaces,      |∇u| = 1   everywhere,      exp(-100 |u|) = 0   off the surfaces.

The means of the authors' code are over points on and off the surfaces together, so that the weights given here count
by half. Their file also notes 1e4, 1e2, 1e2, 1e1, and the paper itself 3e3 for the last term.

Source: Sitzmann et al., Implicit Neural Representations with Periodic Activation Functions, 2020, section 4.2.
"""

from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from sirenpde import (
    MLP,
    Adam,
    Box,
    Field,
    FourierFeatures,
    Octaves,
    Point,
    Problem,
    Reference,
    Siren,
    cosine,
    grad,
    l1,
    norm,
    on,
)
from sirenpde.references.room import scanned


def problem(
    cloud: Path | None = None,
    points: int = 300_000,
    activation: Literal["sine", "relu", "relu-pe", "tanh"] = "sine",
    width: int = 256,
    on_surface: float = 3e3,
    off_surface: float = 1e2,
    normal: float = 1e2,
    slope: float = 5e1,
) -> Problem:
    """The signed distance of a room, by a SIREN or the networks that it was compared with.

    Args:
        cloud: a scan, points with their normals (.ply, .xyz, .csv, .npz); the furnished room's if left out.
        points: of the furnished room's cloud.
        activation: of the network; relu-pe has ten octaves of waves before it.
        width: of its four hidden layers; 1024 in the paper, 256 in the authors' code.
        on_surface: weight of u = 0.
        off_surface: weight of exp(-100 |u|) = 0.
        normal: weight of the normals.
        slope: weight of the eikonal equation.
    """
    box = Box(x=(-1, 1), y=(-1, 1), z=(-1, 1))
    scan, space, room = scanned(points, cloud, box)
    recipes: dict[str, Siren | MLP | FourierFeatures] = {
        "sine": Siren(width),
        "relu": MLP(width, 4, "relu", "kaiming"),
        "relu-pe": FourierFeatures(Octaves(10), MLP(width, 4, "relu", "kaiming")),
        "tanh": MLP(width, 4, "tanh", "xavier"),
    }
    u = Field("u", box, recipes[activation])

    @on(scan, samples=1400, weight=on_surface / 2, loss=l1)
    def surface(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    @on(scan, samples=1400, weight=normal / 2, loss=l1)
    def direction(p: Point) -> Tensor:
        """cos(∇u, n) = 1"""
        return 1 - cosine(grad(u)(p), scan["normal"](p))

    @on(scan, samples=1400, weight=slope / 2, loss=l1)
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

    return Problem(
        surface,
        direction,
        eikonal_on_surface,
        eikonal,
        elsewhere,
        reference={u: Reference(space["distance"], space, surface=room)},
        using=[Adam(steps=50_000, lr=1e-4, schedule="constant", clip=1.0)],
    )
