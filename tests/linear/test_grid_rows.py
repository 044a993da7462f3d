"""Series on grids by transforms, against the dense matrix of the same rows."""

import numpy as np
import pytest
import torch

from sirenpde import D, Field, FourierSeries, LeastSquares, PixelGrid, Problem, integral, jump, on, solve
from sirenpde.engines import grid_transform, series
from sirenpde.linear import differences, multigrid
from sirenpde.linear.grid_rows import grid_rows, on_grids
from sirenpde.residuals import System

HEIGHT, WIDTH = 5, 7


def picture(seed, *more):
    return np.random.default_rng(seed).random((HEIGHT, WIDTH, *more))


def edited(colours=(3,)):
    """Differences across edges in a mask, slopes at others, and values outside, coupled in colour."""
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[1:4, 2:5] = True
    grid = PixelGrid({"f": picture(0, *colours), "g": picture(1, *colours)})
    u = Field("u", grid, FourierSeries(half_period=True), shape=colours)
    parts = [
        on(grid.edges(axis).where(mask), weight=20, name=f"guide_{axis}")(
            lambda p: jump(u)(p) - jump(grid["g"])(p)
        )
        for axis in grid.axes
    ]
    x, _ = grid.axes
    edges = grid.edges(x)
    slope = on(edges.where(~mask, "all"), name="slope")(lambda p: D(u, x)(p) - edges.difference("f")(p))
    keep = on(grid.where(~mask), weight=300)(lambda p: u(p).sum() + u(p) - grid["f"](p))
    return Problem(*parts, slope, keep)


def averaged():
    """Means of a slope between pixels by Gauss' rule, jumps of a slope, and one value."""
    grid = PixelGrid({"f": picture(2)})
    u, h = Field("u", grid, FourierSeries(half_period=True)), grid.spacing
    x, y = grid.axes

    along = integral(D(u, x), x, nodes=3, low=lambda p: x(p) - h / 2, high=lambda p: x(p) + h / 2)
    edges = grid.edges("x")
    rows = on(edges, name="means")(lambda p: along(p) / h - edges.difference("f")(p))
    columns = on(grid.edges("y"), name="jumps")(lambda p: jump(D(u, y))(p) + 0.1 * jump(D(u, x))(p))
    return Problem(rows, columns, on(grid)(lambda p: 0.1 * u(p) - grid["f"](p)))


def system_of(problem):
    (u,) = problem.fields
    low, high = zip(*((axis.low, axis.high) for axis in u.axes), strict=True)
    network = FourierSeries((WIDTH, HEIGHT), half_period=True).build(
        low, high, u.outputs, (), torch.Generator()
    )
    return System(problem, {u: network}, torch.device("cpu"), torch.float64)


@pytest.mark.parametrize("declare", [edited, lambda: edited(()), averaged], ids=["colour", "grey", "means"])
@pytest.mark.parametrize("by_matrices", [True, False])
def test_rows_by_transforms_are_those_of_the_matrix(declare, by_matrices, monkeypatch):
    if not by_matrices:
        monkeypatch.setattr(series, "_LARGEST_MATRIX", 1)
        monkeypatch.setattr(grid_transform, "LARGE", 1)
    system = system_of(declare())
    batches = system.draw(torch.Generator())
    u = on_grids(system, batches)
    rows = grid_rows(system, system.parameters.networks[u], u, batches)
    offset, matrix = system.jacobian(system.initial() * 0, batches)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(matrix.shape[1], generator=generator, dtype=torch.float64)
    applied, target = torch.cat([b.apply(x) for b in rows]), torch.cat([b.target for b in rows])
    torch.testing.assert_close(applied, matrix @ x, rtol=1e-11, atol=1e-11)
    torch.testing.assert_close(target, -offset, rtol=1e-11, atol=1e-11)
    y = torch.randn(len(matrix), generator=generator, dtype=torch.float64)
    back, place = torch.zeros_like(x), 0
    for block in rows:
        back += block.transpose(y[place : place + block.rows])
        place += block.rows
    torch.testing.assert_close(back, matrix.T @ y, rtol=1e-11, atol=1e-10)
    diagonal = torch.stack([block.diagonal() for block in rows]).sum(0).reshape(-1)
    torch.testing.assert_close(diagonal, matrix.square().sum(0), rtol=1e-10, atol=1e-9)


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("declare", [edited, averaged])
def test_the_solve_on_grids_is_the_least_squares_solution(declare, many, monkeypatch):
    """By a factorisation, and by multigrid as where there are many nodes."""
    if many:
        monkeypatch.setattr(differences, "FACTORISED", 0)
        monkeypatch.setattr(multigrid, "COARSEST", 6)
    problem = declare()
    system = system_of(problem)
    batches = system.draw(torch.Generator())
    offset, matrix = system.jacobian(system.initial() * 0, batches)
    expected = torch.linalg.lstsq(matrix, -offset[:, None], driver="gelsd").solution[:, 0]
    (u,) = problem.fields
    found = solve(problem, [LeastSquares(iterations=200)])[u](problem.fields[0].domain.points)
    system.parameters.networks[u].coefficients.data = expected.reshape(
        system.parameters.networks[u].coefficients.shape
    )
    values = system.parameters.networks[u](u.domain.points).detach().reshape(found.shape)
    torch.testing.assert_close(found, values, rtol=1e-7, atol=1e-7)
