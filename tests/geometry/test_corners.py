"""Corners of shapes, and which points lie on domains of every kind."""

import math

import pytest
import torch

from sirenpde import Box, Disk, Interval, Polygon
from sirenpde.geometry.corners import corners_of, lies_on

SQUARE = Box(x=(-1, 1), y=(-1, 1))
L_SHAPE = SQUARE - Box(x=(0, 1), y=(-1, 0))


def test_openings_are_those_of_the_shape():
    found = {corner.at: corner.opening for corner in corners_of(L_SHAPE)}
    assert found.pop((0.0, 0.0)) == pytest.approx(1.5 * math.pi)
    assert len(found) == 5 and all(o == pytest.approx(math.pi / 2) for o in found.values())
    assert len(list(corners_of(SQUARE - Disk(radius=0.5)))) == 4  # a circle has none


def test_directions_enclose_the_shape():
    wedge = Polygon([(0, 0), (1, -0.1), (1, -1), (-1, -1), (-1, 1), (1, 1), (1, 0.1)])
    (corner,) = (c for c in corners_of(wedge) if c.at == (0.0, 0.0))
    first, second = corner.between
    assert corner.opening == pytest.approx(2 * math.pi - 2 * math.atan(0.1))
    inside = [first + corner.opening * s for s in (0.01, 0.5, 0.99)]
    points = torch.tensor([[0.1 * math.cos(a), 0.1 * math.sin(a)] for a in inside], dtype=torch.float64)
    assert bool(wedge.contains(points).all())
    assert second % (2 * math.pi) == pytest.approx((first + corner.opening) % (2 * math.pi))


@pytest.mark.parametrize(
    "domain",
    [
        L_SHAPE,
        L_SHAPE.boundary(),
        SQUARE.boundary(),
        SQUARE.at(y=-1).where(lambda p: p[:, 0] < 0.3),
        SQUARE.boundary(where=lambda p: p[:, 0] < 0.3),
        (L_SHAPE * Interval(t=(0, 1))).boundary(),
        L_SHAPE.boundary() * Interval(t=(0, 1)),
    ],
    ids=lambda domain: f"{type(domain).__name__} {domain.name}",
)
def test_points_of_a_domain_lie_on_it_and_others_do_not(domain):
    points, _ = domain.draw(50, torch.Generator().manual_seed(0))
    assert bool(lies_on(domain, points).all())
    assert not bool(lies_on(domain, points + 3).any())
    if len(domain.axes) == 2 and domain.dimension == 1:
        inside = torch.tensor([[-0.5, 0.25], [0.3, 0.6]], dtype=torch.float64)
        assert not bool(lies_on(domain, inside).any())
