"""The error bar of a march in cells: beside the true error of fronts, and through checkpoints."""

import math

import pytest
import torch
from marched import error, stopped

from sirenpde import Box, D, Field, March, Pieces, Problem, SineFeatures, on, solve
from sirenpde.references.burgers import burgers_from_sine
from sirenpde.solvers.marching import second_cells


def front(network: Pieces, end: float, growth: float = 0.0) -> Problem:
    """u_t + u_x = g u: affine, a front of width 0.2 that travels, and grows by e^(g t)."""
    box = Box(t=(0, end), x=(0, 1))
    (t, x), u = box.axes, Field("u", box, network)

    def exact(p):
        return torch.exp(growth * t(p)) * (1.5 + torch.tanh((x(p) - 0.4 - t(p)) / 0.2))

    def known(p):
        return u(p) - exact(p)

    motion = on(box, samples=500, name="motion")(lambda p: D(u, t)(p) + D(u, x)(p) - growth * u(p))
    start = on(box.at(t=0), samples=100, weight=100, name="start")(known)
    inlet = on(box.at(x=0), samples=100, weight=100, name="inlet")(known)
    return Problem(motion, start, inlet, reference={u: exact})


def shock(network: Pieces, viscosity: float, end: float, start: float = 0.3) -> Problem:
    """Burgers' equation between walls: a front of width 4 ν that travels at half the speed before it."""
    box = Box(t=(0, end), x=(0, 1))
    (t, x), u = box.axes, Field("u", box, network)

    def exact(p):
        return 0.5 - 0.5 * torch.tanh((x(p) - start - 0.5 * t(p)) / (4 * viscosity))

    def known(p):
        return u(p) - exact(p)

    @on(box, samples=1000)
    def flow(p):
        return D(u, t)(p) + u(p) * D(u, x)(p) - viscosity * D(u, x, x)(p)

    first = on(box.at(t=0), samples=200, weight=100, name="start")(known)
    walls = on(box.boundary("x"), samples=200, weight=100, name="walls")(known)
    return Problem(flow, first, walls, reference={u: exact})


FEW = Pieces(SineFeatures(120))


@pytest.mark.parametrize(
    "problem",
    [front(FEW, 0.2), front(FEW, 0.2, growth=10.0), shock(FEW, 0.1, 0.1)],
    ids=["front", "growth", "shock"],
)
def test_the_bar_is_above_the_error_and_near_it(problem: Problem) -> None:
    solution = solve(problem, [March("t", slabs=2, tolerance=1e-4)])
    bar, true = solution.two_resolutions, error(solution)
    assert true < bar < 500 * max(true, 1e-12)
    assert f"{bar:.1e} from a second march in fewer functions" in solution.stages[-1].reason


def test_the_second_march_goes_on_from_a_checkpoint() -> None:
    stages = [March("t", slabs=2, tolerance=1e-3)]
    few = Pieces(SineFeatures(60))
    whole = solve(front(few, 0.2), stages)
    short = stopped(front(few, 0.2), stages, 1)
    again = solve(front(few, 0.2), stages, resume=short)
    assert short.status == "interrupted" and again.two_resolutions == whole.two_resolutions


def test_a_second_march_that_was_left_is_said(monkeypatch) -> None:
    def late(*_, **__):
        raise second_cells.TooLong("No time.")

    with monkeypatch.context() as patch:
        patch.setattr(second_cells, "solve_pieces", late)
        solution = solve(front(Pieces(SineFeatures(60)), 0.2), [March("t", slabs=2, tolerance=1e-3)])
    assert solution.two_resolutions is None
    assert "there was no time for a second march" in solution.stages[-1].reason


@pytest.mark.slow
def test_the_bar_of_a_thin_front_followed_to_its_end() -> None:
    viscosity, box = 0.01 / math.pi, Box(t=(0, 1), x=(-1, 1))
    (t, x), u = box.axes, Field("u", box, Pieces())

    @on(box, samples=1000)
    def flow(p):
        return D(u, t)(p) + u(p) * D(u, x)(p) - viscosity * D(u, x, x)(p)

    start = on(box.at(t=0), samples=200, weight=100, name="start")(lambda p: u(p) + torch.sin(math.pi * x(p)))
    walls = on(box.boundary("x"), samples=200, weight=100, name="walls")(lambda p: u(p))
    problem = Problem(flow, start, walls, reference={u: burgers_from_sine(viscosity, (t, x))})
    solution = solve(problem, [March("t")])
    assert error(solution) < solution.two_resolutions < 1e-5
