"""The inside of a closed surface, learned by a perceptron on a mapping of the coordinates.

    The cross entropy of "outside" under the logit u is small   in the surface's bounding box.

Uniform points of the box, new ones at every step, with labels by an exact test; IoU on points of the box and on
points beside the surface. The mapping is of the cube about the surface.

Source: Tancik et al., Fourier Features Let Networks Learn High Frequency Functions in Low Dimensional Domains, 2020,
section 6.2 and supplement.
"""

from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from sirenpde import (
    MLP,
    Adam,
    Basic,
    Box,
    Constraint,
    Field,
    FourierFeatures,
    Gaussian,
    Point,
    Positional,
    Problem,
    Reference,
    TriangleMesh,
    Weighted,
    bundled,
    cross_entropy,
    nats,
    on,
)


def problem(
    mesh: Path | None = None,
    mapping: Literal["none", "basic", "positional", "gaussian"] = "gaussian",
    sigma: float = 12.0,
    octaves: float = 6.0,
    width: int = 256,
    depth: int = 8,
    beside: float = 0.0,
    tested: int = 2**16,
) -> Problem:
    """A solid from the labels of points in its bounding box.

    Args:
        mesh: a closed triangle mesh (.obj, .ply, .stl, ...); a cow if left out.
        mapping: of the coordinates in the cube around the mesh.
        sigma: standard deviation of the Gaussian mapping's frequencies, in cycles per side.
        octaves: of the positional mapping, up to 2 to this power in cycles per side.
        width: of the hidden layers.
        depth: how many hidden layers.
        beside: share of the points of a step that are drawn beside the surface; 0 in the paper.
        tested: points of each kind on which the sets are compared; 2^18 in the paper.
    """
    solid = TriangleMesh.open(mesh or bundled("spot.obj"))
    tight, cube = Box.around(solid, fill=1.0), Box.cube(solid)
    layers = MLP(width, depth, "relu", "stax")
    recipes: dict[str, MLP | FourierFeatures] = {
        "none": layers,
        "basic": FourierFeatures(Weighted(Basic(), power=0), layers),
        "positional": FourierFeatures(Weighted(Positional(256, 2**octaves, "from zero"), power=0), layers),
        "gaussian": FourierFeatures(Weighted(Gaussian(256, sigma), power=0), layers),
    }
    u = Field("u", cube, recipes[mapping])
    side = cube.bounds[0][1] - cube.bounds[0][0]
    space = solid.labels(tight)
    skin = solid.labels(solid.boundary(), spread=0.01 * side)
    shares = {"in the box": (space, 1 - beside), "beside the surface": (skin, beside)}

    def labelled(where: str) -> Constraint:
        part, share = shares[where]

        @on(part, samples=max(1, round(share * 32_768)), weight=share, loss=nats, name=f"surprise {where}")
        def surprise(p: Point) -> Tensor:
            """cross entropy of the label = 0"""
            return cross_entropy(u(p), part["outside"](p))

        return surprise

    def shape(p: Point) -> Tensor:
        """Negative inside, within the bounding box: no label is known beyond."""
        return torch.maximum(u(p), tight.level(p.place[None])[0])

    def label(p: Point) -> Tensor:
        return 2 * space["outside"](p) - 1

    where = {"uniform": space, "boundary": skin}
    known = Reference(label, where, samples=tested, fit="sign", surface=solid)
    return Problem(
        *(labelled(name) for name, (_, share) in shares.items() if share > 0),
        outputs=(shape,),
        reference={shape: known},
        using=[Adam(steps=10_000, lr=5e-4, schedule="exponential", final=0.01)],
    )
