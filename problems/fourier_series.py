"""Samples on a grid as a Fourier series, known at every second of them and measured in between.

    u = f

at every second sample of a picture, a line or a volume. The series, one perceptron on integer frequencies (Benbarka
et al. 2021, section 3), has as many waves as those samples tell apart, and meets them to the last digit. Between
them it is the trigonometric polynomial; cosines of half the period have no jump to bridge where the box ends, and
come nearer there.
"""

from typing import Literal

from torch import Tensor

from sirenpde import Field, FourierSeries, Point, Problem, Reference, SampleGrid, on


def problem(
    samples: str = "camera",
    size: int = 256,
    colours: Literal["grey", "rgb"] = "grey",
    order: int | None = None,
    period: Literal["whole", "half"] = "half",
) -> Problem:
    """Meet every second sample, and measure in between.

    Args:
        samples: a picture, one of scikit-image's, or an .npy file of one or three axes.
        size: pixels along the longer side of a picture, to which it is scaled down.
        colours: of a picture, "grey" or "rgb".
        order: of the series along each axis; that of every second sample if left out.
        period: of the slowest wave, "whole", the box, or "half" of its cosines.
    """
    grid = SampleGrid.read(samples, longest=size, grey=colours == "grey").even()
    known, between = grid.every_second(0), grid.every_second(1)
    highest = grid.order(order)
    waves = tuple(n // 2 for n in known.shape) if order is None else highest
    cosines = known.shape if order is None else 2 * highest
    series = {"whole": FourierSeries(waves), "half": FourierSeries(cosines, half_period=True)}[period]
    u = Field("u", grid, series, shape=grid.values.shape[len(grid.shape) :])

    @on(known)
    def match(p: Point) -> Tensor:
        """u = f at every second sample"""
        return u(p) - known["f"](p)

    return Problem(
        match, reference={u: Reference(known["f"], on={"known": known, "between": between}, peak=1)}
    )
