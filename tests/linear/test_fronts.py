"""Multifrontal least squares against one dense factorisation of the assembled matrix."""

from typing import Any

import pytest
import torch
from torch import Tensor

from sirenpde.linear import fronts as module
from sirenpde.linear.fronts import Front, Shape, bisected, eliminate_all, forecast, levels, solve_fronts
from sirenpde.linear.qr import solve_dense

WIDTH, HELD, ROWS = 12, 3, 40


def grid_of_cells(
    n: int, dtype: torch.dtype, dependent: bool = False, alike: bool = False
) -> tuple[list[Front], list[tuple[float, ...]]]:
    """Fronts of n x n cells, each with unknowns of its own and on its inner faces."""
    random = torch.Generator().manual_seed(0)
    faces: dict[tuple[int, int, int], int] = {}
    fronts, places, known = [], [], {}
    for i in range(n):
        for j in range(n):
            keys = [(0, i - 1, j), (0, i, j), (1, i, j - 1), (1, i, j)]
            mine = [key for key in keys if 0 <= key[1 + key[0]] < n - 1]
            blocks = (
                (i * n + j, WIDTH),
                *((faces.setdefault(key, n * n + len(faces)), HELD) for key in mine),
            )
            columns = sum(width for _, width in blocks)
            kind = tuple(key in mine for key in keys)
            matrix = torch.randn(ROWS, columns, generator=random, dtype=dtype)
            if dependent:
                matrix[:, 8:WIDTH] = matrix[:, :4] + matrix[:, 4:8]
            if alike:
                matrix = known.setdefault(kind, matrix).clone()
            fronts.append(Front(blocks, matrix, torch.randn(ROWS, 2, generator=random, dtype=dtype)))
            places.append((float(i), float(j)))
    return fronts, places


def assembled(fronts: list[Front]) -> tuple[Tensor, Tensor, dict[int, slice]]:
    widths = {block: width for front in fronts for block, width in front.blocks}
    columns, start = {}, 0
    for block in sorted(widths):
        columns[block] = slice(start, start + widths[block])
        start += widths[block]
    matrix = fronts[0].matrix.new_zeros(ROWS * len(fronts), start)
    for k, front in enumerate(fronts):
        for block, there in front.columns().items():
            matrix[ROWS * k : ROWS * (k + 1), columns[block]] = front.matrix[:, there]
    return matrix, torch.cat([front.target for front in fronts]), columns


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
@pytest.mark.parametrize("alike", [False, True])
def test_the_minimiser_is_that_of_one_dense_factorisation(dtype: torch.dtype, alike: bool) -> None:
    fronts, places = grid_of_cells(3, dtype, alike=alike)
    solved = solve_fronts(fronts, bisected(places), workers=2)
    matrix, target, columns = assembled(fronts)
    x = torch.cat([solved[block] for block in columns])
    torch.testing.assert_close(x, solve_dense(matrix, target).x, rtol=1e-11, atol=1e-11)


def test_dependent_columns_are_borne() -> None:
    fronts, places = grid_of_cells(3, torch.float64, dependent=True)
    matrix, _, columns = assembled(fronts)
    known = torch.randn(matrix.shape[1], 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    target = matrix @ known
    fronts = [
        Front(front.blocks, front.matrix, target[ROWS * k : ROWS * (k + 1)]) for k, front in enumerate(fronts)
    ]
    solved = solve_fronts(fronts, bisected(places))
    x = torch.cat([solved[block] for block in columns])
    assert float((matrix @ x - target).norm()) < 1e-12 * float(target.norm())
    assert float(x.norm()) < 3 * float(known.norm())


def test_equal_matrices_are_factorised_once() -> None:
    fronts, _ = grid_of_cells(4, torch.float64, alike=True)
    pairs = eliminate_all(fronts, [[front.blocks[0][0]] for front in fronts])
    assert len({pair[0].upper.data_ptr() for pair in pairs}) == 9  # inside, four sides, four corners
    other = [Front(f.blocks, f.matrix * (1 + 1e-9 * k), f.target) for k, f in enumerate(fronts)]
    pairs = eliminate_all(other, [[front.blocks[0][0]] for front in other])
    assert len({pair[0].upper.data_ptr() for pair in pairs}) == 16


def test_a_tree_by_bisection_keeps_neighbours_together() -> None:
    tree = bisected([(float(i), float(j)) for i in range(4) for j in range(2)])
    assert tree == (((0, 1), (2, 3)), ((4, 5), (6, 7)))
    assert [len(level) for level in levels(tree)] == [8, 4, 2, 1]


def test_a_tree_without_a_front_is_refused() -> None:
    fronts, _ = grid_of_cells(2, torch.float64)
    with pytest.raises(ValueError, match="expected each of 0 to 3 once"):
        solve_fronts(fronts, (0, (1, 2)))


def test_complex_rows_with_real_columns_are_as_those_that_have_none():
    """Their transformations are real; a tiny imaginary part asks for complex ones."""
    random = torch.Generator().manual_seed(4)
    matrices = [
        torch.randn(9, 4, generator=random, dtype=torch.float64).to(torch.complex128) for _ in range(2)
    ]
    target = torch.randn(9, 2, generator=random, dtype=torch.complex128)
    real, other = (
        solve_fronts(
            [Front(((i, 3), (2, 1)), matrix + tiny * 1j, target) for i, matrix in enumerate(matrices)], (0, 1)
        )
        for tiny in (0.0, 1e-300)
    )
    whole = torch.zeros(18, 7, dtype=torch.complex128)
    whole[:9, :3], whole[9:, 3:6] = (matrix[:, :3] for matrix in matrices)
    whole[:, 6] = torch.cat([matrix[:, 3] for matrix in matrices])
    exact = torch.linalg.lstsq(whole, torch.cat([target, target])).solution
    for found in (real, other):
        assert torch.cat([found[0], found[1], found[2]]).sub(exact).abs().max() < 1e-12


def test_what_is_kept_for_the_way_back_holds_no_storage_of_the_front_that_is_handed_on() -> None:
    matrix, target = (
        torch.randn(60, 30, generator=torch.Generator().manual_seed(0)).double(),
        torch.ones(60, 1).double(),
    )
    front = Front(((0, 10), (1, 20)), matrix, target)
    ((eliminated, rest),) = eliminate_all([front], [[0]])
    kept = {
        t.untyped_storage().data_ptr(): t.untyped_storage().nbytes()
        for t in (eliminated.upper, eliminated.coupling)
    }
    assert sum(kept.values()) == 8 * 10 * 31
    assert rest.matrix.untyped_storage().nbytes() == 8 * 20 * 21
    upper = torch.cat(
        [
            torch.cat([eliminated.upper * eliminated.scale, eliminated.coupling], 1),
            torch.cat([rest.matrix.new_zeros(20, 10), rest.matrix], 1),
        ]
    )
    assert torch.allclose(upper.T @ upper, matrix.T @ matrix, atol=1e-10)


@pytest.mark.parametrize("alike", [False, True])
def test_the_forecast_is_of_the_fronts_that_are_made(monkeypatch: pytest.MonkeyPatch, alike: bool) -> None:
    cells, places = grid_of_cells(6, torch.float64, alike=alike)
    tree, largest, kept = bisected(places), [], {}
    shapes = [
        Shape(front.blocks, len(front.matrix), front.matrix.sum().item() if alike else i)
        for i, front in enumerate(cells)
    ]
    expected = forecast(shapes, tree)

    def seen(fronts: list[Front], *rest: Any, **names: Any) -> object:
        largest.extend(front.matrix.numel() for front in fronts)
        pairs = eliminate_all(fronts, *rest, **names)
        for eliminated, _ in pairs:
            store = eliminated.upper.untyped_storage()
            kept[store.data_ptr()] = (eliminated, eliminated.upper.numel() + eliminated.coupling.numel())
        return pairs

    monkeypatch.setattr(module, "eliminate_all", seen)
    solve_fronts(cells, tree)
    assert expected.largest == max(largest)
    assert expected.kept == sum(size for _, size in kept.values())
    assert expected.most >= expected.kept + expected.largest
