"""Activations: derivatives in closed form, far out as well, and names."""

import pytest
import torch
from torch.func import grad, vmap

from sirenpde.networks.activations.activation import Activation, offered_activations
from sirenpde.networks.activations.sine import sine
from sirenpde.networks.activations.softplus import softplus

ALL = [sine, *offered_activations()]


@pytest.mark.parametrize("activation", ALL, ids=lambda a: a.name)
def test_derivatives_of_activations_equal_nested_automatic_ones(activation: Activation) -> None:
    z = torch.linspace(-6, 6, 121, dtype=torch.float64)
    closed, f = activation.derivatives(z, 4), activation.function
    assert len(closed) == 5
    for order in range(5):
        assert (closed[order] - vmap(f)(z)).abs().max() < 1e-12, f"order {order}"
        assert len(activation.derivatives(z, order)) == order + 1
        assert torch.equal(activation.derivatives(z, order)[order], closed[order])
        f = grad(f)


@pytest.mark.parametrize("activation", ALL, ids=lambda a: a.name)
def test_activations_stay_finite_far_out(activation: Activation) -> None:
    z = torch.tensor([-800.0, -45, -21, 21, 45, 800], dtype=torch.float64)
    closed = torch.stack(list(activation.derivatives(z, 4)))
    assert closed.isfinite().all()
    assert torch.equal(closed[0], activation.function(z))


def test_softplus_has_all_its_digits_beyond_twenty() -> None:
    z = torch.tensor([21.0, 30.0], dtype=torch.float64)
    assert torch.equal(softplus.function(z), z + torch.log1p(torch.exp(-z)))
