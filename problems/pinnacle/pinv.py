"""A conductivity from noisy temperatures (PInv).

    div(a grad u) = -f  on (0, 1)²,     u measured on a grid of 50 x 50 points,     a known on the boundary,

with u = sin πx sin πy and a = 1 / (1 + x² + y² + (x - 1)² + (y - 1)²). Measured is the error of u and a together, as
the suite does. The source in the suite's program has 2x + 1 and 2y + 1 in place of 2x - 1 and 2y - 1: with that one
no a fits, and u and a are no solution.

Source: Hao et al., PINNacle, 2024.
"""

import math
from typing import Literal

import torch
from torch import Tensor

from sirenpde import Box, Field, LeastSquares, Point, Problem, SineFeatures, Table, div, grad, on
from sirenpde.references.noise import with_noise

square = Box(x=(0, 1), y=(0, 1))
x, y = square.axes
SHIFTS = {"solution": -1, "code": 1}  # of 2x and 2y


def temperature(p: Point) -> Tensor:
    return torch.sin(math.pi * x(p)) * torch.sin(math.pi * y(p))


def conductivity(p: Point) -> Tensor:
    return 1 / (1 + x(p) ** 2 + y(p) ** 2 + (x(p) - 1) ** 2 + (y(p) - 1) ** 2)


def measured(noise: float, seed: int) -> Table:
    """u on a grid, ends included, with noise of this standard deviation."""
    s = torch.linspace(0, 1, 50, dtype=torch.float64)
    places = torch.cartesian_prod(s, s)
    exact = torch.sin(math.pi * places[:, 0]) * torch.sin(math.pi * places[:, 1])
    seen = with_noise(exact, noise, torch.Generator().manual_seed(seed))
    return Table.of({"x": places[:, 0], "y": places[:, 1], "u": seen}, square)


def problem(
    noise: float = 0.1,
    draw: int = 0,
    source: Literal["solution", "code"] = "solution",
    features: int = 60,
) -> Problem:
    """A conductivity and a temperature from measurements of the latter.

    Args:
        noise: the standard deviation of the measurements.
        draw: the seed of the noise.
        source: "solution", that of the two exact fields; "code", as the suite's program has it.
        features: sines of each field. Few of them follow the noise less.
    """
    waves = SineFeatures(features, bandwidth=4)
    u, a = Field("u", square, waves), Field("a", square, waves)
    probes = measured(noise, draw)
    shift = SHIFTS[source]

    def f(p: Point) -> Tensor:
        k, slope = conductivity(p), 2 * math.pi * conductivity(p) ** 2
        along_x = (2 * x(p) + shift) * torch.cos(math.pi * x(p)) * torch.sin(math.pi * y(p))
        along_y = (2 * y(p) + shift) * torch.sin(math.pi * x(p)) * torch.cos(math.pi * y(p))
        return 2 * math.pi**2 * k * temperature(p) + slope * (along_x + along_y)

    def both(p: Point) -> Tensor:
        return torch.stack([u(p), a(p)])

    def truth(p: Point) -> Tensor:
        return torch.stack([temperature(p), conductivity(p)])

    @on(square, samples=3000)
    def heat(p: Point) -> Tensor:
        """div(a grad u) = -f"""
        return div(lambda q: a(q) * grad(u)(q), x, y)(p) + f(p)

    @on(square.boundary(), samples=400)
    def rim(p: Point) -> Tensor:
        """a is known"""
        return a(p) - conductivity(p)

    @on(probes, sigma=noise or None)
    def seen(p: Point) -> Tensor:
        """u is measured"""
        return u(p) - probes["u"](p)

    return Problem(
        heat,
        rim,
        seen,
        outputs=(both,),
        components={both: ("u", "a")},
        reference={both: truth},
        using=[LeastSquares()],
    )
