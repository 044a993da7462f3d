"""Outlines: uniform by length, cut by predicates, in slabs, and as factors of products."""

import math

import pytest
import torch

from sirenpde import Box, Disk, Ellipse, Interval, Polygon
from sirenpde.geometry.instants import instant
from sirenpde.geometry.region import within

PLATE = Box(x=(-1, 1), y=(-1, 1)) - Ellipse(radii=(0.8, 0.1)).rotated(0.4)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(
    "shape",
    [
        Ellipse(radii=(2, 0.1)),
        PLATE,
        Polygon([(0, 0), (4, 0), (4, 3), (0, 3)], rounded=1) - Disk(center=(2, 1.5)),
    ],
    ids=["thin ellipse", "plate", "rounded"],
)
def test_equal_lengths_have_equal_counts(shape, seed):
    """Each arc is cut into eight parts of equal length by where the nearest of its points lies."""
    outline = shape.boundary()
    points, _ = outline.draw(4096, generator(seed))
    for arc in outline.arcs:
        on_it = points[[bool(near < 1e-9) for near in _distance(arc, points)]]
        fine = arc.at((torch.arange(8000).double() + 0.5) / 8000)
        part = torch.cdist(on_it, fine).argmin(1) // 1000
        expected = 4096 * arc.measure / outline.measure / 8
        assert (torch.bincount(part, minlength=8) - expected).abs().max() <= 2.5


def _distance(arc, points):
    return (points - arc.curve.at(arc.curve.nearest(points).clamp(0, 1))).norm(dim=1)


@pytest.mark.parametrize("n", [1, 7, 100])
def test_corners_carry_no_sample(n):
    square = Box(x=(0, 1), y=(0, 1)) - Box(x=(0.25, 0.75), y=(0.25, 0.75))
    for seed in range(20):
        points, data = square.boundary().draw(n, generator(seed))
        on_axis = (data["normal"].abs() == 1).sum(1)
        assert bool((on_axis == 1).all())
        corners = torch.tensor([arc.start for arc in square.sides]).double()
        assert torch.cdist(points, corners).min() > 0


def test_it_is_cut_by_slabs_and_knows_its_instants():
    x, y = PLATE.axes
    slab = within(PLATE.boundary_of(PLATE.first), y, -1.0, 0.5)
    assert slab.measure == pytest.approx(2 + 2 * 1.5, rel=1e-8)  # a slab forgives rounding
    left = PLATE.boundary(where=lambda p: p[:, 0] == -1)
    assert instant(left, x) == -1 and instant(left, y) is None and instant(PLATE.boundary(), x) is None
    assert within(left, x, 0.0, 1.0) is None


def test_it_contains_its_points_and_no_others():
    outline = PLATE.boundary()
    points, data = outline.draw(300, generator())
    assert bool(outline.contains(points).all())
    assert not outline.contains(points + 1e-6 * data["normal"]).any()
    hole = PLATE.boundary_of(PLATE.second)
    assert int(hole.contains(points).sum()) == pytest.approx(300 * hole.measure / outline.measure, abs=3)


def test_a_product_fills_curve_and_time_together():
    wall = Disk(radius=2).boundary() * Interval(t=(0, 1))
    points, _ = wall.draw(4096, generator())
    angle = torch.atan2(points[:, 1], points[:, 0]) % (2 * math.pi)
    cells = (angle > math.pi).long() + 2 * (points[:, 2] > 0.5)
    assert (torch.bincount(cells) - 1024).abs().max() <= 2
