"""The initial statistics of a SIREN, as its paper derives them."""

import math
from typing import Literal

import pytest
import torch
from boxes import HIGH, LOW, seeded
from torch import Tensor

from sirenpde.networks.dense import DenseNetwork
from sirenpde.networks.siren import Siren


def pre_activations(network: DenseNetwork, x: Tensor) -> list[Tensor]:
    h, z = network.embedding(x), []
    for layer, omega in zip(network.hidden, network.omega, strict=True):
        z.append(omega * layer(h))
        h = network.activation.function(z[-1])
    return z


def test_siren_weights_have_the_papers_ranges() -> None:
    network = Siren(width=300, depth=3, omega=12, omega_hidden=20).build(LOW, HIGH, 40, (), seeded())
    assert network.omega.tolist() == [12, 20, 20]
    hidden = math.sqrt(6 / 300) / 20
    layers = [*network.hidden, network.head]
    for layer, bound, inputs in zip(layers, [1 / 2, hidden, hidden, hidden], [2, 300, 300, 300], strict=True):
        assert layer.in_features == inputs
        for value, limit in ((layer.weight, bound), (layer.bias, 1 / math.sqrt(inputs))):
            assert 0.9 * limit < value.abs().max() <= limit
            assert value.std().item() == pytest.approx(limit / math.sqrt(3), rel=0.15)


def test_siren_maps_its_box_to_the_unit_one() -> None:
    network = Siren(width=8, depth=1).build(LOW, HIGH, 1, (), seeded())
    corners = torch.tensor([LOW, HIGH], dtype=torch.float64)
    assert torch.allclose(network.embedding(corners), torch.tensor([[-1.0, -1], [1, 1]], dtype=torch.float64))


def fixed_point(bias_variance: float) -> float:
    """The standard deviation s of pre-activations with s² = 1 - exp(-2 s²) + bias_variance."""
    square = 1.0
    for _ in range(200):
        square = 1 - math.exp(-2 * square) + bias_variance
    return math.sqrt(square)


@pytest.mark.parametrize("bias, width, networks", [("zero", 1024, 1), ("torch", 256, 12), ("torch", 1024, 4)])
def test_siren_statistics_settle_at_the_fixed_point(
    bias: Literal["torch", "zero"], width: int, networks: int
) -> None:
    recipe = Siren(width=width, depth=7, bias=bias)
    x = 2 * torch.rand(200, 3, dtype=torch.float64, generator=seeded(1)) - 1
    with torch.no_grad():
        built = [recipe.build([-1.0] * 3, [1.0] * 3, 1, (), seeded(seed)) for seed in range(networks)]
        _, *deep = map(torch.stack, zip(*[pre_activations(network, x) for network in built], strict=True))
    extra = 300 / width if bias == "torch" else 0.0
    square = 1 + extra  # behind a first layer whose sines are spread over many periods
    for z in deep:
        assert z.var().item() == pytest.approx(square, rel=0.04)
        after = (1 - math.exp(-2 * square)) / 2
        assert torch.sin(z).var().item() == pytest.approx(after, rel=0.04)
        square = 2 * after + extra
    assert math.sqrt(square) == pytest.approx(fixed_point(extra), rel=2e-3)
    if bias == "zero":
        assert fixed_point(0) == pytest.approx(0.893, abs=5e-4)
        assert torch.sin(deep[-1]).std().item() == pytest.approx(0.631, rel=0.01)


@pytest.mark.parametrize("bias, deviation", [("zero", 10.0), ("torch", 20.0)])
def test_siren_first_layer_spans_many_periods(bias: Literal["torch", "zero"], deviation: float) -> None:
    # 30 (w x + b) with w, x and b uniform in [-1, 1]: variances 900/9 and 900/3.
    network = Siren(width=4096, depth=1, bias=bias).build([-1.0], [1.0], 1, (), seeded())
    x = torch.linspace(-1, 1, 201, dtype=torch.float64)[:, None]
    assert pre_activations(network, x)[0].std().item() == pytest.approx(deviation, rel=0.03)


def test_siren_statistics_do_not_depend_on_position() -> None:
    network = Siren(width=512, depth=5, bias="zero").build([-1.0], [1.0], 1, (), seeded())
    x = 2 * torch.rand(400, 1, dtype=torch.float64, generator=seeded(1)) - 1
    with torch.no_grad():
        here, there = (pre_activations(network, x + shift)[-1].std().item() for shift in (0.0, 1000.0))
    assert here == pytest.approx(there, rel=0.05)


def test_siren_gradients_have_one_size_at_every_depth() -> None:
    network = Siren(width=512, depth=9).build([-1.0], [1.0], 1, (), seeded())
    x = 2 * torch.rand(300, 1, dtype=torch.float64, generator=seeded(1)) - 1
    z = pre_activations(network, x)
    y = network.head(torch.sin(z[-1])).sum()
    sizes = torch.tensor([g.std() for g in torch.autograd.grad(y, z)])
    growth = (sizes[1] / sizes[-1]) ** (1 / 7)  # per layer: E cos² times the variance factor 2, about 1
    assert 0.9 < growth < 1.1
