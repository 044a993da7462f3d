"""An activation's derivatives in buffers, against automatic differentiation."""

import pytest
import torch

from sirenpde.engines.layers.slopes import Slopes
from sirenpde.networks.activations.activation import offered_activations
from sirenpde.networks.activations.sine import sine

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")  # torch.func.jvp does it
ALL = [sine, *offered_activations()]


@pytest.mark.parametrize("order", [0, 2, 5])
@pytest.mark.parametrize("activation", ALL, ids=lambda a: a.name)
def test_slopes_are_the_derivatives_up_to_their_signs(activation, order):
    z = torch.linspace(-2.1, 1.9, 7, dtype=torch.float64)
    at = z.clone().requires_grad_()
    expected = [activation.function(at)]
    for _ in range(order):
        expected.append(torch.autograd.grad(expected[-1].sum(), at, create_graph=True)[0])
    slopes = Slopes(activation, order, z, torch.empty_like(z), lambda *n: torch.empty(*n, dtype=z.dtype))
    slopes.fill()
    assert len(slopes) == order + 1
    for (buffer, sign), exact in zip((slopes[k] for k in range(order + 1)), expected, strict=True):
        torch.testing.assert_close(sign * buffer, exact.detach(), rtol=1e-10, atol=1e-12)
