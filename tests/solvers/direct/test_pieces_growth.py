"""Which cells are chosen, and what is compared and refused."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from sirenpde import (
    Box,
    D,
    Disk,
    Field,
    LeastSquares,
    Partition,
    Pieces,
    Point,
    Polygon,
    Problem,
    SineFeatures,
    Solution,
    Unknown,
    laplacian,
    on,
    solve,
)
from sirenpde.residuals.unfit import Unfit
from sirenpde.run.progress import Progress
from sirenpde.solvers.direct.pieces_growth import REACH, cut, fineness, rate_of

LINE = Box(x=(0, 1))
(x,) = LINE.axes


def waves(recipe: object, k: float = 40.0) -> tuple[Problem, Field]:
    """u'' + k² u = 0 with the solution cos(k x)."""
    u = Field("u", LINE, recipe)  # type: ignore[arg-type]
    problem = Problem(
        on(LINE, samples=200, name="waves")(lambda p: D(u, x, x)(p) + k**2 * u(p)),
        on(LINE.at(x=0), name="start")(lambda p: u(p) - 1),
        on(LINE.at(x=0), name="slope")(lambda p: D(u, x)(p)),
        reference={u: lambda p: torch.cos(k * x(p))},
    )
    return problem, u


SHAPES = {
    "disk": Disk(),
    "L": Polygon([(-1, -1), (1, -1), (1, 0), (0, 0), (0, 1), (-1, 1)]),
    "hole": Box(x=(-1, 1), y=(-1, 1)) - Disk((0.1, 0.05), 0.4),
}


@pytest.mark.parametrize("name", SHAPES)
def test_cells_that_a_shape_cuts_keep_the_digits(name: str) -> None:
    """Of twelve radians in half a side; the cuts leave slivers of the disk and beside the hole."""
    shape = SHAPES[name]
    x, y = shape.axes
    u = Field("u", shape, Pieces(SineFeatures(250), cells=((-0.7, 0.0, 0.705), (-0.345, 0.0, 0.445))))

    def exact(p: Point) -> Tensor:
        return torch.sin(9.6 * x(p) + 0.3) * torch.cos(7.2 * y(p) + 0.1)

    problem = Problem(
        on(shape, samples=1000, name="inside")(lambda p: laplacian(u)(p) + 144 * exact(p)),
        on(shape.boundary(), samples=400, name="rim")(lambda p: u(p) - exact(p)),
        reference={u: exact},
    )
    assert solve(problem, [LeastSquares()]).errors["u"]["relative_l2"] < 1e-8


def test_two_resolutions_are_compared_and_the_difference_is_said() -> None:
    problem, _ = waves(Pieces(SineFeatures(40), cells=(6,)))
    solution = solve(problem)
    assert solution.errors["u"]["relative_l2"] < 1e-9
    reason = str(solution)
    assert "6 cells of 40 frozen sines" in reason and "two resolutions differ by" in reason


def test_open_cells_are_cut_where_waves_ask_for_it() -> None:
    problem, _ = waves(Pieces(), k=200.0)
    solution = solve(problem)
    assert solution.errors["u"]["relative_l2"] < 1e-8


def test_edges_lie_at_breaks_and_near_enough_for_the_waves() -> None:
    places = cut(0.0, 1.0, {0.3}, 40.0, 10.0)
    assert 0.3 in places and max(b - a for a, b in pairwise(places)) <= 2 * REACH * 10 / 40 + 1e-12


def test_features_faster_along_one_axis_have_more_polynomials_there() -> None:
    box = Box(x=(0, 1), y=(0, 1))
    recipe = {Field("u", box): Pieces(SineFeatures(400, (20.0, 5.0)), (1, 1))}
    assert fineness(recipe, 2).polynomials == (40, 10)


def test_cells_that_cannot_follow_the_waves_are_refused_before_the_solve() -> None:
    problem, _ = waves(Pieces(SineFeatures(24), cells=(2,)), k=400.0)
    with pytest.raises(Unfit, match=r"400 radians per unit are 100 in half a cell.* Give about"):
        solve(problem)


def test_a_budget_that_buys_no_piece_is_refused_before_the_factorisation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sirenpde.solvers.direct.pieces_solve.SPEED", 1e4)  # a slow machine
    problem, _ = waves(Pieces(SineFeatures(40), cells=(6,)))
    with pytest.raises(
        Unfit, match=r"cells of 25 unknowns would take .* s at least; of the budget .* Give a larger"
    ):
        solve(problem, [LeastSquares()], budget=10)


@pytest.mark.parametrize(
    ("k", "budget", "message"),
    [
        (
            500.0,
            4.0,
            r"500 radians per unit need at least 1.24e\+04 cells of 160 features, which would take 119 s at least",
        ),
        (500.0, 4.0, r"Give a budget of about 480 s, or take waves of up to 4\d radians per unit"),
        (
            3000.0,
            1e6,
            r"would fill 17 GiB by their rows alone; 8 GiB .* Take waves of up to 1000 radians per unit",
        ),
    ],
)
def test_waves_too_fast_for_the_budget_or_the_memory_are_refused_with_those_that_would_do(
    k: float, budget: float, message: str
) -> None:
    square = Box(x=(-1, 1), y=(-1, 1))
    u = Field("u", square, Pieces())
    problem = Problem(
        on(square, samples=200, name="waves")(lambda p: laplacian(u)(p) + k**2 * u(p)),
        on(square.boundary(), samples=100, name="rim")(lambda p: u(p) - 1),
    )
    with pytest.raises(Unfit, match=message):
        solve(problem, budget=budget)


def test_a_budget_that_buys_the_first_resolution_alone_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, _ = waves(Pieces(SineFeatures(20), cells=(4,)))

    def slower(progress: Progress) -> None:
        monkeypatch.setattr("sirenpde.solvers.direct.pieces_solve.SPEED", 1.0)

    solution = solve(problem, [LeastSquares()], budget=1000, progress=slower)
    assert solution.status == "budget"
    assert "a finer resolution would have taken too long" in str(solution)
    assert solution.errors["u"]["relative_l2"] < 1e-2


def test_constraints_that_join_cells_far_apart_are_refused() -> None:
    u, c = Field("u", LINE, Pieces()), Unknown("c", 1.0)
    with pytest.raises(Unfit, match="no number is unknown"):
        solve(
            Problem(
                on(LINE, samples=50, name="line")(lambda p: D(u, x)(p) - c(p)),
                on(LINE.boundary(), samples=2, name="ends")(lambda p: u(p) - x(p)),
            )
        )


def test_features_of_the_default_rate_follow_the_waves_of_a_cube() -> None:
    cube = Box(x=(0, 1), y=(0, 1), z=(0, 1))
    x, y, z = cube.axes
    recipe = Pieces(SineFeatures(400, rate_of(400, 3)), cells=(1, 1, 2))
    u = Field("u", cube, recipe)

    def exact(p: Point) -> Tensor:
        return torch.sin(2 * x(p) + y(p)) * torch.exp(z(p))

    problem = Problem(
        on(cube, samples=500, name="inside")(lambda p: laplacian(u)(p) + 4 * exact(p)),
        on(cube.boundary(), samples=300, name="walls")(lambda p: u(p) - exact(p)),
        reference={u: exact},
    )
    # Those of a square, 0.59 of the root in place of 0.29, end at 2e-5.
    assert solve(problem, [LeastSquares()]).errors["u"]["relative_l2"] < 1e-7


def test_a_growth_that_is_interrupted_goes_on_to_the_same_bits() -> None:
    problem, _ = waves(Pieces(), k=60.0)

    def stop(progress: Progress) -> None:
        if progress.step == 1:
            raise KeyboardInterrupt

    whole = solve(problem, [LeastSquares()])
    cut_short = solve(problem, [LeastSquares()], progress=stop)
    assert cut_short.status == "interrupted" and len(whole.history) > len(cut_short.history)
    resumed = solve(problem, [LeastSquares()], resume=cut_short.snapshot())
    assert torch.equal(resumed.theta, whole.theta)


def test_pieces_are_saved_loaded_and_exported(tmp_path: Path) -> None:
    problem, _ = waves(Pieces(SineFeatures(40), cells=(6,)))
    solution = solve(problem, [LeastSquares()])
    solution.save(tmp_path / "run")
    places = [[0.0], [1 / 6], [0.4], [1.0]]  # the second is on a face
    again = Solution.load(tmp_path / "run")["u"](places)
    assert torch.equal(torch.as_tensor(again), torch.as_tensor(solution["u"](places)))
    solution.export(tmp_path / "u.npz")
    with np.load(tmp_path / "u.npz") as read:
        line, values = read["x"], read["u"]
    assert len(line) > 6
    np.testing.assert_allclose(values, np.cos(40 * line), atol=1e-6)


@pytest.mark.slow  # 15 s
def test_a_peak_at_a_place_of_its_own_gets_small_cells_there_alone() -> None:
    """Of width 0.03 in a shape that no lattice fits: equal cells would be 22 x 22 for two digits."""
    disk = Disk()
    x, y = disk.axes
    u, w = Field("u", disk, Pieces()), 0.03

    def peak(p: Point) -> Tensor:
        return torch.exp(-((x(p) - 0.31) ** 2 + (y(p) + 0.42) ** 2) / (2 * w**2))

    def source(p: Point) -> Tensor:
        return (((x(p) - 0.31) ** 2 + (y(p) + 0.42) ** 2) / w**4 - 2 / w**2) * peak(p)

    problem = Problem(
        on(disk, samples=1000, name="inside")(lambda p: laplacian(u)(p) - source(p)),
        on(disk.boundary(), samples=400, name="rim")(lambda p: u(p) - peak(p)),
        reference={u: peak},
    )
    solution = solve(problem, [LeastSquares()])
    assert solution.errors["u"]["relative_l2"] < 1e-9
    recipe = solution.recipes[u]
    assert isinstance(recipe, Pieces) and isinstance(recipe.cells, Partition)
    sides = [b[0] - a[0] for a, b in zip(recipe.cells.low, recipe.cells.high, strict=True)]
    assert len(sides) < 120 and max(sides) > 8 * min(sides)
    assert f"a tree of {len(sides)} cells down to {recipe.cells.smallest[0]:.3g} x" in str(solution)
