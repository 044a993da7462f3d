"""A scene from pictures of it, by a perceptron on a mapping of the coordinates.

    Σ_k T_k (1 - exp(-σ_k h_k)) c_k = seen,    T_k = exp(-Σ_(j<k) σ_j h_j),

along the ray of every pixel, whose nodes are at random in equal parts of it: volume rendering of a density σ and a
colour c that does not depend on where it is looked at from, before a black background. Pictures that were held back
are what it is measured on.

Source: Tancik et al., Fourier Features Let Networks Learn High Frequency Functions in Low Dimensional Domains, 2020,
section 6.5 and supplement, a simplified form of Mildenhall et al. 2020.
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
    Field,
    FourierFeatures,
    Gaussian,
    Point,
    Positional,
    Problem,
    Reference,
    Rotated,
    Views,
    along,
    on,
    turntable,
)
from sirenpde.references.scene import views


def problem(
    scene: Path | None = None,
    size: int = 64,
    pictures: int = 40,
    held_out: int = 6,
    mapping: Literal["none", "basic", "positional", "rotated", "gaussian"] = "gaussian",
    sigma: float = 10.0,
    octaves: float = 6.0,
    width: int = 256,
    nodes: int = 64,
    rays: int = 1024,
    rate: float | None = None,
    near: float = 2.0,
    far: float = 4.6,
) -> Problem:
    """Find a radiance field from pictures with known cameras.

    Args:
        scene: a folder with transforms_train.json and transforms_test.json; spheres, a box and a chequered floor,
            seen from cameras about them, if left out.
        size: pixels along the longer side of pictures, to which they are scaled down.
        pictures: of the scene that is made.
        held_out: more of them, that it is measured on.
        mapping: of the coordinates.
        sigma: standard deviation of the Gaussian mapping's frequencies, in cycles per side of the box.
        octaves: of the positional mapping, up to 2 to this power in cycles per side.
        width: of the layers, and how many frequencies the mappings have.
        nodes: along each ray.
        rays: at each step.
        rate: of Adam; 5e-4, 1e-2 without a mapping and 5e-3 with the basic one, if left out.
        near: where rays begin.
        far: where they end.
    """
    known = views(pictures, size) if scene is None else Views.read(scene, "train", size)
    hidden = views(held_out, size, start=0.05) if scene is None else Views.read(scene, "test", size)
    # Without a mapping places are as large as in the paper's scene.
    half = {"none": 2 / 3}.get(mapping, 2.0)
    box = Box(x=(-half, half), y=(-half, half), z=(-half, half))
    seen = known.rays(box, near, far, nodes=nodes, rule="random")
    novel = hidden.rays(box, near, far, nodes=nodes, every=7, name="novel views")
    layers = MLP(width, 3, "relu", "stax")
    ladder = Positional(width - width % 3, 2**octaves, "from zero")
    recipes: dict[str, MLP | FourierFeatures] = {
        "none": layers,
        "basic": FourierFeatures(Basic(), layers),
        "positional": FourierFeatures(ladder, layers),
        "rotated": FourierFeatures(Rotated(ladder), layers),
        "gaussian": FourierFeatures(Gaussian(width, sigma), layers),
    }
    u = Field("u", box, recipes[mapping], shape=(4,))

    def view(p: Point) -> Tensor:
        """What a ray sees."""
        field, lengths = along(u)(p), seen.lengths(p)
        optical = torch.relu(field[:, 3]) * lengths
        passed = torch.exp(-(optical.cumsum(0) - optical))
        weights = passed * (1 - torch.exp(-optical))
        return weights @ torch.sigmoid(field[:, :3])

    @on(seen, samples=rays)
    def colours(p: Point) -> Tensor:
        """Σ T (1 - exp(-σ h)) c = seen"""
        return view(p) - seen["colour"](p)

    usual = {"none": 1e-2, "basic": 5e-3}.get(mapping, 5e-4)
    return Problem(
        colours,
        outputs=(u, view, turntable(view, box, near, far, frames=36, size=size, nodes=nodes)),
        reference={view: Reference(novel["colour"], novel, peak=1)},
        using=[Adam(steps=50_000, lr=usual if rate is None else rate, schedule="constant")],
    )
