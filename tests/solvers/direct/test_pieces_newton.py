"""Newton's method in cells: exact solutions, damped steps, starts from other networks."""

import math
import time

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Pieces, Point, Problem, SineFeatures, laplacian, on
from sirenpde.calculus.symbols import Symbol
from sirenpde.engines.registry import engine_for
from sirenpde.residuals import System
from sirenpde.solvers.direct.pieces_newton import (
    PiecesNewton,
    _About,
    _norm,
    _residuals,
    _towards,
    newton_pieces,
)
from sirenpde.solvers.direct.pieces_solve import Fineness, layout_of_pieces, solve_pieces

F64 = torch.float64
SQUARE = Box(x=(0, 1), y=(0, 1))
LINE = Box(x=(0, 1))
x, y = SQUARE.axes


def built(problem: Problem, features: int, rate: float, cells: tuple[int, ...]) -> System:
    recipe, networks = Pieces(SineFeatures(features, rate), cells), {}
    for u in problem.fields:
        low, high = [a.low for a in u.axes], [a.high for a in u.axes]
        networks[u] = recipe.build(low, high, u.outputs, (), torch.Generator().manual_seed(0))
    return System(problem, networks, torch.device("cpu"), F64)


def values(system: System, theta: Tensor, points: Tensor) -> Tensor:
    (u,) = system.problem.fields
    engine = engine_for(system.parameters.networks[u], [Symbol.identity(len(u.axes))], len(u.axes))
    found = engine.forward(engine.load(system.parameters.of(u, theta)), points)[0][0, :, 0]
    return system.parameters.units[u] * found


def cubic() -> Problem:
    """Δu - u³ = f."""
    u = Field("u", SQUARE)

    def exact(p: Point) -> Tensor:
        return torch.sin(4 * x(p)) * torch.exp(y(p))

    def source(p: Point) -> Tensor:
        return 15 * exact(p) + exact(p) ** 3

    inside = on(SQUARE, samples=500, name="inside")(lambda p: laplacian(u)(p) - u(p) ** 3 + source(p))
    walls = on(SQUARE.boundary(), samples=200, name="walls")(lambda p: u(p) - exact(p))
    return Problem(inside, walls)


def error(system: System, found: PiecesNewton) -> float:
    points = torch.rand(500, 2, generator=torch.Generator().manual_seed(0), dtype=F64)
    exact = torch.sin(4 * points[:, 0]) * torch.exp(points[:, 1])
    return float((values(system, found.theta, points) - exact).norm() / exact.norm())


def test_it_converges_quadratically_to_the_solution() -> None:
    system = built(cubic(), 120, 6.0, (2, 2))
    found = newton_pieces(system, Fineness(120, (6.0, 6.0), (11, 11), 360))
    assert found.end == "arrived" and len(found.sizes) < 8
    assert found.thickest == 1  # the start is near enough
    assert error(system, found) < 1e-5
    first, second, third = found.sizes[1:4]
    assert second < 0.1 * first and third < 0.01 * second


def test_a_finer_one_goes_on_from_a_coarser_one() -> None:
    problem = cubic()
    coarse, fine = built(problem, 30, 4.0, (2, 2)), built(problem, 120, 6.0, (2, 2))
    rough = newton_pieces(coarse, Fineness(30, (4.0, 4.0), (6, 6), 90))
    found = newton_pieces(fine, Fineness(120, (6.0, 6.0), (11, 11), 360), (coarse, rough.theta))
    assert error(fine, found) < 1e-5 < error(coarse, rough)
    assert (
        found.sizes[0] < 1e-2 * rough.sizes[0]
    )  # what the coarse fields leave at the points of the fine cells


def test_a_step_that_is_nine_times_too_long_is_halved_three_times() -> None:
    u = Field("u", LINE)
    (s,) = LINE.axes
    inside = on(LINE, samples=100, name="inside")(lambda p: D(u, s, s)(p) + torch.sin(s(p)))
    system = built(Problem(inside, on(LINE.boundary(), samples=2, name="ends")(u)), 30, 3.0, (3,))
    fineness, here = Fineness(30, (3.0,), (1,), 90), _About(system, system.initial())
    layout = layout_of_pieces(system, fineness)
    solution = solve_pieces(system, fineness).theta
    before = _residuals(layout, here, here)
    step = _towards(layout, system, here, here.theta + 9 * (solution - here.theta), before)
    assert step is not None and step.share == 1 / 8
    assert abs(_norm(step.residuals) - _norm(before) / 8) < 1e-6 * _norm(before)
    reached = here.theta + 9 / 8 * (solution - here.theta)
    torch.testing.assert_close(step.reached.theta, reached, rtol=0, atol=1e-9 * float(solution.abs().max()))


def test_a_layer_too_thin_for_the_start_is_reached_from_thicker_ones() -> None:
    """u u' = u'' / 50 from 1 to -1, whose solution is -tanh 25 s but for 1e-21."""
    line = Box(x=(-1, 1))
    u, (s,) = Field("u", line), line.axes
    inside = on(line, samples=200, name="inside")(lambda p: u(p) * D(u, s)(p) - D(u, s, s)(p) / 50)
    ends = on(line.boundary(), samples=2, name="ends")(lambda p: u(p) + s(p))
    system = built(Problem(inside, ends), 40, 5.0, (12,))
    found = newton_pieces(system, Fineness(40, (5.0,), (1,), 120))
    assert (found.end, found.thickest, found.level) == ("arrived", 8.0, 1.0)
    points = torch.linspace(-1, 1, 201, dtype=F64)[:, None]
    assert float((values(system, found.theta, points) + torch.tanh(25 * points[:, 0])).abs().max()) < 1e-3


def test_a_start_that_quarter_steps_lead_from_needs_no_thicker_layers() -> None:
    """u u' = u'' / 32 from 1 to -1, whose solution is -tanh 16 s but for 1e-13."""
    line = Box(x=(-1, 1))
    u, (s,) = Field("u", line), line.axes
    inside = on(line, samples=200, name="inside")(lambda p: u(p) * D(u, s)(p) - D(u, s, s)(p) / 32)
    ends = on(line.boundary(), samples=2, name="ends")(lambda p: u(p) + s(p))
    system = built(Problem(inside, ends), 40, 5.0, (12,))
    found = newton_pieces(system, Fineness(40, (5.0,), (1,), 120))
    assert found.thickest == 1 and found.sizes[6] < 1e-2 * found.sizes[1]
    points = torch.linspace(-1, 1, 201, dtype=F64)[:, None]
    assert float((values(system, found.theta, points) + torch.tanh(16 * points[:, 0])).abs().max()) < 1e-3


def test_affine_constraints_take_one_step() -> None:
    u = Field("u", LINE)
    (s,) = LINE.axes
    inside = on(LINE, samples=100, name="inside")(lambda p: D(u, s, s)(p) + torch.sin(s(p)))
    problem = Problem(inside, on(LINE.boundary(), samples=2, name="ends")(u))
    system = built(problem, 30, 3.0, (3,))
    fineness = Fineness(30, (3.0,), (1,), 90)
    found, direct = newton_pieces(system, fineness, iterations=1), solve_pieces(system, fineness)
    points = torch.linspace(0, 1, 50, dtype=F64)[:, None]
    known = values(system, direct.theta, points)
    torch.testing.assert_close(values(system, found.theta, points), known, rtol=0, atol=1e-11)
    assert float((known - torch.sin(points[:, 0]) + points[:, 0] * math.sin(1)).abs().max()) < 1e-10
    assert (found.unknowns, found.factorised) == (direct.unknowns, direct.factorised)


def test_it_ends_at_the_deadline_after_one_step() -> None:
    system = built(cubic(), 40, 4.0, (2, 2))
    found = newton_pieces(system, Fineness(40, (4.0, 4.0), (6, 6), 120), deadline=time.monotonic() - 1)
    assert found.end == "late" and len(found.sizes) == 2
    assert found.sizes[1] < 0.1 * found.sizes[0]
