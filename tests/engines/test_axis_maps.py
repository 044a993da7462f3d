"""Transforms along an axis against the matrices that they stand for."""

import numpy as np
import pytest
import torch

from sirenpde.engines import series
from sirenpde.engines.axis_maps import CosineMap, MatrixMap, products
from sirenpde.networks.series import FourierSeries


@pytest.mark.parametrize(("nodes", "modes"), [(8, 8), (9, 9), (12, 7), (7, 5)])
def test_cosines_by_transforms_are_those_of_the_matrix(nodes, modes):
    g = torch.Generator().manual_seed(nodes)
    v = (torch.arange(nodes, dtype=torch.float64) + 0.5) / nodes
    waves = np.pi * torch.arange(modes, dtype=torch.float64)
    tables = {None: torch.cos(v[:, None] * waves), "slope": -waves * torch.sin(v[:, None] * waves)}
    maps = {None: CosineMap(nodes, modes), "slope": CosineMap(nodes, modes, waves)}
    x, y, weights = (torch.randn(2, 3, n, generator=g, dtype=torch.float64) for n in (modes, nodes, nodes))
    for kind, table in tables.items():
        torch.testing.assert_close(maps[kind].forth(x), x @ table.T, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(maps[kind].back(y), y @ table, rtol=1e-12, atol=1e-12)
        for other in tables:
            expected = products(MatrixMap(table), MatrixMap(tables[other]), weights)
            found = products(maps[kind], maps[other], weights)
            torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("falls", [False, True])
@pytest.mark.parametrize(("nodes", "modes"), [(8, 8), (9, 9), (12, 7)])
def test_parts_of_the_cells_that_lie_apart_are_those_of_the_matrices(nodes, modes, falls):
    """The products too, of one part and of another that lies two cells further."""
    g = torch.Generator().manual_seed(nodes)
    v = (torch.arange(nodes, dtype=torch.float64) + 0.5) / nodes
    waves = np.pi * torch.arange(modes, dtype=torch.float64)
    tables = {None: torch.cos(v[:, None] * waves), "slope": -waves * torch.sin(v[:, None] * waves)}
    parts, kinds = [(0, nodes - 2), (2, nodes)], {None: None, "slope": waves}
    matrices = {
        (p, k): MatrixMap(tables[k][slice(*p)].flip(0) if falls else tables[k][slice(*p)])
        for p in parts
        for k in tables
    }
    maps = {(p, k): CosineMap(nodes, modes, kinds[k], p, falls) for p in parts for k in kinds}
    x, y, weights = (
        torch.randn(2, n, generator=g, dtype=torch.float64) for n in (modes, nodes - 2, nodes - 2)
    )
    for one in maps:
        torch.testing.assert_close(maps[one].forth(x), matrices[one].forth(x), rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(maps[one].back(y), matrices[one].back(y), rtol=1e-12, atol=1e-12)
        for other in maps:
            expected = products(matrices[one], matrices[other], weights)
            found = products(maps[one], maps[other], weights)
            torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-10)


def test_long_axes_take_transforms_and_give_the_same(monkeypatch):
    module = FourierSeries((40, 6), half_period=True).build([0.0, -1.0], [2.0, 1.0], 1, (), torch.Generator())
    module.coefficients.data.normal_(generator=torch.Generator().manual_seed(0))
    long = (torch.arange(50, dtype=torch.float64) + 0.5) / 25
    grid = [long, torch.linspace(-1, 1, 7, dtype=torch.float64)]
    symbols = [
        series.Symbol.identity(2),
        series.Symbol.partial(2, 0),
        series.Symbol.of({(2, 0): 1.0, (0, 2): 1.0}),
    ]
    weights = torch.rand(3, 3, 50, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    slow = series.series_transform(module, symbols, grid)
    monkeypatch.setattr(series, "_LARGEST_MATRIX", 1000)
    fast = series.series_transform(module, symbols, grid)
    assert isinstance(fast.maps[0][0], CosineMap) and isinstance(fast.maps[1][0], MatrixMap)
    coefficients = module.coefficients.detach()
    torch.testing.assert_close(fast.forth(coefficients), slow.forth(coefficients), rtol=1e-11, atol=1e-11)
    torch.testing.assert_close(fast.diagonal(weights), slow.diagonal(weights), rtol=1e-11, atol=1e-9)
    shifted = series.series_transform(module, symbols, [long + 1e-3, grid[1]])
    assert isinstance(shifted.maps[0][0], MatrixMap)


@pytest.mark.parametrize("shuffled", [False, True])
def test_lines_of_very_many_points_are_those_that_sorting_finds(shuffled, monkeypatch):
    monkeypatch.setattr(series, "_SOME", 20)
    x, y = torch.meshgrid(torch.linspace(0, 1, 15), torch.linspace(-1, 2, 40), indexing="xy")
    columns = torch.stack([x.reshape(-1), y.reshape(-1)], dim=1)
    columns = (
        columns[torch.randperm(600, generator=torch.Generator().manual_seed(0))] if shuffled else columns
    )
    for column in columns.T:
        line, index = series._line_of(column)
        expected = torch.unique(column, return_inverse=True)
        assert torch.equal(line, expected[0]) and torch.equal(index, expected[1])


def test_some_points_of_a_long_axis_are_not_worth_a_matrix(monkeypatch):
    """They go through in chunks, to the same values."""
    module = FourierSeries((50,), half_period=True).build([0.0], [2.0], 1, (), torch.Generator())
    module.coefficients.data.normal_(generator=torch.Generator().manual_seed(0))
    line = ((torch.arange(50, dtype=torch.float64) + 0.5) / 25)[:, None]
    value, theta = [series.Symbol.identity(1)], module.coefficients.detach().flatten()
    expected = module(line).detach()
    monkeypatch.setattr(series, "_LARGEST_KEPT", 100)
    whole = series.on_shared_coordinates(module, value, theta, line)
    torch.testing.assert_close(whole[0], expected, rtol=1e-11, atol=1e-11)
    assert series.on_shared_coordinates(module, value, theta, line[::3]) is None
