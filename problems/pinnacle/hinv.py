"""A conductivity from noisy temperatures in time (HInv).

    u_t = div(a grad u) + f   on (0, 1) × (-1, 1)²,     u measured at 2500 places,     a(x, y) known on the boundary,

with u = exp(-t) S, a = 2 + S and S = sin πx sin πy. Nothing else is known of u, neither at the start nor on the
sides. Measured is the error of u and a together, as the suite does; its list of places is drawn anew here.

Source: Hao et al., PINNacle, 2024.
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, D, Field, LeastSquares, Point, Problem, SineFeatures, Table, div, grad, on
from sirenpde.references.noise import with_noise

spacetime = Box(t=(0, 1), x=(-1, 1), y=(-1, 1))
square = Box(x=(-1, 1), y=(-1, 1))
t, x, y = spacetime.axes


def shape(p: Point) -> Tensor:
    return torch.sin(math.pi * x(p)) * torch.sin(math.pi * y(p))


def conductivity(p: Point) -> Tensor:
    return 2 + shape(p)


def source(p: Point) -> Tensor:
    """u_t - div(a grad u) of the two."""
    along_x = torch.cos(math.pi * x(p)) * torch.sin(math.pi * y(p))
    along_y = torch.sin(math.pi * x(p)) * torch.cos(math.pi * y(p))
    bracket = 2 * shape(p) ** 2 - along_x**2 - along_y**2
    return torch.exp(-t(p)) * ((4 * math.pi**2 - 1) * shape(p) + math.pi**2 * bracket)


def measured(noise: float, seed: int) -> Table:
    """u at 2500 places, uniform in space-time, with noise of this standard deviation."""
    generator = torch.Generator().manual_seed(seed)
    when, a, b = torch.rand(3, 2500, dtype=torch.float64, generator=generator)
    a, b = 2 * a - 1, 2 * b - 1
    exact = torch.exp(-when) * torch.sin(math.pi * a) * torch.sin(math.pi * b)
    seen = with_noise(exact, noise, generator)
    return Table.of({"t": when, "x": a, "y": b, "u": seen}, spacetime)


def problem(noise: float = 0.1, draw: int = 0, features: int = 300, start: float | None = None) -> Problem:
    """A conductivity and a temperature from measurements of the latter.

    Args:
        noise: the standard deviation of the measurements.
        draw: the seed of their places and of the noise.
        features: sines of the temperature, a fifth as many of the conductivity. Few of them follow the noise less.
        start: the conductivity that Newton's method begins with, such as 2, its value on the boundary.
    """
    u = Field("u", spacetime, SineFeatures(features, bandwidth=(1, 4, 4)))
    a = Field("a", square, SineFeatures(features // 5, bandwidth=4), initial=start)
    probes = measured(noise, draw)

    def both(p: Point) -> Tensor:
        return torch.stack([u(p), a(p)])

    def truth(p: Point) -> Tensor:
        return torch.stack([torch.exp(-t(p)) * shape(p), conductivity(p)])

    @on(spacetime, samples=4000)
    def heat(p: Point) -> Tensor:
        """u_t = div(a grad u) + f"""
        return D(u, t)(p) - div(lambda q: a(q) * grad(u, x, y)(q), x, y)(p) - source(p)

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
