"""Which cells data cut, and which hold what a solve has left."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from sirenpde import Box, Field, Pieces, Point, Problem, SineFeatures, laplacian, on
from sirenpde.networks.partition import Partition
from sirenpde.residuals import System
from sirenpde.solvers.direct.pieces_growth import fineness
from sirenpde.solvers.direct.pieces_solve import left_in_cells, solve_pieces
from sirenpde.solvers.direct.pieces_tree import cut_by_data, holding

BOX = Box(x=(0, 1), y=(0, 1))
x, y = BOX.axes
SINES = SineFeatures(160, 6.0)


def system_of(source: Callable[[Point], Tensor], cells: Partition, sines: SineFeatures = SINES) -> System:
    recipe = Pieces(sines, cells=cells)
    u = Field("u", BOX, recipe)
    problem = Problem(
        on(BOX, samples=400, name="inside")(lambda p: laplacian(u)(p) - source(p)),
        on(BOX.boundary(), samples=100, name="walls")(lambda p: u(p)),
    )
    network = recipe.build([0.0, 0.0], [1.0, 1.0], 1, (), torch.Generator().manual_seed(0))
    return System(problem, {u: network}, torch.device("cpu"), torch.float64)


def peak(width: float) -> Callable[[Point], Tensor]:
    return lambda p: torch.exp(-((x(p) - 0.7) ** 2 + (y(p) - 0.2) ** 2) / (2 * width**2))


ONE = Partition.grid([(0, 1), (0, 1)])


def test_data_that_are_slow_need_no_cut() -> None:
    assert cut_by_data(system_of(peak(0.5), ONE), ONE, SINES, 64) == ONE


def test_data_are_followed_to_where_they_are_fine() -> None:
    found = cut_by_data(system_of(peak(0.02), ONE), ONE, SINES, 64)
    assert found is not None
    cell = int(found.locate(torch.tensor([0.7, 0.2])))
    sides = [b - a for (a, _), (b, _) in zip(found.low, found.high, strict=True)]
    assert sides[cell] == min(sides) == 1 / 16 and max(sides) == 1 / 2


def test_waves_everywhere_leave_the_cells_equal() -> None:
    def waves(p: Point) -> Tensor:
        return torch.sin(90 * x(p)) * torch.sin(80 * y(p))

    assert cut_by_data(system_of(waves, ONE), ONE, SINES, 100) is None


def test_what_is_left_is_left_where_the_peak_is() -> None:
    quarters = Partition.grid([(0, 0.5, 1), (0, 0.5, 1)])
    system = system_of(peak(0.1), quarters)
    shape = fineness({u: Pieces(SINES, cells=quarters) for u in system.problem.fields}, 2)
    left = left_in_cells(system, solve_pieces(system, shape).theta, shape)
    assert 2 in holding(left) and left[2] > 30 * left[1]  # 0.5 < x < 1, 0 < y < 0.5
    nothing = left_in_cells(system, system.initial(), shape)
    # Features of 6 radians in half a cell of 1/4 make (6 / 0.25)² of the field's unit; ∫ exp(-r²/σ²) is π σ².
    (unit,) = system.sizes.values()
    expected = math.sqrt(math.pi) * 0.1 / (24**2 * unit)
    assert math.hypot(*nothing) == pytest.approx(expected, rel=0.1)


def test_the_fewest_cells_that_hold_all_but_a_hundredth() -> None:
    assert holding([0.1, 3.0, 0.2, 4.0]) == (1, 3)
    assert holding([1.0] * 5) == (0, 1, 2, 3, 4)
