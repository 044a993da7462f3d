"""Every engine on the device against nested torch.func in float64 on the CPU."""

from dataclasses import dataclass

import pytest
import torch

from sirenpde import MLP, Box, FourierSeries, SineFeatures, Siren, WaveSeries
from sirenpde.calculus.symbols import Symbol
from sirenpde.engines.flat import flatten
from sirenpde.engines.nested import NestedEngine
from sirenpde.engines.registry import engine_for
from sirenpde.networks.slabs import Slabs

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")  # torch.func.jvp does it
box = Box(t=(0, 1), x=(-1, 1))
SLOPES = [Symbol.partial(2, 0), Symbol.partial(2, 1)]
SECOND = [Symbol.identity(2), SLOPES[0], Symbol.of({(2, 0): 1.0, (0, 2): 1.0})]
FOURTH = [Symbol.of({(0, 4): 1.0}), Symbol.of({(1, 2): 1.0})]


class Bump(torch.nn.Module):
    """A module of a user's own."""

    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Linear(2, 3, dtype=torch.float64)
        self.register_buffer("centre", torch.tensor([0.2, -0.1], dtype=torch.float64))

    def forward(self, x):
        return torch.exp(-(self.inner(x - self.centre) ** 2).sum(-1, keepdim=True))


def built(recipe, periodic=(), outputs=2):
    low, high = [axis.low for axis in box.axes], [axis.high for axis in box.axes]
    return recipe.build(low, high, outputs, periodic, torch.Generator().manual_seed(0))


CASES = {
    "forward jets": (lambda: built(Siren(8, 2, omega=3)), SECOND),
    "forward jets, fourth order": (lambda: built(MLP(6, 2)), FOURTH),
    "forward jets, periodic": (lambda: built(Siren(8, 2, omega=3), (1,)), SECOND),
    "reverse mode": (lambda: built(Siren(8, 2, omega=3), outputs=1), SLOPES),
    "closed form": (lambda: built(SineFeatures(20, 4.0)), SECOND),
    "separable series": (lambda: built(FourierSeries(3)), SECOND),
    "evolving series": (lambda: built(WaveSeries(3, speed=1.0)), SECOND),
    "slabs": (lambda: built(Slabs((Siren(6, 1), Siren(6, 1)), 0, (0.0, 0.4, 1.0))), SECOND),
    "nested torch.func": (Bump, [Symbol.identity(2), *SLOPES]),
}


@dataclass(frozen=True)
class Case:
    """A module, parameters and points, and what the oracle says of them, all in float64 on the CPU."""

    module: torch.nn.Module
    symbols: list[Symbol]
    theta: torch.Tensor
    x: torch.Tensor
    cotangent: torch.Tensor
    derivatives: torch.Tensor
    gradient: torch.Tensor


@pytest.fixture(params=CASES)
def case(request):
    make, symbols = CASES[request.param]
    module = make()
    oracle, source = NestedEngine(module, symbols, 2), torch.Generator().manual_seed(1)
    theta = flatten(module).double()
    theta = theta + 0.1 * torch.randn(len(theta), generator=source, dtype=torch.float64)
    x = 0.9 * torch.rand(7, 2, generator=source, dtype=torch.float64)
    derivatives, tape = oracle.forward(oracle.load(theta), x)
    cotangent = torch.randn(derivatives.shape, generator=source, dtype=torch.float64)
    gradient = torch.zeros_like(theta)
    oracle.backward(theta, tape, cotangent, gradient)
    return Case(module, symbols, theta, x, cotangent, derivatives, gradient)


# The case comes first: a pretended GPU does not bear the oracle's nested derivatives.
def test_derivatives_and_gradients_are_those_of_the_oracle(case, place, dtype, near):
    engine = engine_for(case.module.to(device=place.device, dtype=dtype), case.symbols, 2)
    theta, x, cotangent = (
        v.to(device=place.device, dtype=dtype) for v in (case.theta, case.x, case.cotangent)
    )
    weights = engine.load(theta)
    derivatives, tape = engine.forward(weights, x)
    assert derivatives.dtype == dtype
    assert all(map(near, derivatives, case.derivatives))

    gradient = torch.zeros_like(theta)
    engine.backward(weights, tape, cotangent, gradient)
    assert near(gradient, case.gradient)
    rows = theta.new_zeros(len(x), len(theta))
    engine.backward(weights, tape, cotangent, rows)
    assert near(rows.sum(0), case.gradient)
