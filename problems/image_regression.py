"""A picture as a function, with its derivatives.

    u = f

on the pixels of a picture f: image regression (Sitzmann et al. 2020, section 4.1). The network is a half-period
cosine lattice, one perceptron on integer frequencies (Benbarka et al. 2021), which meets the pixels exactly at
their Nyquist frequency: a cosine transform finds it. Beside u stand its gradient and its Laplacian, and those of
the picture, which are the derivatives of that series. ``--network siren`` trains a SIREN in its place.
"""

from typing import Literal

from torch import Tensor

from sirenpde import Field, FourierSeries, PixelGrid, Point, Problem, Reference, grad, laplacian, on


def problem(image: str = "camera", size: int = 512, colours: Literal["grey", "rgb"] = "grey") -> Problem:
    """Represent a picture, all of it.

    Args:
        image: a file, or one of scikit-image's.
        size: pixels along its longer side, to which it is scaled down.
        colours: "grey", or "rgb" for those of a picture in colour.
    """
    grid = PixelGrid.read(f=image, longest=size, grey=colours == "grey")
    u = Field("u", grid, FourierSeries(half_period=True), shape=grid.images["f"].shape[2:])

    @on(grid)
    def match(p: Point) -> Tensor:
        """u = f"""
        return u(p) - grid["f"](p)

    def gradient(p: Point) -> Tensor:
        return grad(u)(p)

    def curvature(p: Point) -> Tensor:
        return laplacian(u)(p)

    return Problem(
        match,
        reference={
            u: Reference(grid["f"], grid, peak=1),
            gradient: Reference(grid.gradient("f", "spectral"), grid),
            curvature: Reference(grid.laplacian("f", "spectral"), grid),
        },
        outputs=(u, gradient, curvature),
    )
