"""Random points are functions of a seed and a number: pools, windows of them, counts."""

import pytest
import torch
from states import state_of
from transport_problems import transport

from sirenpde import Field, Problem, Siren, on
from sirenpde.geometry.box import Box
from sirenpde.sampling.drawing import POOL, Drawing, generator

BOX = Box(x=(0, 1))
NODES = BOX.nodes(40)
SYSTEM = state_of(transport(samples=30)).system


def points(batches):
    return [batch.points for batch in batches]


def same(first, second):
    return [torch.equal(a, b) for a, b in zip(points(first), points(second), strict=True)]


def test_a_draw_is_a_function_of_seed_and_number():
    draws = {(s, n): torch.rand(3, generator=generator(s, n)).tolist() for s in (0, 1) for n in (-1, 0, 1)}
    assert len({tuple(values) for values in draws.values()}) == 6
    assert torch.rand(3, generator=generator(1, 1)).tolist() == draws[1, 1]


def test_fresh_points_are_windows_of_a_pool_whenever_their_step_is_taken():
    pools = {}
    steps = [Drawing(SYSTEM, 3, step=step).fresh(pools) for step in range(POOL + 1)]
    whole = torch.cat([step[0].points for step in steps[:POOL]])
    assert len(whole.unique(dim=0)) == POOL * 30  # no point twice
    for step in (POOL, 5, 0):
        assert all(same(Drawing(SYSTEM, 3, step=step).fresh({}), steps[step]))


def test_points_that_stay_and_those_held_out_are_others():
    drawing = Drawing(SYSTEM, 0)
    assert all(same(drawing.fixed(), Drawing(SYSTEM, 0, step=9).fixed()))
    assert not any(same(drawing.fixed(), drawing.held_out()))


@pytest.mark.parametrize(("scale", "drawn"), [(1.0, 25), (0.2, 5), (1e-9, 1)])
def test_residuals_are_counted_on_whole_domains_and_on_draws(scale, drawn):
    u = Field("u", BOX, Siren(4, 1))
    problem = Problem(
        on(NODES, name="all")(lambda p: torch.stack([u(p), u(p) ** 2])), on(BOX, 25, name="some")(u)
    )
    assert Drawing(state_of(problem).system, 0, scale).counts() == (80, drawn)
