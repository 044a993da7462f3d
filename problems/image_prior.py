"""A prior over pictures: each is a SIREN whose parameters a hypernetwork makes of the few pixels that are seen.

    u(·; z) = f,     z = 0,     θ(z) = 0

on all pixels of the pictures f of a set, with small weights on the code z and on the parameters θ made of it.
An encoder finds the code of a random part of the pixels, from a set of them or by convolutions. Errors are those of
held-out pictures, of which as many of the pixels are seen as 10, 100 and 1000 are of 32². Without an encoder each
picture has a code of its own that is found with all else (an auto-decoder), and errors are those of the pictures
learnt; the codes of others are found by a second solve, with the networks as they are. Without a folder the pictures
are faces made by a formula.

Source: Sitzmann et al., Implicit Neural Representations with Periodic Activation Functions, 2020, section 4.4.
"""

from pathlib import Path
from typing import Literal

from torch import Tensor

from sirenpde import (
    Adam,
    Codes,
    ConvolutionalEncoder,
    Field,
    Hypernetwork,
    PictureSet,
    Point,
    Problem,
    Reference,
    SetEncoder,
    Siren,
    everywhere,
    given,
    made,
    on,
)
from sirenpde.references.faces import faces


def problem(
    encoder: Literal["set", "convolution", "none"] = "set",
    folder: Path | None = None,
    size: int = 16,
    pictures: int = 1024,
    held: int = 64,
    width: int = 64,
    depth: int = 3,
    wide: int = 128,
    channels: int = 32,
    blocks: int = 2,
    code: int = 128,
    batch: int = 32,
    rate: float = 1e-3,
    slow: float = 3.0,
    omega: float = 15.0,
    keep: float = 1.0,
) -> Problem:
    """Learn what pictures of a set are like, and complete others from a few pixels.

    Args:
        encoder: finds the code of a picture; "none" is an auto-decoder.
        folder: of pictures, the last of which are held out; faces made by a formula if left out.
        size: of the pictures, in pixels along each side; the paper has 32.
        pictures: of the faces to learn from; the paper has 162,770 of CelebA.
        held: how many are held out.
        width: of the SIREN; the paper has 256.
        depth: of the SIREN, its layers of sines; the paper has four.
        wide: of the hypernetwork and the set encoder; the paper has 256.
        channels: of the convolutional encoder; the paper has 256.
        blocks: of the convolutional encoder; the paper has four.
        code: how many numbers a code has; the paper has 256.
        batch: pictures at each step; the paper's code has 100.
        rate: of learning; the paper has 5e-5.
        slow: omega of the set encoder; the paper has 30, which needs far more pictures and steps.
        omega: of the SIREN; the paper has 30.
        keep: weight of the squares of its parameters; the paper has 100.
    """
    shown = faces(pictures + held, size) if folder is None else PictureSet.read(folder, (size, size)).images
    known = PictureSet(2 * shown - 1)
    count, pixels = len(known.images) - held, known.grid.size
    learnt = known.part(0, count, "pictures")
    parts = {"1": pixels / 100, "10": pixels / 10, "98": 0.98 * pixels}
    others = {
        f"{part} % seen": known.part(count, count + held, "held out").seeing(
            max(1, round(seen)), seed=1, first=count + i * held
        )
        for i, (part, seen) in enumerate(parts.items())
    }
    some = learnt.seeing((max(1, pixels // 100), pixels // 5))
    encoders = {
        "set": SetEncoder(wide, 4, slow),
        "convolution": ConvolutionalEncoder((size, size), channels, blocks),
        "none": Codes(count),
    }
    network = Hypernetwork(Siren(width, depth, omega), encoders[encoder], code, wide)
    u = Field("u", known.grid, network, shape=known.images.shape[3:])

    @on(some, samples=batch, weight=1 / known.images[0].numel())
    def match(p: Point) -> Tensor:
        """u = f"""
        return everywhere(u)(p) - some["picture"](p)

    @on(some, samples=8, weight=0.1, prior=True)
    def codes(p: Point) -> Tensor:
        """z = 0"""
        return made(u, "code")(p)

    @on(some, samples=8, weight=keep, prior=True)
    def weights(p: Point) -> Tensor:
        """θ = 0"""
        return made(u, "weights")(p)

    def colour(p: Point) -> Tensor:
        return (1 + u(p)) / 2

    def picture(p: Point) -> Tensor:
        return everywhere(colour)(p)

    def known_picture(p: Point) -> Tensor:
        return (1 + some["picture"](p)) / 2

    told = {"none": {"learnt": learnt}}.get(encoder, others)
    return Problem(
        match,
        codes,
        weights,
        reference={picture: Reference(known_picture, told, peak=1)},
        outputs=(
            picture,
            *(given(colour, seen, 0, f"of_{seen.context or 'all'}_pixels") for seen in told.values()),
        ),
        using=[Adam(steps=1500, lr=rate)],
    )
