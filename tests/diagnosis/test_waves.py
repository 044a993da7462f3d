"""The smooth fields that constraints are tried with: their derivatives are those of their values."""

import pytest
import torch

from sirenpde import Box, D, Field, Problem, Unknown, on
from sirenpde.diagnosis.waves import smooth_fields

BOX = Box(t=(-1, 3), x=(0, 0.5))
t, x = BOX.axes
u, v, c = Field("u", BOX), Field("v", BOX, shape=(2,)), Unknown("c", 4.0)


def asked(f):
    return Problem(on(BOX, 10, name="f")(f)).requests[0].derivatives


def read(key, coords, seed=0):
    return smooth_fields(("t", "x"), seed)(coords)(key)


@pytest.mark.parametrize(
    "axes", [(t,), (x,), (t, x), (x, x), (t, x, x)], ids=lambda a: "".join(b.name for b in a)
)
def test_derivatives_are_those_of_the_values(axes):
    (value,), (slope,) = asked(u), asked(D(u, *axes))
    coords = torch.tensor([0.3, 0.2], dtype=torch.float64, requires_grad=True)
    expected = read(value, coords)
    for axis in axes:
        (gradient,) = torch.autograd.grad(expected, coords, create_graph=True)
        expected = gradient["tx".index(axis.name)]
    torch.testing.assert_close(read(slope, coords), expected)
    assert float(expected.detach().abs()) > 1e-3


@pytest.mark.parametrize("seed", range(3))
def test_values_are_positive_and_of_size_one(seed):
    for coords in BOX.draw(50, torch.Generator().manual_seed(seed))[0]:
        (value,) = asked(v)
        values = read(value, coords, seed)
        assert values.shape == (2,) and float(values.min()) >= 0.4 and float(values.max()) <= 1.6


def test_an_unknown_number_is_its_first_guess():
    assert float(read(c, torch.zeros(2, dtype=torch.float64))) == 4.0
