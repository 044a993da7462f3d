"""Constraints on whole grids as maps of the values there, against the problem's own residuals."""

import numpy as np
import pytest
import torch

from sirenpde import Box, Field, FourierSeries, PixelGrid, Problem, Whole, everywhere, on
from sirenpde.linear.map import columns_of
from sirenpde.linear.whole_rows import whole_rows
from sirenpde.residuals import System
from sirenpde.run.begin import build_network

grid = PixelGrid({"f": np.arange(12.0).reshape(3, 4) ** 2 / 50})


def made(*constraints):
    problem = Problem(*constraints)
    networks = {u: build_network(u, u.network, 0) for u in problem.fields}
    system = System(problem, networks, torch.device("cpu"), torch.float64)
    return system, system.draw(torch.Generator())


def two(u, whole):
    @on(whole, weight=2.0)
    def spectrum(p):
        return torch.fft.rfft2((everywhere(u)(p) - grid["f"](p)).reshape(3, 4)) - 1

    @on(whole)
    def slopes(p):
        return everywhere(u)(p).reshape(3, 4).diff(dim=1)

    return spectrum, slopes


def test_rows_are_the_residuals_and_their_transpose_is_that_of_the_matrix():
    u, whole = Field("u", grid, FourierSeries((4, 3), half_period=True)), Whole(grid)
    system, batches = made(*two(u, whole))
    rows, on_grid = whole_rows(system, batches)
    theta = torch.randn(12, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    values = on_grid.apply(theta)
    scale = rows.per_row([system.row_weight(i) ** 0.5 for i in range(2)])
    assert torch.allclose(
        scale * (rows.apply(values) - rows.target), system.vector(theta, batches), atol=1e-12
    )
    matrix = columns_of(rows)
    y = torch.randn(rows.rows, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(rows.transpose(y), matrix.T @ y, atol=1e-12)
    assert torch.allclose(on_grid.fitted(values), theta, atol=1e-12)
    z = torch.randn(12, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    assert float(on_grid.transpose(z) @ theta) == pytest.approx(float(z @ values), rel=1e-12)


def test_problems_of_another_kind_have_no_such_rows():
    u, whole = Field("u", grid, FourierSeries((4, 3), half_period=True)), Whole(grid)
    first, _ = two(u, whole)
    pixel = on(grid, name="pixel")(lambda p: u(p) - grid["f"](p))
    assert whole_rows(*made(first, pixel)) is None
    assert whole_rows(*made(first, on(Whole(grid), name="other")(lambda p: everywhere(u)(p)[:2]))) is not None
    other = Whole(Box(x=(-1, 1), y=(-1, 1)).nodes(2))
    assert whole_rows(*made(first, on(other, name="other")(lambda p: everywhere(u)(p)[:2]))) is None
