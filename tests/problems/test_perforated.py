"""Known fields on plates with holes, as the random feature method's authors publish them: what the shapes cost.

Source: pyRFM, J. Numer. Meth. Comput. Appl. 47(2), 2026, whose scripts print an error and keep none.
"""

import functools
import operator

import pytest
import torch
from torch import Tensor

from sirenpde import (
    Box,
    D,
    Disk,
    Field,
    LeastSquares,
    Point,
    Problem,
    SineFeatures,
    div,
    grad,
    laplacian,
    on,
    solve,
)

# Centre and radius of the forty holes; the smallest gaps between them are 2e-4 and 8e-4.
HOLES = """
4.56 3.7 .34; 6.53 3.33 .33; 6.63 1.81 .35; 4.75 5.65 .49; 3.36 5.8 .59; 1.01 4.92 .54; 4.25 .68 .58;
6.11 4.44 .54; 1.55 6.97 .45; 2.6 2.94 .59; 6.55 6.25 .59; 7.25 5.7 .3; .93 6.18 .36; 3.19 2.11 .35;
5.03 4.64 .55; 6.28 .71 .43; 4.98 6.95 .44; 2.61 4.52 .42; 4.13 2.18 .48; 1.46 2.14 .35; .77 1.75 .35;
2.1 5.75 .33; .91 3.45 .37; 5.91 1.93 .37; 7.3 3.59 .44; 2.48 .98 .33; 1.48 .94 .6; 3.52 7.25 .5;
2.5 6.43 .44; 5.8 2.86 .53; 5.4 1.31 .35; 3.27 3.88 .45; 7.33 2.78 .34; 5.59 6.26 .31; 7.34 .65 .46;
3.86 4.91 .43; .7 6.91 .39; 6.57 5.21 .33; 1.38 2.83 .31; 7.26 2.12 .32
"""


def stokes_between_three_discs() -> Problem:
    """-Δu + ∇p = f, ∇·u = 0, with a polynomial solution and the velocity given on all boundaries."""
    square = Box(x=(0, 1), y=(0, 1))
    discs = [Disk(center=place, radius=0.1) for place in ((0.5, 0.2), (0.2, 0.8), (0.8, 0.8))]
    plate = functools.reduce(operator.sub, discs, square)
    x, y = plate.axes
    waves = SineFeatures(240, 6.0)
    u, pressure = Field("u", plate, waves, shape=(2,)), Field("pressure", plate, waves)

    def exact(p: Point) -> Tensor:
        a, b = x(p), y(p)
        first = a + a**2 - 2 * a * b + a**3 - 3 * a * b**2 + a**2 * b
        second = -b - 2 * a * b + b**2 - 3 * a**2 * b + b**3 - a * b**2
        return torch.stack([first, second])

    def exact_pressure(p: Point) -> Tensor:
        a, b = x(p), y(p)
        return a * b + a + b + a**3 * b**2 - 4 / 3

    @on(plate, samples=1000)
    def momentum(p: Point) -> Tensor:
        """-Δu + ∇p = f"""
        a, b = x(p), y(p)
        force = torch.stack([3 * a**2 * b**2 - b - 1, 2 * a**3 * b + 3 * a - 1])
        return grad(pressure)(p) - laplacian(u)(p) - force

    @on(plate, samples=1000)
    def continuity(p: Point) -> Tensor:
        """∇·u = 0"""
        return div(u)(p)

    @on(plate.boundary(), samples=600, weight=100)
    def boundary(p: Point) -> Tensor:
        """u is known"""
        return u(p) - exact(p)

    @on(square.at(x=0, y=0))
    def level(p: Point) -> Tensor:
        """p = -4/3 in a corner"""
        return pressure(p) + 4 / 3

    known = {u: exact, pressure: exact_pressure}
    return Problem(momentum, continuity, boundary, level, reference=known, using=[LeastSquares()])


def stretched_between_forty_holes() -> Problem:
    """∇·σ = f in plane stress, divided by Young's modulus; clamped below, with tractions on all other boundaries."""
    ratio, square = 0.3, Box(x=(0, 8), y=(0, 8))
    numbers = [tuple(map(float, hole.split())) for hole in HOLES.split(";")]
    plate = functools.reduce(operator.sub, [Disk(center=(a, b), radius=r) for a, b, r in numbers], square)
    x, y = plate.axes
    u = Field("u", plate, SineFeatures(1400, (34.0, 32.0)), shape=(2,))

    def stress_of(displacement):
        def stress(p: Point) -> Tensor:
            slopes = grad(displacement, x, y)(p)
            sheared = (slopes + slopes.T) / (2 * (1 + ratio))
            return sheared + ratio / (1 - ratio**2) * torch.trace(slopes) * torch.eye(2).to(slopes)

        return stress

    def exact(p: Point) -> Tensor:
        a, b = x(p), y(p)
        first = b / 10 * ((a + 10) * torch.sin(b) + (b + 5) * torch.cos(a))
        second = b / 60 * ((30 + 5 * a * torch.sin(5 * a)) * (4 + torch.exp(-5 * b)) - 100)
        return torch.stack([first, second])

    def divergence_of(stress):
        return lambda p: D(lambda q: stress(q)[0], x)(p) + D(lambda q: stress(q)[1], y)(p)

    @on(plate, samples=4000)
    def balance(p: Point) -> Tensor:
        """∇·σ = f"""
        return divergence_of(stress_of(u))(p) - divergence_of(stress_of(exact))(p)

    @on(plate.boundary(where=lambda q: q[:, 1] > 1e-9), samples=3000, weight=10)
    def tractions(p: Point) -> Tensor:
        """σ n = g"""
        normal = plate.boundary().normal(p)
        return (stress_of(u)(p) - stress_of(exact)(p)) @ normal

    @on(square.at(y=0), samples=200, weight=100)
    def clamped(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    return Problem(balance, tractions, clamped, reference={u: exact}, using=[LeastSquares()])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("problem", "most"), [(stokes_between_three_discs, 1e-7), (stretched_between_forty_holes, 1e-7)]
)
def test_known_fields_are_found_between_holes(problem, most):
    errors = solve(problem(), seed=1).errors
    assert max(error["relative_l2"] for error in errors.values()) < most
