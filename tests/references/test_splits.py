"""Fields of point sources in two parts: both ways of splitting one field are the same field."""

import pytest
import torch

from sirenpde import PML, Box
from sirenpde.calculus.evaluate import over_known
from sirenpde.references.sources import point_sources
from sirenpde.references.splits import split

BOX = Box(x=(-1, 1), y=(-1, 1))
LAYER = PML(BOX, 0.5, wavenumber=12.0)
X, Y = BOX.axes
BODY = Box(x=(-0.3, 0.3), y=(-0.3, 0.3))


def uniform(p):
    return 144.0 + 0 * X(p)


def square(p):
    return torch.where((X(p).abs() < 0.3) & (Y(p).abs() < 0.3), 36.0, uniform(p))


def values(function, points):
    return over_known(function, ("x", "y"), torch.tensor(points, dtype=torch.float64), {}, {})


def test_boxes_about_sources_leave_their_waves_out_inside():
    sources = point_sources(LAYER, (0.0, 0.0, 0.4, 0.1), square)
    parts = split(sources)
    assert parts.hull.bounds == ((-0.25, 0.5), (-0.25, 0.25))
    assert [box.bounds[0] for box in parts.boxes] == [(-0.25, 0.25), (0.30000000000000004, 0.5)]
    place = [[0.2, 0.1]]
    assert torch.equal(values(parts.known_inside, place), values(sources.incoming, place))
    assert torch.equal(values(parts.load_inside, place), values(sources.load, place))
    assert (
        complex(values(parts.known_outside, place)[0]) == complex(values(parts.load_outside, place)[0]) == 0
    )


def test_boxes_about_bodies_leave_their_waves_out_around_them():
    sources = point_sources(LAYER, (-0.35, 0.0), square)
    parts = split(sources, (BODY,))
    place = [[0.28, 0.1]]
    assert torch.equal(values(parts.load_outside, place), values(sources.load, place))
    assert complex(values(parts.load_inside, place)[0]) == complex(values(parts.known_inside, place)[0]) == 0
    assert (
        complex(values(parts.load_outside, [[0.8, 0.8]])[0]) == 0
    )  # in the layer the medium is the sources'


def test_the_band_lies_in_both_parts_and_they_cover_the_box():
    parts = split(point_sources(LAYER, (0.0, 0.0), uniform))
    points = torch.tensor([[0.0, 0.1], [0.0, 0.2], [0.0, 0.3], [0.9, 0.9]], dtype=torch.float64)
    assert parts.inside.contains(points).tolist() == [True, True, False, False]
    assert parts.outside.contains(points).tolist() == [False, True, True, True]
    assert parts.band.contains(points).tolist() == [False, True, False, False]
    chosen = values(lambda p: parts.joined(p, 2 + 0 * X(p), 1 + 0 * X(p)), points.tolist())
    assert chosen.tolist() == [1, 2, 2, 2]


@pytest.mark.parametrize(
    ("at", "medium", "bodies", "words"),
    [
        ((0.1, 0.0), square, (BODY,), "lies in the box of a body"),
        ((0.0, 0.5), uniform, (), "lies where the layer begins"),
        ((-0.4, 0.0), uniform, (Box(x=(0, 0.6), y=(0, 0.1)),), "The corner of a body at"),
        ((-0.35, 0.0), lambda p: 144 - 50 * X(p), (BODY,), "in the layer, where it is up to"),
    ],
)
def test_splits_that_cannot_be_are_refused(at, medium, bodies, words):
    with pytest.raises(ValueError, match=words):
        split(point_sources(LAYER, at, medium), bodies)
