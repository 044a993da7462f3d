"""Closed forms of waves against scipy's special functions."""

import numpy as np
import torch
from scipy.special import hankel2

from sirenpde import Box
from sirenpde.calculus.evaluate import point
from sirenpde.references.waves import radiated


def nothing(*_: object) -> torch.Tensor:
    raise ValueError("a closed form reads no field and no data")


def test_the_wave_of_a_narrow_source_is_that_of_a_point_weaker_by_its_width():
    x, y = Box(x=(-1, 1), y=(-1, 1)).axes
    k, width, place = 20.0, 0.01, torch.tensor([0.3, -0.4], dtype=torch.float64)
    found = radiated(k, width, (x, y))(point(("x", "y"), place, nothing, nothing))
    exact = (1j - 1) / 4 * hankel2(0, 0.5 * k) * np.exp(-((k * width) ** 2) / 2)
    assert abs(complex(found) - exact) < 1e-14
