"""One factor for all slabs of an affine march."""

import pytest
from marched import carried, error

from sirenpde import March, SineLattice, solve
from sirenpde.linear.mode_blocks import ModeBlocks


@pytest.mark.parametrize("turning", [False, True])
def test_equal_slabs_of_an_affine_problem_share_a_factor(monkeypatch, turning: bool) -> None:
    """Of products of columns here: one for the start at rest, one for the first slab, one for those after it."""
    made: list[ModeBlocks] = []

    class Counted(ModeBlocks):
        def __init__(self, *given) -> None:
            super().__init__(*given)
            made.append(self)

    monkeypatch.setattr("sirenpde.solvers.collocation.ModeBlocks", Counted)
    monkeypatch.setattr("sirenpde.linear.mode_blocks.WIDE", 100)
    problem = carried(SineLattice((2, 7, 7)), 0.4, turning)
    solution = solve(problem, [March("t", 5)])
    assert error(solution) < 1e-3
    assert all(blocks.is_rough for blocks in made) and len(made) <= 3
