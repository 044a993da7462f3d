"""Motz's problem and the L-shape: conditions, published coefficients, and two ways to one number."""

import pytest
import torch

from sirenpde import Box
from sirenpde.problem.reference import exact_values
from sirenpde.references.corners import l_shape, l_shape_fit, motz, motz_fit, sheared_crack, sheared_crack_fit

HALF = Box(x=(-1, 1), y=(0, 1))
PUBLISHED = (
    401.162453745234,
    87.6559201950879,
    17.2379150794468,
    -8.0712152596987,
)  # Li, Mathon, Sermer 1987


def at(function, *points):
    return exact_values(function, HALF.axes, torch.tensor(points, dtype=torch.float64), {}).flatten()


def test_coefficients_of_motz_are_those_published():
    fit = motz_fit()
    coefficients = [float(c) / 2 ** ((m + 0.5) / 2) for m, c in enumerate(fit.coefficients[: len(PUBLISHED)])]
    assert coefficients == pytest.approx(PUBLISHED, rel=1e-11)
    assert fit.edge_error < 1e-9


def test_motz_has_its_conditions():
    values = at(motz, (1.0, 0.123), (1.0, 0.987), (-0.3, 0.0), (-0.9, 0.0))
    assert float((values - torch.tensor([500.0, 500.0, 0.0, 0.0])).abs().max()) < 1e-9
    step = 1e-5
    slopes = at(motz, (0.4, 1.0), (-1.0, 0.5)) - at(motz, (0.4, 1.0 - step), (-1.0 + step, 0.5))
    assert float(slopes.abs().max()) < 1e3 * step**2


def test_the_l_shape_satisfies_its_equation_and_edge():
    assert l_shape_fit().edge_error < 1e-12
    edge = at(l_shape, (0.0, -0.37), (0.61, 0.0), (-0.2, 1.0), (-1.0, -0.99))
    assert float(edge.abs().max()) < 1e-12
    x, y, h = -0.31, 0.23, 1e-3
    around = at(l_shape, (x + h, y), (x - h, y), (x, y + h), (x, y - h), (x, y))
    laplacian = (around[:4].sum() - 4 * around[4]) / h**2
    assert float(laplacian) == pytest.approx(-1.0, abs=1e-5)


def test_the_l_shape_is_symmetric_about_its_diagonal():
    """(x, y) -> (-y, -x) maps it to itself, which the fit does not know."""
    first = at(l_shape, (-0.5, 0.3), (0.4, 0.7), (-0.2, -0.8))
    second = at(l_shape, (-0.3, 0.5), (-0.7, -0.4), (0.8, 0.2))
    assert float((first - second).abs().max()) < 1e-12


def test_the_sheared_crack_has_its_conditions():
    fit = sheared_crack_fit()
    assert fit.edge_error < 1e-12
    values = at(sheared_crack, (0.3, 1.0), (0.3, -1.0), (-0.4, 0.0))
    assert float((values - torch.tensor([1.0, -1.0, 0.0])).abs().max()) < 1e-12
    step = 1e-5
    slopes = at(sheared_crack, (0.4, 0.0), (1.0, 0.5)) - at(sheared_crack, (0.4, step), (1.0 - step, 0.5))
    assert float(slopes.abs().max()) < 100 * step**2
    ahead = at(sheared_crack, (1e-8, 1e-9))  # beside the crack, near its tip: a₀ (r / R)^(1/2)
    assert float(ahead) == pytest.approx(float(fit.coefficients[0]) * (1e-8 / 2**0.5) ** 0.5, rel=0.01)
