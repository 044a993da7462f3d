"""A pulse released from rest, by the paper's network: its units of time, and where its points are."""

import pytest
import torch

from sirenpde import solve
from sirenpde.problem.load import build, find, load
from sirenpde.run.begin import build_network


def declared(**flags):
    return build(load(find("papers/wave_equation")), flags)


@pytest.mark.parametrize("speed", [1.0, 5.0])
def test_the_network_begins_as_fast_in_time_as_waves_are(speed):
    """Random waves of the first layer are as steep along c t as along x, so that neither term begins far larger."""
    problem = declared(speed=speed, units=64)
    (u,) = problem.fields
    network = build_network(u, u.network, seed=0)
    points = torch.rand(500, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64) - 0.5
    points = (points * torch.tensor([0.5 / speed, 1.0, 1.0])).requires_grad_()
    (slopes,) = torch.autograd.grad(network(points).sum(), points)
    size = slopes.square().mean(dim=0).sqrt()
    assert 0.4 < size[0] / (speed * size[1]) < 2.5


def test_half_of_the_points_at_the_start_are_near_the_pulse():
    problem = declared(reach=0.2)
    near, far = (c.domain.draw(1000, torch.Generator().manual_seed(0))[0] for c in problem.constraints[1:3])
    assert bool((near[:, 0] == 0).all()) and bool((far[:, 0] == 0).all())
    assert float(near[:, 1:].norm(dim=1).max()) < 0.2 < float(far[:, 1:].norm(dim=1).median())


@pytest.mark.slow
def test_a_wide_pulse_is_followed_by_training():
    solution = solve(declared(width=0.1, height=0.4, reach=0.3, units=64), steps=500, samples_scale=0.5)
    assert solution.errors["u"]["relative_l2"] < 0.4
