"""The error bar of a march: beside the true error of exact solutions, and where a second march goes with it."""

import math

import pytest
import torch
from marched import error, walls

from sirenpde import Box, D, Field, March, Problem, SineLattice, laplacian, on, solve


def growing(end: float) -> Problem:
    """u_t = 3 u around a square: what a slab leaves out grows twentyfold in a unit of time."""
    box = Box(t=(0, end), x=(0, 2), y=(0, 2))
    t, x, y = box.axes
    u = Field("u", box, periodic=(x, y))

    def exact(p):
        return torch.exp(3 * t(p)) * torch.exp(torch.cos(math.pi * x(p)) * torch.sin(math.pi * y(p)))

    @on(box, samples=300)
    def motion(p):
        return D(u, t)(p) - 3 * u(p)

    @on(box.at(t=0), samples=100)
    def start(p):
        return u(p) - exact(p)

    return Problem(motion, start, reference={u: exact})


def swinging(end: float) -> Problem:
    """u_tt = Δu between walls: the value and the velocity are handed over."""
    box = Box(t=(0, end), x=(0, 1), y=(0, 1))
    t, x, y = box.axes
    u = Field("u", box)

    def shape(p):
        return torch.sin(math.pi * x(p)) * torch.sin(2 * math.pi * y(p))

    @on(box, samples=300)
    def motion(p):
        return D(u, t, t)(p) - laplacian(u, x, y)(p)

    @on(box.at(t=0), samples=100)
    def start(p):
        return torch.stack([u(p) - shape(p), D(u, t)(p)])

    @on(box.boundary("x", "y"), samples=100)
    def sides(p):
        return u(p)

    def exact(p):
        return torch.cos(math.pi * math.sqrt(5) * t(p)) * shape(p)

    return Problem(motion, start, sides, reference={u: exact})


@pytest.mark.parametrize(
    "problem, tolerance",
    [(walls(2.0), 1e-10), (walls(2.0), 1e-6), (growing(2.0), 1e-6), (swinging(2.0), 1e-8)],
)
def test_the_bar_is_above_the_error_and_near_it(problem, tolerance):
    solution = solve(problem, [March("t", tolerance=tolerance)], network=SineLattice())
    bar, true = solution.two_resolutions, error(solution)
    assert true < bar < 1000 * max(true, 1e-13)
    assert "from a second march" in solution.stages[-1].reason


def test_a_march_without_its_structure_has_no_bar():
    box = Box(t=(0, 1), x=(0, 1))
    t, x = box.axes
    u = Field("u", box, periodic=(x,))
    motion = on(box, samples=100)(lambda p: D(u, t)(p) - D(u, x, x)(p) + u(p) ** 3)
    start = on(box.at(t=0), samples=50, name="start")(lambda p: u(p) - torch.sin(2 * math.pi * x(p)))
    assert (
        solve(Problem(motion, start), [March("t", tolerance=1e-8)], network=SineLattice()).two_resolutions
        is None
    )
