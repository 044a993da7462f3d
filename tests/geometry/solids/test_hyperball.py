"""Balls of more than three dimensions: volumes, points and normals."""

import math

import pytest
import torch

from sirenpde import Hyperball, Interval
from sirenpde.geometry import can


def test_points_are_uniform_inside_and_on_the_sphere():
    """The mean of |x|² is d / (d + 2) r² inside; on the sphere x1² has r² / d, x1⁴ has 3 r⁴ / (d (d + 2))."""
    d, r = 5, 2.0
    ball = Hyperball(d, r)
    points, _ = ball.draw(2**14, torch.Generator().manual_seed(0))
    assert bool(ball.contains(points).all())
    assert abs(float((points**2).sum(1).mean()) - d / (d + 2) * r**2) < 2e-3
    surface, data = ball.boundary().draw(2**14, torch.Generator().manual_seed(1))
    assert abs(float((surface[:, 0] ** 2).mean()) - r**2 / d) < 4e-3
    assert abs(float((surface[:, 0] ** 4).mean()) - 3 * r**4 / (d * (d + 2))) < 2e-2
    assert torch.equal(surface, r * data["normal"])


def test_volume_and_area():
    """In five dimensions 8 π² / 15 r⁵ and its derivative by the radius."""
    ball = Hyperball(5, 1.5)
    assert math.isclose(ball.measure, 8 * math.pi**2 / 15 * 1.5**5, rel_tol=1e-14)
    assert math.isclose(ball.boundary().measure, 8 * math.pi**2 / 3 * 1.5**4, rel_tol=1e-14)


def test_over_time_it_has_no_mesh():
    assert not can.needs_mesh(Hyperball(5) * Interval(t=(0, 1)))


@pytest.mark.parametrize(
    "given, said",
    [({"dimensions": 3}, r"whole number from 4.*Ball"), ({"dimensions": 5, "radius": 0}, "above 0")],
)
def test_what_is_no_hyperball(given, said):
    with pytest.raises(ValueError, match=said):
        Hyperball(**given)
