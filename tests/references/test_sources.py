"""Point sources: their waves, what another medium makes of them, and sources that cannot be."""

import math

import numpy as np
import pytest
import torch
from scipy.special import hankel2

from sirenpde import PML, Box, laplacian
from sirenpde.calculus.evaluate import over_known
from sirenpde.references.sources import point_sources

BOX = Box(x=(-1, 1), y=(-1, 1))
LAYER = PML(BOX, 0.5, wavenumber=12.0)
X, Y = BOX.axes


def bowl(p):
    """k² m that varies everywhere."""
    return 144.0 * (1 + 0.5 * X(p) ** 2 + 0.2 * Y(p))


def square(p):
    return torch.where((X(p).abs() < 0.3) & (Y(p).abs() < 0.3), 36.0, 144.0)


def values(function, points):
    return over_known(function, ("x", "y"), torch.as_tensor(points, dtype=torch.float64), {}, {})


def test_the_load_is_what_the_waves_leave_of_the_equation():
    sources = point_sources(LAYER, (0.1, -0.05, -0.2, 0.1), bowl, 1 + 2j)

    def left(p):
        return laplacian(sources.incoming, X, Y)(p) + bowl(p) * sources.incoming(p)

    points = LAYER.interior.draw(200, torch.Generator().manual_seed(0))[0]
    points = points[values(sources.measured(sources.incoming, 0.02), points).isfinite()]
    assert 150 < len(points) < 200
    expected, found = values(left, points), values(sources.load, points)
    assert (found - expected).abs().max() < 1e-9 * expected.abs().max()


def test_each_source_has_the_wavenumber_of_the_medium_around_it():
    sources = point_sources(LAYER, (0.0, 0.0, 0.4, 0.0), square, 1j)
    assert sources.wavenumbers == (6.0, 12.0)
    exact = -0.25 * (hankel2(0, 6 * 0.1) + hankel2(0, 12 * math.hypot(0.4, 0.1)))
    assert complex(values(sources.incoming, [[0.0, 0.1]])[0]) == pytest.approx(exact, rel=1e-13)


def test_at_a_source_its_wave_is_finite():
    sources = point_sources(LAYER, (0.1, 0.0), square)
    assert np.isfinite(complex(values(sources.incoming, [[0.1, 0.0]])[0]))


@pytest.mark.parametrize(
    ("at", "squared", "words"),
    [
        ((), square, "expected two for each source"),
        ((0.1, 0.2, 0.3), square, "expected two for each source"),
        ((0.0, 0.6), square, r"The source at \(0, 0.6\) lies in the absorbing layer"),
        ((0.3, 0.1), square, "lies on an interface: k² m is 36 on one side of it and 144"),
        ((0.0, 0.0), lambda p: 0 * X(p), "expected a positive number"),
    ],
)
def test_sources_that_cannot_be_are_refused(at, squared, words):
    with pytest.raises(ValueError, match=words):
        point_sources(LAYER, at, squared)
