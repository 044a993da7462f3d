"""Slabs in polynomials and waves: exact solutions over several of them, and the dense factor beside them."""

import math

import pytest
import torch
from marched import error, walls

from sirenpde import Box, Collocation, D, Field, March, Problem, SineLattice, laplacian, on, solve


def around(end: float) -> Problem:
    """Two species around a square: u_t = Δu / 50 - u v + f, v_t = Δv / 20 + u v + g."""
    box = Box(t=(0, end), x=(0, 2), y=(0, 2))
    t, x, y = box.axes
    u, v = (Field(name, box, periodic=(x, y)) for name in "uv")

    def first(p):
        return torch.sin(math.pi * (x(p) - t(p))) * torch.cos(math.pi * y(p))

    def second(p):
        return 1 + 0.5 * torch.cos(math.pi * (x(p) + y(p))) * torch.exp(-t(p))

    @on(box, samples=500)
    def spreading(p):
        carried = -math.pi * torch.cos(math.pi * (x(p) - t(p))) * torch.cos(math.pi * y(p))
        source = carried + math.pi**2 / 25 * first(p) + first(p) * second(p)
        return D(u, t)(p) - laplacian(u, x, y)(p) / 50 + u(p) * v(p) - source

    @on(box, samples=500)
    def feeding(p):
        source = (math.pi**2 / 10 - 1) * (second(p) - 1) - first(p) * second(p)
        return D(v, t)(p) - laplacian(v, x, y)(p) / 20 - u(p) * v(p) - source

    @on(box.at(t=0), samples=100)
    def start(p):
        return torch.stack([u(p) - first(p), v(p) - second(p)])

    return Problem(spreading, feeding, start, reference={u: first, v: second})


def test_a_reaction_between_walls_is_followed_to_ten_digits():
    solution = solve(walls(3.0), [March("t", tolerance=1e-10)])
    assert solution.holds_until is None
    assert error(solution) < 1e-9


def test_two_species_around_a_square_are_followed_to_nine_digits():
    solution = solve(around(2.0), [March("t", tolerance=1e-9)])
    assert solution.holds_until is None
    assert error(solution) < 1e-8
    assert float(solution.errors["v"]["relative_l2"]) < 1e-8


def test_slabs_and_one_lattice_of_all_axes_agree():
    problem = walls(0.5)
    marched, whole = solve(problem, [March("t")]), solve(problem, [Collocation()])
    (u,) = problem.fields
    points = torch.rand(50, 3, generator=torch.Generator().manual_seed(0)).double() * torch.tensor(
        [0.5, 1.0, 1.0]
    )
    assert float((marched[u](points) - whole[u](points)).abs().max()) < 1e-10


@pytest.mark.slow
def test_waves_between_walls_do_not_grow_over_many_periods():
    box = Box(t=(0, 3), x=(0, 1), y=(0, 1))
    t, x, y = box.axes
    u = Field("u", box, SineLattice())

    def exact(p):
        space = torch.sin(math.pi * x(p)) * torch.sin(2 * math.pi * y(p))
        return torch.cos(math.pi * math.sqrt(5) * t(p)) * space

    motion = on(box, 500, name="motion")(lambda p: D(u, t, t)(p) - laplacian(u, x, y)(p))
    start = on(box.at(t=0), 100, name="start")(lambda p: u(p) - exact(p))
    rest = on(box.at(t=0), 100, name="rest")(lambda p: D(u, t)(p))
    sides = on(box.boundary("x", "y"), 100, name="sides")(lambda p: u(p))
    solution = solve(Problem(motion, start, rest, sides, reference={u: exact}), [March("t", tolerance=1e-9)])
    assert solution.holds_until is None
    assert error(solution) < 1e-7
