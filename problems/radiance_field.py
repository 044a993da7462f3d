"""A scene from pictures of it, by a perceptron on a ladder of waves along the axes.

    Σ_k T_k (1 - exp(-σ_k h_k)) c_k = seen,    T_k = exp(-Σ_(j<k) σ_j h_j),

along the ray of every pixel, inside a box about the scene, whose nodes are at random in equal parts of it: volume
rendering of a density σ and a colour c that does not depend on where it is looked at from, before a black background.
Densities and colours stand in products, so that a network is trained. Pictures that were held back are what it is
measured on. The network of the paper is ``papers/radiance_field``.
"""

from pathlib import Path

import torch
from torch import Tensor

from sirenpde import (
    MLP,
    Adam,
    Box,
    Field,
    FourierFeatures,
    Point,
    Positional,
    Problem,
    Reference,
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
    half: float = 1.0,
    octaves: float = 4.0,
    width: int = 128,
    nodes: int = 32,
    rays: int = 128,
    rate: float = 4e-3,
) -> Problem:
    """Find a radiance field from pictures with known cameras.

    Args:
        scene: a folder with transforms_train.json and transforms_test.json; spheres, a box and a chequered floor,
            seen from cameras about them, if left out.
        size: pixels along the longer side of pictures, to which they are scaled down.
        pictures: of the scene that is made.
        held_out: more of them, that it is measured on.
        half: side of the box about the origin that the scene is in; 1.5 holds NeRF's synthetic scenes.
        octaves: of the waves, up to 2 to this power in cycles per side of the box, about a quarter of the pixels that
            the box has across.
        width: of the three hidden layers, and how many waves there are.
        nodes: along each ray.
        rays: at each step.
        rate: of Adam at the start, falling along a cosine.
    """
    known = views(pictures, size) if scene is None else Views.read(scene, "train", size)
    hidden = views(held_out, size, start=0.05) if scene is None else Views.read(scene, "test", size)
    box = Box(x=(-half, half), y=(-half, half), z=(-half, half))
    seen = known.rays(box, nodes=nodes, rule="random")
    novel = hidden.rays(box, nodes=2 * nodes, every=7, name="novel views")
    waves = Positional(width - width % 3, 2**octaves, "from zero")
    u = Field("u", box, FourierFeatures(waves, MLP(width, 3, "relu", "stax")), shape=(4,))

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

    return Problem(
        colours,
        outputs=(u, view, turntable(view, box, frames=36, size=size, nodes=nodes)),
        reference={view: Reference(novel["colour"], novel, peak=1)},
        using=[Adam(steps=2500, lr=rate)],
    )
