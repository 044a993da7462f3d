"""A random medium, heat and waves in it: against the suite's field, modes of a uniform medium, and packed values."""

import hashlib
import math

import numpy as np
import pytest
import torch
from reference_values import at

from sirenpde import Box, PointCloud, bundled
from sirenpde.references.pinnacle import tables, two_valued


def test_the_medium_is_the_suites():
    """Its bits, as the table that the suite ships has them."""
    packed = np.packbits(two_valued.medium()).tobytes()
    assert hashlib.sha1(packed).hexdigest() == "5c230bd25db2a1b4fb4c9c9da0cca25230ca6e82"


def test_the_medium_at_points_is_that_of_the_nearest_node():
    box = Box(t=(0, 1), x=(-1, 1), y=(-1, 1))
    a = two_valued.nearest(1.0, 12.0, box)
    table = two_valued.coefficient(1.0, 12.0)
    i, j = np.random.default_rng(0).integers(1, 255, (2, 50))
    shift = np.random.default_rng(1).uniform(-0.49, 0.49, (2, 50))
    points = np.stack([np.zeros(50), (i + shift[0]) / 127.5 - 1, (j + shift[1]) / 127.5 - 1], 1)
    assert np.array_equal(at(box, a, torch.from_numpy(points)).numpy(), table[i, j])


@pytest.fixture
def uniform(monkeypatch):
    """One material in place of two, on few cells."""
    monkeypatch.setattr(two_valued, "CELLS", 32)
    monkeypatch.setattr(two_valued, "coefficient", lambda low, high: np.ones((32, 32)))


@pytest.mark.parametrize("form", ["flux", "code"])
def test_heat_in_one_material(form, uniform):
    """(∂t + 26 π²) g = 200 sin πt, times a mode; from 0."""
    times = [0.0, 0.02, 0.7, 4.0]
    x, values = two_valued.heat(form, times)
    rate, w = 26 * math.pi**2, math.pi
    t = np.array(times)
    g = 200 * (rate * np.sin(w * t) - w * np.cos(w * t) + w * np.exp(-rate * t)) / (rate**2 + w**2)
    known = g[:, None, None] * np.outer(np.sin(math.pi * x), np.sin(5 * math.pi * x))
    assert np.abs(values - known).max() < 6e-3 * np.abs(known).max()
    assert not values[:, 0].any() and not values[0].any()


@pytest.mark.parametrize("form", ["flux", "code"])
def test_waves_in_one_material_keep_their_mean_and_energy(form, uniform):
    _, values = two_valued.waves(form, 1.0, 1.0, 3)
    assert np.abs(values.mean((1, 2)) / values[0].mean() - 1).max() < 1e-12
    assert np.abs(values).max() <= 1


@pytest.mark.slow
def test_packed_heat_is_what_is_computed():
    cloud = PointCloud.open(bundled("pinnacle/heat2d_vc.npz"), Box(t=(0, 5), x=(0, 1), y=(0, 1)))
    chosen = cloud.where(cloud.points[:, 0] == 1.5)
    published = {name: column.numpy() for name, column in zip("txy", chosen.points.T, strict=True)}
    made = tables.heat2d_vc({**published, "published": chosen.data["published"].numpy()})
    for name in ("certified", "code"):
        assert np.abs(made[name] - chosen.data[name].numpy()).max() < 1e-6 * np.abs(made[name]).max()
