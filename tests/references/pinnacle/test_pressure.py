"""Velocity and pressure of the cavity: the path of the integral, a second solver's velocity, the stored values."""

import numpy as np
import pytest

from sirenpde import bundled
from sirenpde.references.cavity import driven_cavity, flow_below, parabola
from sirenpde.references.pinnacle import pressure
from sirenpde.references.pinnacle.pressure import cavity_on


def test_the_pressure_depends_on_no_path():
    """Up the left wall and then along a line, instead of along the bottom and then up."""
    s = np.linspace(0, 1, 5)
    p = cavity_on(s, s, 20.0, modes=28)[:, :, 2]
    flow = flow_below(20.0, parabola, 28)
    nodes, half, weight = pressure._between(s)
    for k in (1, 2, 3):
        along = pressure._slope(flow, 1 / 20, nodes.ravel(), s[k : k + 1], 0)[:, 0].reshape(nodes.shape)
        line = np.cumsum(along @ weight * half)
        assert np.abs(p[1:, k] - p[0, k] - line).max() < 1e-2 * np.abs(p[:, k]).max()
    assert p[0, 0] == 0 and np.abs(p[:, 2]).max() > 0.01


def test_the_velocity_is_that_of_the_stream_function():
    from sirenpde import Box

    s = np.linspace(0, 1, 11)
    known = driven_cavity(Box(x=(0, 1), y=(0, 1)), 20.0, modes=16, nodes=11).data["velocity"].numpy()
    assert np.abs(cavity_on(s, s, 20.0, modes=16)[:, :, :2].reshape(-1, 2) - known).max() < 1e-12


@pytest.mark.slow
def test_the_stored_values_are_these():
    stored = np.load(bundled("pinnacle/ns2d_c.npz"))
    x, y = (np.unique(stored[axis].round(9)) for axis in "xy")
    flow = cavity_on(np.append(0.0, x[x > 0]), np.append(0.0, y[y > 0]), modes=40)
    i, j = np.searchsorted(x, stored["x"].round(9)), np.searchsorted(y, stored["y"].round(9))
    assert np.abs(flow[i, j] - stored["certified"]).max() < 2e-5
