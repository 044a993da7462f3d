"""Flow through a channel whose inlet swings: against its conditions, higher degrees, and packed values."""

import numpy as np
import pytest

from sirenpde import bundled
from sirenpde.references.pinnacle import channel, tables


def distance(found, known):
    return float(np.linalg.norm(found - known) / np.linalg.norm(known))


def test_what_flows_in_flows_out():
    """2 / π times the swing comes in and leaves, and the walls are at rest."""
    t = 0.2
    y, weights = np.polynomial.legendre.leggauss(30)
    flow = channel.swinging_flow((16, 12), 100, t, 2, np.array([0.0, 2.0]), (y + 1) / 2)[-1]
    swing = sum(np.sin(k * np.pi * t) for k in (1, 3, 5))
    assert np.abs(flow[..., 0] @ weights / 2 - 2 / np.pi * swing).max() < 1e-8
    walls = channel.swinging_flow((16, 12), 100, t, 2, np.array([0.7, 2.0]), np.array([0.0, 1.0]))[-1]
    assert np.abs(walls[..., :2]).max() < 1e-12


def test_it_converges_in_degrees_and_steps():
    x, y = np.arange(1, 9) / 4, np.arange(1, 6) / 6
    coarse, fine, shorter = (
        channel.swinging_flow(degrees, each, 0.2, 2, x, y)[-1]
        for degrees, each in (((12, 8), 50), ((18, 12), 50), ((12, 8), 100))
    )
    assert distance(coarse, fine) < 5e-3
    assert distance(coarse, shorter) < 1e-4


def test_packed_values_are_what_is_computed():
    """Until t = 1/2, by lower degrees."""
    with np.load(bundled("pinnacle/ns2d_lt.npz")) as file:
        known = dict(file)
    made = tables.ns2d_lt((20, 12), 50, end=0.5)
    count = len(made["t"])
    for name in "txy":
        assert np.array_equal(made[name], known[name][:count])
    assert distance(made["certified"], known["certified"][:count]) < 2e-3


def test_steps_that_are_too_long_are_told():
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=r"beyond bounds.*shorter"):
        channel.swinging_flow((16, 12), 3, 5.0, 11, np.array([1.0]), np.array([0.5]))
