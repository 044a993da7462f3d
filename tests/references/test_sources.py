"""Point sources: what is left to solve for against derivatives by the operators, and sources that cannot be."""

import math

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


@pytest.mark.parametrize(
    ("squared", "at", "reach"), [(bowl, (0.1, -0.05, -0.2, 0.1), 0.3), (square, (-0.4, 0.1), math.inf)]
)
def test_the_load_is_what_the_known_part_leaves_of_the_equation(squared, at, reach):
    sources = point_sources(LAYER, at, squared, 1 + 2j, reach)

    def left(p):
        return laplacian(sources.known, X, Y)(p) + squared(p) * sources.known(p)

    points = LAYER.interior.draw(200, torch.Generator().manual_seed(0))[0]
    expected, found = values(left, points), values(sources.load(squared), points)
    assert (found - expected).abs().max() < 1e-9 * expected.abs().max()


def test_the_known_part_is_the_wave_near_the_source_and_nothing_beyond_the_reach():
    sources = point_sources(LAYER, (0.1, 0.0), square_far_away, 1j, 0.4)
    near, far = values(sources.known, [[0.14, 0.0], [0.1, 0.41]])
    assert complex(near) == pytest.approx(-0.25 * hankel2(0, 12.0 * 0.04), rel=1e-13)
    assert abs(complex(far)) < 1e-15
    assert complex(values(sources.incoming, [[0.1, 0.41]])[0]) == pytest.approx(
        -0.25 * hankel2(0, 12 * 0.41), rel=1e-13
    )


def square_far_away(p):
    return 144.0 + 0 * X(p)


def test_wavenumbers_are_those_of_the_medium_at_the_source():
    sources = point_sources(LAYER, (0.0, 0.0, 0.4, 0.0), square, reach=0.1)
    assert sources.wavenumbers == (6.0, 12.0)


@pytest.mark.parametrize(
    ("at", "squared", "reach", "words"),
    [
        ((), square, math.inf, "expected two for each source"),
        ((0.1, 0.2, 0.3), square, math.inf, "expected two for each source"),
        ((0.0, 0.6), square, math.inf, r"The source at \(0, 0.6\) lies in the absorbing layer"),
        ((0.3, 0.1), square, math.inf, "lies on an interface: k² m is 36 on one side of it and 144"),
        ((0.0, 0.4), square, 0.2, "the layer begins 0.1 from one"),
        ((0.0, 0.0), lambda p: 0 * X(p), math.inf, "expected a positive number"),
        ((0.0, 0.0), square, math.inf, "in the layer k² m is up to 144"),
    ],
)
def test_sources_that_cannot_be_are_refused(at, squared, reach, words):
    with pytest.raises(ValueError, match=words):
        point_sources(LAYER, at, squared, reach=reach)
