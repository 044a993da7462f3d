"""Which of two fields are better."""

import math

import pytest
import torch

from sirenpde import Box, D, Field, Problem, SineLattice, on
from sirenpde.networks.slabs import SlabNetwork
from sirenpde.residuals import System
from sirenpde.run.iterate import Iterate, better

box = Box(t=(0, 1), x=(-1, 1))
t, x = box.axes
u = Field("u", box)
PROBLEM = Problem(on(box, 50, name="forced")(lambda p: D(u, t)(p) - 1))


def iterate(objective: float, residual: float, until: float | None = None) -> Iterate:
    """Of a march that came so far; or, left out, of fields that are known everywhere."""
    network = SineLattice((1, 1)).build([0.0, -1.0], [1.0, 1.0], 1, (), torch.Generator())
    whole = network if until is None else SlabNetwork(0, (0.0, 1.0), [network], until)
    system = System(PROBLEM, {u: whole}, torch.device("cpu"), torch.float64)
    return Iterate({}, system, system.initial(), objective, residual, 0)


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (iterate(1.0, 0.01), iterate(0.5, 0.02)),  # both are solutions: the worst constraint tells
        (iterate(0.5, 0.4), iterate(1.0, 0.2)),  # neither is: the objective does
        (iterate(0.5, 0.9), iterate(1.0, 0.8)),
        (iterate(1.0, 0.4), iterate(0.5, 0.9)),  # one constraint is not met at all
        (iterate(1.0, 0.01), iterate(0.1, 0.9)),
        (iterate(1.0, 0.01), iterate(0.1, 1e-9, until=0.5)),  # the rest is unknown
        (iterate(1.0, 0.4), iterate(0.1, 1e-9, until=0.5)),
        (iterate(0.5, 1e-9, until=0.5), iterate(1.0, 0.9)),  # known in part, or none at all
        (iterate(1.0, 0.9, until=0.5), iterate(0.0, 0.0, until=0.0)),
        (iterate(1.0, 0.9), iterate(0.0, 0.0, until=0.0)),  # a start that vanishes is met by nothing
        (iterate(1.0, 0.9), iterate(math.inf, math.inf)),
    ],
)
def test_the_better_of_two_fields(good: Iterate, bad: Iterate) -> None:
    assert better(good, bad) is good and better(bad, good) is good


def test_of_equals_the_later_is_taken() -> None:
    one, other = iterate(1.0, 0.01), iterate(2.0, 0.01)
    assert better(one, other) is other and better(None, one) is one
