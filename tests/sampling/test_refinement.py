"""Samples towards singular points: where they are, and that their weights keep means."""

import math

import pytest
import torch

from sirenpde import Box
from sirenpde.networks.polar import Plane
from sirenpde.sampling.refinement import refined

L_SHAPE = Box(x=(-1, 1), y=(-1, 1)) - Box(x=(0, 1), y=(-1, 0))
PLANE = Plane((0, 1), (0.0, 0.0), ((1.0, 0.0), (0.0, 1.0)), 1e-14)


@pytest.mark.parametrize("on_boundary", [False, True])
def test_weights_keep_means_and_points_stay_in_the_domain(on_boundary):
    domain = L_SHAPE.boundary() if on_boundary else L_SHAPE
    points, _ = domain.draw(200_000, torch.Generator().manual_seed(0))
    moved, weights = refined(domain, points, (PLANE,), on_boundary, torch.Generator().manual_seed(1))
    assert bool(domain.contains(moved).all())
    for f in (
        torch.ones_like,
        lambda r: r,
        lambda r: (r < 0.3).double(),
        lambda r: r.clamp(min=1e-3) ** -0.5,
    ):
        before, after = f(points.norm(dim=1)).mean(), (weights * f(moved.norm(dim=1))).mean()
        assert float(after) == pytest.approx(float(before), rel=0.02)


def test_there_are_samples_at_every_distance():
    points, _ = L_SHAPE.draw(20_000, torch.Generator().manual_seed(0))
    moved, _ = refined(L_SHAPE, points, (PLANE,), False, torch.Generator().manual_seed(1))
    for low in (1e-6, 1e-5, 1e-4, 1e-3):
        assert int(((moved.norm(dim=1) > low) & (moved.norm(dim=1) < 10 * low)).sum()) > 200
    assert int((points.norm(dim=1) < 1e-3).sum()) < 5 and math.isfinite(float(moved.sum()))
