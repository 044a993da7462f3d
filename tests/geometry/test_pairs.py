"""Samples of two points: both ends of an axis, both sides of a plane."""

import pytest
import torch

from sirenpde import Box
from sirenpde.geometry.instants import held_at, instant
from sirenpde.geometry.pairs import OTHER
from sirenpde.geometry.region import within

box = Box(t=(0, 1), x=(-1, 3))


@pytest.mark.parametrize(
    ("pairs", "ends", "name"),
    [
        (box.pairs("x"), (-1, 3), "x = -1 and x = 3"),
        (box.interface(x=0.5), (0.5, 0.5), "both sides of x = 0.5"),
        (box.at(t=0).pairs("x"), (-1, 3), "t = 0, x = -1 and x = 3"),
    ],
)
def test_both_points_of_a_sample_differ_along_one_axis(pairs, ends, name):
    points, data = pairs.draw(50, torch.Generator().manual_seed(0))
    other = data[OTHER]
    assert pairs.name == name
    assert torch.equal(points[:, 0], other[:, 0]) and len(points[:, 0].unique()) in (1, len(points))
    assert torch.allclose(points[:, 1], torch.tensor(ends[0], dtype=points.dtype), rtol=0, atol=1e-11)
    assert torch.allclose(other[:, 1], torch.tensor(ends[1], dtype=points.dtype), rtol=0, atol=1e-11)
    assert bool((points[:, 1] < other[:, 1]).all())
    assert data["normal"].tolist() == [[0.0, 1.0]] * len(points)


def test_pairs_of_an_interval_are_one_sample():
    ends = Box(x=(0, 2)).pairs("x")
    points, data = ends.draw(None, torch.Generator())
    assert ends.size == 1 and points.tolist() == [[0.0]] and data[OTHER].tolist() == [[2.0]]


def test_pairs_that_there_are_not_are_refused():
    with pytest.raises(ValueError, match="no axis 'y'"):
        box.pairs("y")
    with pytest.raises(ValueError, match="outside the box"):
        box.interface(x=4)
    with pytest.raises(ValueError, match="an end of x; expected a value between -1 and 3"):
        box.interface(x=3)
    with pytest.raises(ValueError, match="expected one"):
        box.interface(x=0, t=0)


def test_pairs_are_cut_and_moved_with_both_of_their_points():
    spacetime = Box(t=(0, 2), x=(0, 1))
    t, x = spacetime.axes
    ends = spacetime.pairs("x")
    points, data = within(ends, t, 0.5, 1.0).draw(100, torch.Generator().manual_seed(0))
    assert 0.5 < float(points[:, 0].min()) < 0.52 < 0.98 < float(points[:, 0].max()) < 1
    assert torch.equal(data[OTHER][:, 0], points[:, 0]) and bool((data[OTHER][:, 1] == 1).all())
    assert instant(ends, t) is None and instant(ends, x) is None and within(ends, x, 0.0, 0.5) is None
    start = spacetime.at(t=0).pairs("x")
    points, data = held_at(start, t, 1.5).draw(None, torch.Generator())
    assert points.tolist() == [[1.5, 0]] and data[OTHER].tolist() == [[1.5, 1]]
