"""Legendre polynomials against those of NumPy."""

import numpy as np
import pytest
import torch

from sirenpde.geometry.nodes import gauss
from sirenpde.linear.axis_polynomials import AxisPolynomials


@pytest.mark.parametrize("derivative", [0, 1, 2, 4])
def test_values_and_derivatives_are_those_of_numpy(derivative):
    functions = AxisPolynomials(1.0, 4.0, 9)
    x = torch.linspace(1, 4, 13, dtype=torch.float64)
    for k in range(9):
        series = np.polynomial.Legendre.basis(k, domain=[1, 4]).deriv(derivative)
        expected = (2 * k + 1) ** 0.5 * series(x.numpy())
        assert functions.matrix(x, derivative)[:, k].numpy() == pytest.approx(expected, abs=1e-9)


def test_they_are_orthonormal_and_project_polynomials_exactly():
    functions = AxisPolynomials(-2.0, 1.0, 40)
    line = gauss(-2.0, 1.0, 40)
    product = functions.project(line, functions.matrix(line.nodes, 0))
    assert torch.allclose(product, torch.eye(40, dtype=torch.float64), atol=1e-12)
