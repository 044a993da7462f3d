"""Multigrid against a factorisation."""

import numpy as np
import pytest
from scipy.sparse import diags, identity, kron
from scipy.sparse.linalg import splu

from sirenpde.linear import multigrid as module
from sirenpde.linear.multigrid import multigrid


def neumann(n):
    slopes = diags([-1.0, 1.0], [0, 1], shape=(n - 1, n))
    return slopes.T @ slopes


def pixels(height, width):
    """The five-point matrix of a picture, in columns, of which those outside a disc are known."""
    matrix = kron(neumann(height), identity(width)) + kron(identity(height), neumann(width))
    row, column = np.mgrid[:height, :width]
    outside = (row - height / 2) ** 2 + (column - width / 2) ** 2 > (0.4 * min(height, width)) ** 2
    return (matrix + 1e6 * diags(outside.ravel().astype(float))).tocsr()


@pytest.mark.parametrize("shape", [(90, 75), (64, 128)])
def test_it_solves_what_a_factorisation_does_in_few_iterations(shape, monkeypatch):
    monkeypatch.setattr(module, "COARSEST", 50)
    monkeypatch.setattr(module, "ITERATIONS", 25)
    matrix = pixels(*shape)
    b = np.random.default_rng(0).standard_normal((matrix.shape[0], 3))
    exact = splu(matrix.tocsc()).solve(b)
    found = multigrid(matrix, shape)(b)
    assert np.abs(found - exact).max() < 1e-9 * np.abs(exact).max()
    assert np.array_equal(multigrid(matrix, shape)(b[:, 0]), multigrid(matrix, shape)(b[:, :1])[:, 0])


def test_few_unknowns_are_factorised():
    matrix = pixels(8, 9)
    b = np.arange(72.0)
    assert np.allclose(matrix @ multigrid(matrix, (8, 9))(b), b)
