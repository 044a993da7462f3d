"""Corrections by one factor: how many they are, and when they are given up."""

import math

import torch

from sirenpde.linear.fixed_point import fixed_point

RANDOM = torch.Generator().manual_seed(1)
MATRIX = torch.eye(40).double() + 0.04 * torch.randn(40, 40, generator=RANDOM, dtype=torch.float64)
TARGET = torch.randn(40, generator=RANDOM, dtype=torch.float64)


def test_linear_equations_are_solved_to_rounding():
    found = fixed_point(lambda x: TARGET - MATRIX @ x, torch.zeros(40).double(), 1e-13)
    assert found.end == "arrived"
    assert torch.allclose(found.x, torch.linalg.solve(MATRIX, TARGET), atol=1e-11)


def test_mixing_solves_what_plain_corrections_do_not():
    """Plain ones grow by 1.2 each time."""
    rates = torch.linspace(-1.2, 0.5, 4).double()
    found = fixed_point(lambda x: 1 + (rates - 1) * x, torch.zeros(4).double(), 1e-12)
    assert found.end == "arrived"
    assert torch.allclose(found.x, 1 / (1 - rates), atol=1e-10)
    assert len(found.sizes) < 10


def test_what_grows_is_given_up_at_the_best_point():
    found = fixed_point(lambda x: x.square() + 1, torch.ones(1).double(), 1e-12)
    assert found.end == "slow"
    assert bool(found.x.isfinite().all())


def test_a_correction_that_is_no_number_is_given_up():
    found = fixed_point(lambda x: x * math.nan, torch.ones(3).double(), 1e-12)
    assert (found.end, found.x.tolist()) == ("slow", [1.0, 1.0, 1.0])


def test_it_stops_at_its_deadline():
    found = fixed_point(lambda x: -0.5 * x, torch.ones(1).double(), 1e-12, deadline=-math.inf)
    assert (found.end, len(found.sizes)) == ("late", 1)
