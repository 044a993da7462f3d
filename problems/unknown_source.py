"""A source from what it causes: an unknown right-hand side.

    -Δu = f  in (0, 1)²,     u = f = 0 on the boundary,     u measured at points inside,

with f two spots. Fast waves of f hardly move u, so that noise in the measurements hides them: what the data
leave open, a prior makes up for, with f a Gaussian field whose size and smoothness the data choose. ``f_deviation``
says how well f is known at every place.

Source: Engl, Hanke and Neubauer, Regularization of inverse problems, 1996.
"""

import math

import torch
from torch import Tensor

from sirenpde import (
    Box,
    Field,
    Inference,
    Point,
    Problem,
    SineFeatures,
    Table,
    hessian,
    laplacian,
    on,
)
from sirenpde.references.noise import sensors_along, with_noise

square = Box(x=(0, 1), y=(0, 1))
x, y = square.axes
SPOTS = ((1.0, 0.35, 0.6, 0.12), (0.7, 0.7, 0.35, 0.1))  # heights, places and widths


def spots(a: Tensor, b: Tensor) -> Tensor:
    """f at places (a, b): two spots, and nothing on the boundary."""
    each = [
        height * torch.exp(-((a - place) ** 2 + (b - other) ** 2) / (2 * width**2))
        for height, place, other, width in SPOTS
    ]
    return 16 * a * (1 - a) * b * (1 - b) * torch.stack(each).sum(0)


def measured(noise: float, draw: int, sensors: int) -> Table:
    """u in the middles of so many by so many squares: a sine series, whose coefficients are sums over midpoints."""
    s, waves = (torch.arange(256, dtype=torch.float64) + 0.5) / 256, torch.arange(1, 65, dtype=torch.float64)
    modes = torch.sin(math.pi * s[:, None] * waves) / 128
    caused = modes.T @ spots(s[:, None], s) @ modes / (math.pi**2 * (waves[:, None] ** 2 + waves**2))
    at = sensors_along(sensors)
    there = torch.sin(math.pi * at[:, None] * waves)
    u, places = (there @ caused @ there.T).flatten(), torch.cartesian_prod(at, at)
    seen = with_noise(u, noise, torch.Generator().manual_seed(draw), unit=float(u.max()))
    deviation = torch.full_like(u, max(noise, 1e-6) * float(u.max()))
    return Table.of({"x": places[:, 0], "y": places[:, 1], "u": seen, "u_std": deviation}, square)


def problem(noise: float = 0.01, draw: int = 0, sensors: int = 12) -> Problem:
    """A source from values of what it causes.

    Args:
        noise: the standard deviation of the measurements, of the largest; 0 counts as a millionth.
        draw: the seed of the noise.
        sensors: along each side.
    """
    u, f = Field("u", square, SineFeatures(900, 19.0)), Field("f", square, SineFeatures(300, 13.0))
    probes = measured(noise, draw, sensors)

    @on(square, samples=2700)
    def poisson(p: Point) -> Tensor:
        """-Δu = f"""
        return laplacian(u)(p) + f(p)

    @on(square.boundary(), samples=400)
    def rim(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    @on(square.boundary(), samples=200)
    def inside(p: Point) -> Tensor:
        """f = 0"""
        return f(p)

    @on(probes, sigma=probes["u_std"])
    def seen(p: Point) -> Tensor:
        """u is measured"""
        return u(p) - probes["u"](p)

    @on(square, samples=1000, prior=True)
    def small(p: Point) -> Tensor:
        """∫ f² is small"""
        return f(p)

    @on(square, samples=1000, prior=True)
    def smooth(p: Point) -> Tensor:
        """∫ |∇²f|² is small"""
        return hessian(f)(p)

    constraints = (poisson, rim, inside, seen, small, smooth)
    known = {f: lambda p: spots(x(p), y(p))}
    return Problem(*constraints, outputs=(f, u), reference=known, using=[Inference()])
