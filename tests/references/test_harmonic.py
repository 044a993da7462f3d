"""Harmonic functions between circles: they meet their boundary values, and those published."""

import pytest
import torch
from reference_values import at, drawn

from sirenpde import Box, laplacian
from sirenpde.references.harmonic import around_cold_circles, boundary_values

SQUARE = Box(x=(-0.5, 0.5), y=(-0.5, 0.5))
U = around_cold_circles(SQUARE.axes, 0.5, 0.3, 0.1)


def test_the_boundary_values_are_met_between_the_points_of_the_fit():
    points, values = boundary_values(0.5, 0.3, 0.1, 777, 333)
    assert float((at(SQUARE, U, points) - values).abs().max()) < 5e-13


def test_it_is_harmonic_and_has_the_published_values():
    points = drawn(SQUARE, 400)
    points = points[((points.abs() - 0.3).norm(dim=1) > 0.15) & (points.abs().amax(1) < 0.45)]
    x, y = SQUARE.axes
    assert float(at(SQUARE, laplacian(U, x, y), points).abs().max()) < 1e-8
    places = torch.tensor([[0.0, 0.0], [0.1, 0.2], [0.45, 0.0], [0.3, 0.0]], dtype=torch.float64)
    published = [0.23358492, 0.22091574, 0.80965592, 0.37987067]
    assert at(SQUARE, U, places).tolist() == pytest.approx(published, abs=1e-8)
