"""The screened Poisson equation around discs: its boundary values, its equation, and what the package holds of it."""

import numpy as np
import pytest

from sirenpde import bundled
from sirenpde.references.pinnacle import screened
from sirenpde.references.pinnacle.screened import around_warm_discs, boundary_values


def test_what_is_added_solves_the_equation_and_the_particular_solution_has_the_source():
    """By central differences of order four, at places off the axes and discs."""
    points = np.array([[0.05, 0.2], [-0.7, -0.3], [0.85, -0.85], [0.1, 0.75]])
    h = 2e-3

    def excess(f):
        def at(dx, dy):
            return f(points[:, 0] + dx, points[:, 1] + dy)

        def second(way):
            near = at(*(h * way)) + at(*(-h * way))
            far = at(*(2 * h * way)) + at(*(-2 * h * way))
            return (16 * near - far - 30 * at(0, 0)) / (12 * h * h)

        return 64 * at(0, 0) - second(np.array([1, 0])) - second(np.array([0, 1]))

    added = excess(screened._functions)
    size = 64 * np.abs(screened._functions(*points.T)) + 1
    assert added.shape == (4, 717)
    assert np.median(np.abs(added) / size) < 1e-5 and (np.abs(added) / size).max() < 0.1
    x, y = points.T
    source = 10 * (17 + x**2 + y**2) * np.sin(np.pi * x) * np.sin(4 * np.pi * y)
    assert np.abs(excess(screened._particular) - source).max() < 1e-4


@pytest.mark.slow
def test_the_boundary_values_are_met_and_the_stored_values_are_these():
    points, values = boundary_values(311, 173, 0.3)
    errors = np.abs(around_warm_discs(points) - values)
    corner = np.abs(np.abs(points) - 1).max(axis=1) < 0.1
    assert errors[corner].max() < 3e-6 and errors[4 * 311 :].max() < 2e-7
    stored = np.load(bundled("pinnacle/poisson2d_cg.npz"))
    some = slice(None, None, 17)
    found = around_warm_discs(np.stack([stored["x"][some], stored["y"][some]], axis=1))
    assert np.abs(found - stored["certified"][some]).max() < 1e-8
