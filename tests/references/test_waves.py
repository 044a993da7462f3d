"""Closed forms of waves against scipy's special functions."""

import numpy as np
import torch
from scipy.special import h1vp, hankel1, hankel2

from sirenpde import Box
from sirenpde.calculus.evaluate import point
from sirenpde.references.waves import hankel, radiated


def test_the_function_of_hankel_has_thirteen_digits():
    z = torch.logspace(-1, 3, 500, dtype=torch.float64)
    exact = hankel1(0, z.numpy())
    assert np.abs(hankel(z).numpy() / exact - 1).max() < 1e-13


def test_its_slope_is_that_of_the_closed_form():
    z = torch.tensor([0.3, 2.0, 40.0], dtype=torch.float64)
    slopes = torch.func.vmap(lambda q: torch.func.jvp(hankel, (q,), (torch.ones_like(q),))[1])(z)
    assert np.allclose(slopes.numpy(), h1vp(0, z.numpy()), rtol=1e-12)


def nothing(*_: object) -> torch.Tensor:
    raise ValueError("a closed form reads no field and no data")


def test_the_wave_of_a_narrow_source_is_that_of_a_point_weaker_by_its_width():
    x, y = Box(x=(-1, 1), y=(-1, 1)).axes
    k, width, place = 20.0, 0.01, torch.tensor([0.3, -0.4], dtype=torch.float64)
    found = radiated(k, width, (x, y))(point(("x", "y"), place, nothing, nothing))
    exact = (1j - 1) / 4 * hankel2(0, 0.5 * k) * np.exp(-((k * width) ** 2) / 2)
    assert abs(complex(found) - exact) < 1e-14
