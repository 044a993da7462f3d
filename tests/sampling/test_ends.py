"""Samples that are denser towards the boundary of a shape, and count so much less."""

import math

import pytest
import torch

from sirenpde import Box, Disk, Field, Problem, SineFeatures, on
from sirenpde.residuals import System
from sirenpde.sampling.ends import draw

SHAPES = {"disk": Disk(), "plate": Box(x=(-1, 1), y=(-1, 1)) - Disk(center=(0.2, 0), radius=0.1)}


def sampled(shape, count: int = 20_000):
    u = Field("u", shape, SineFeatures(10, 1.0))
    problem = Problem(on(shape, samples=count, name="inside")(lambda p: u(p)))
    network = u.network.build([-1, -1], [1, 1], 1, (), torch.Generator().manual_seed(0))
    system = System(problem, {u: network}, torch.device("cpu"), torch.float64)
    (batch,) = draw(system, torch.Generator().manual_seed(0), 1.0)
    return batch.points, batch.weights[:, 0]


@pytest.mark.parametrize("name", SHAPES)
def test_points_near_the_boundary_are_many_and_means_stay(name):
    shape = SHAPES[name]
    points, weights = sampled(shape)
    assert len(points) == 20_000 and bool(shape.contains(points).all())
    assert float(weights.mean()) == pytest.approx(1) and float(weights.min()) > 0
    near = shape.level(points) > -0.01
    plain = shape.level(shape.draw(20_000, torch.Generator().manual_seed(1))[0]) > -0.01
    assert int(near.sum()) > 2.5 * int(plain.sum())
    assert float(weights[near].mean()) < 0.4
    if name == "disk":  # the mean of r² over the unit disk is one half; the circle bends
        assert float((weights * points.square().sum(1)).mean()) == pytest.approx(0.5, abs=0.1)
        assert math.isclose(float(points.norm(dim=1).max()), 1, abs_tol=1e-4)
