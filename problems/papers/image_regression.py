"""A picture as a function, by perceptrons of one activation or another.

    u = 2 f - 1

on all pixels of a picture f at every step, so that (u + 1)/2 is the picture: image regression. A SIREN and the
networks that it was compared with, each by its own initialisation; beside the picture stand the gradient and the
Laplacian of what was found, where the activation has them.

Source: Sitzmann et al., Implicit Neural Representations with Periodic Activation Functions, 2020, section 4.1 and
supplement.
"""

from typing import Literal

from torch import Tensor

from sirenpde import (
    MLP,
    RBF,
    Adam,
    Field,
    FourierFeatures,
    Octaves,
    PixelGrid,
    Point,
    Problem,
    Reference,
    Siren,
    grad,
    laplacian,
    on,
)


def problem(
    image: str = "camera",
    size: int = 512,
    colours: Literal["grey", "rgb"] = "grey",
    activation: Literal["sine", "relu", "relu-octaves", "rbf", "tanh", "softplus", "selu", "elu"] = "sine",
    rate: float = 1e-4,
) -> Problem:
    """Fit a picture.

    Args:
        image: a file, or one of scikit-image's.
        size: pixels along its longer side, to which it is scaled down.
        colours: "grey", or "rgb" for those of a picture in colour.
        activation: of four layers of 256, "relu-octaves" on octaves of the coordinates up to the pixels' own, "rbf"
            on 1024 radial functions.
        rate: the learning rate.
    """
    grid = PixelGrid.read(f=image, longest=size, grey=colours == "grey")
    octaves = Octaves(max(1, (max(grid.shape) // 4).bit_length() - 1))
    relu = MLP(256, 4, "relu", "kaiming")
    network: dict[str, Siren | MLP | RBF | FourierFeatures] = {
        "sine": Siren(),
        "relu": relu,
        "relu-octaves": FourierFeatures(octaves, relu),
        "rbf": RBF(1024, 10.0, relu),
        "tanh": MLP(256, 4, "tanh", "xavier"),
        "softplus": MLP(256, 4, "softplus", "kaiming"),
        "selu": MLP(256, 4, "selu", "lecun"),
        "elu": MLP(256, 4, "elu", "elu"),
    }
    u = Field("u", grid, network[activation], shape=grid.images["f"].shape[2:])

    @on(grid)
    def match(p: Point) -> Tensor:
        """u = 2 f - 1"""
        return u(p) - (2 * grid["f"](p) - 1)

    def picture(p: Point) -> Tensor:
        return (u(p) + 1) / 2

    def gradient(p: Point) -> Tensor:
        return grad(u)(p) / 2

    def curvature(p: Point) -> Tensor:
        return laplacian(u)(p) / 2

    known = {
        picture: Reference(grid["f"], grid, peak=1),
        gradient: Reference(grid.gradient("f", "spectral"), grid),
        curvature: Reference(grid.laplacian("f", "spectral"), grid),
    }
    smooth = {"sine", "tanh", "softplus"}
    outputs = [output for output in known if output is not curvature or activation in smooth]
    return Problem(
        match,
        reference={output: known[output] for output in outputs},
        outputs=outputs,
        using=[Adam(steps=10_000, lr=rate, schedule="constant")],
    )
