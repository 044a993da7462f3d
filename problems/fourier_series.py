"""Samples on a grid as a Fourier series, known at every second of them and measured in between.

    u = f

at every second sample of a picture, a line or a volume. The series, one perceptron on integer frequencies (Benbarka
et al. 2021, section 3), has as many waves as those samples tell apart, and meets them to the last digit. Between
them it is the trigonometric polynomial; cosines of half the period have no jump to bridge where the box ends. Twice
as many waves, with the least slope among those that meet the samples, come nearest between them.
"""

from typing import Literal

from torch import Tensor

from sirenpde import Field, FourierSeries, Point, Problem, Reference, SampleGrid, grad, on


def problem(
    samples: str = "camera",
    size: int = 256,
    colours: Literal["grey", "rgb"] = "grey",
    order: int | None = None,
    series: Literal["whole", "half", "smooth"] = "half",
) -> Problem:
    """Meet every second sample, and measure in between.

    Args:
        samples: a picture, one of scikit-image's, or an .npy file of one or three axes.
        size: pixels along the longer side of a picture, to which it is scaled down.
        colours: of a picture, "grey" or "rgb".
        order: of the series along each axis; that of every second sample, or of all if smooth, if left out.
        series: whole periods of the box, cosines of half periods, or these with the least slope.
    """
    grid = SampleGrid.read(samples, longest=size, grey=colours == "grey").even()
    known, between = grid.every_second(0), grid.every_second(1)
    highest = grid.order(order)
    waves = tuple(n // 2 for n in known.shape) if order is None else highest
    cosines = known.shape if order is None else 2 * highest
    fine = grid.shape if order is None else 2 * highest
    networks = {
        "whole": FourierSeries(waves),
        "half": FourierSeries(cosines, half_period=True),
        "smooth": FourierSeries(fine, half_period=True),
    }
    u = Field("u", grid, networks[series], shape=grid.values.shape[len(grid.shape) :])

    @on(known)
    def match(p: Point) -> Tensor:
        """u = f at every second sample"""
        return u(p) - known["f"](p)

    @on(grid, weight=1e-5, prior=True)
    def slope(p: Point) -> Tensor:
        """∇u as small as that leaves it"""
        return grad(u)(p)

    constraints = {"whole": [match], "half": [match], "smooth": [match, slope]}[series]
    error = Reference(known["f"], on={"known": known, "between": between}, peak=1)
    return Problem(*constraints, reference={u: error})
