"""A conductivity from temperatures: an unknown field beside another.

    div(a grad u) = -f  on (0, 1)²,     u measured on a grid of 50 x 50 points,     a known on the boundary,

with u = sin πx sin πy and a = 1 / (1 + x² + y² + (x - 1)² + (y - 1)²). The measurements carry noise of a given
standard deviation, or none. The gradient of u vanishes in the middle, where a is known least.

Source: Hao et al., PINNacle, 2023 (PInv), with the source term f of this equation; that in the program of the
benchmark has another sign in two places, with which no smooth a fits.
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, Field, Point, Problem, Table, div, grad, on
from sirenpde.references.noise import with_noise

square = Box(x=(0, 1), y=(0, 1))
x, y = square.axes


def temperature(p: Point) -> Tensor:
    return torch.sin(math.pi * x(p)) * torch.sin(math.pi * y(p))


def conductivity(p: Point) -> Tensor:
    return 1 / (1 + x(p) ** 2 + y(p) ** 2 + (x(p) - 1) ** 2 + (y(p) - 1) ** 2)


def source(p: Point) -> Tensor:
    """-div(a grad u) of the two."""
    a, slope = conductivity(p), 2 * math.pi * conductivity(p) ** 2
    along_x = (2 * x(p) - 1) * torch.cos(math.pi * x(p)) * torch.sin(math.pi * y(p))
    along_y = (2 * y(p) - 1) * torch.sin(math.pi * x(p)) * torch.cos(math.pi * y(p))
    return 2 * math.pi**2 * a * temperature(p) + slope * (along_x + along_y)


def measured(noise: float, seed: int) -> Table:
    """u on a grid, ends included, with noise of this standard deviation."""
    s = torch.linspace(0, 1, 50, dtype=torch.float64)
    places = torch.cartesian_prod(s, s)
    exact = torch.sin(math.pi * places[:, 0]) * torch.sin(math.pi * places[:, 1])
    seen = with_noise(exact, noise, torch.Generator().manual_seed(seed))
    return Table.of({"x": places[:, 0], "y": places[:, 1], "u": seen}, square)


def problem(noise: float = 0.0, draw: int = 0) -> Problem:
    """A conductivity and a temperature from measurements of the latter.

    Args:
        noise: the standard deviation of the measurements; 0.1 in the benchmark.
        draw: the seed of the noise.
    """
    u, a = Field("u", square), Field("a", square)
    probes = measured(noise, draw)

    @on(square, samples=3000)
    def heat(p: Point) -> Tensor:
        """div(a grad u) = -f"""
        return div(lambda q: a(q) * grad(u)(q), x, y)(p) + source(p)

    @on(square.boundary(), samples=400)
    def rim(p: Point) -> Tensor:
        """a is known"""
        return a(p) - conductivity(p)

    @on(probes, sigma=noise or None)
    def seen(p: Point) -> Tensor:
        """u is measured"""
        return u(p) - probes["u"](p)

    return Problem(heat, rim, seen, reference={u: temperature, a: conductivity})
