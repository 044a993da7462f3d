"""Solitons: the known quotient of two, the equation of three."""

import math

import pytest
import torch
from reference_values import at, drawn

from sirenpde import Box, D
from sirenpde.references.solitons import solitons


def test_two_solitons_are_the_known_quotient():
    box = Box(t=(0, 5), x=(0, 20))
    t, x = drawn(box, 1000).T
    a, b = x - 6 * t + 2, x - 2 * t - 2
    k, m = math.sqrt(6), math.sqrt(2)
    top = 8 * (6 * torch.cosh(m * b / 2) ** 2 + 2 * torch.sinh(k * a / 2) ** 2)
    below = (k - m) * torch.cosh((k * a + m * b) / 2) + (k + m) * torch.cosh((k * a - m * b) / 2)
    found = at(box, solitons((6, 2), (-2, 2), box.axes), torch.stack([t, x], dim=1))
    assert float(found.max()) > 2.9
    assert float((found - top / below**2).abs().max()) < 1e-13


def test_three_solitons_solve_their_equation_and_never_overflow():
    box = Box(t=(0, 2), x=(-10, 20))
    t, x = box.axes
    u, points = solitons((9.0, 4.0, 1.0), (-8.0, -2.0, 0.0), box.axes), drawn(box, 300)
    terms = [at(box, f, points) for f in (D(u, t), u, D(u, x), D(u, x, x, x))]
    assert float(terms[3].abs().max()) > 50
    assert float((terms[0] + 6 * terms[1] * terms[2] + terms[3]).abs().max()) < 1e-11
    far = torch.tensor([[0.0, 1e5], [1e4, -1e5]], dtype=torch.float64)
    assert at(box, u, far).tolist() == [0.0, 0.0]


def test_solitons_of_the_same_speed_are_refused():
    axes = Box(t=(0, 1), x=(0, 1)).axes
    for speeds, places in (((1.0, 1.0), (0.0, 1.0)), ((1.0, -2.0), (0.0, 1.0)), ((1.0,), (0.0, 1.0))):
        with pytest.raises(ValueError, match="positive and differ"):
            solitons(speeds, places, axes)
