"""Networks made by another network: how they start, and each sample's against a network with its parameters."""

import math

import pytest
import torch

from sirenpde import Codes, ConvolutionalEncoder, Hypernetwork, NewCodes, SetEncoder, Siren
from sirenpde.networks.generated import reads_of


def built(recipe, outputs=3, seed=0):
    return recipe.build([-1.0, -1.0], [1.0, 1.0], outputs, (), torch.Generator().manual_seed(seed))


SMALL = Hypernetwork(Siren(8, 2), SetEncoder(8, 2), code=5, width=7)


def pictures(n=4):
    generator = torch.Generator().manual_seed(1)
    context = torch.rand(n, 3, 3, 3, generator=generator, dtype=torch.float64)
    seen = (torch.rand(n, 3, 3, generator=generator) < 0.7).double()
    return {"context": context * seen[..., None], "seen": seen}


def test_each_sample_has_the_network_of_its_own_parameters():
    network, data = built(SMALL), pictures()
    x = torch.rand(6, 4, 2, dtype=torch.float64)
    together = network(x, data)
    code = network.code(data)
    for i in range(4):
        alone = Siren(8, 2).build([-1.0, -1.0], [1.0, 1.0], 3, (), torch.Generator().manual_seed(0))
        alone.load_state_dict({k: w[i] for k, w in network.weights(code).items()}, strict=False)
        assert torch.allclose(together[:, i], alone(x[:, i]), rtol=1e-12)
    assert not torch.allclose(
        network(x[:, :1], pictures(1)), network(x[:, :1], {k: v[1:2] for k, v in data.items()})
    )


def test_perceptrons_start_as_in_the_paper():
    recipe = Hypernetwork(Siren(32, 3), SetEncoder(16, 2), code=256, width=256)
    network = built(recipe)
    names = [name for name, _ in network.inner.named_parameters()]
    assert len(network.makers) == len(names) == 8  # weights and biases of four layers
    for name, maker in zip(names, network.makers, strict=True):
        first, second, last = (layer for layer in maker if isinstance(layer, torch.nn.Linear))
        assert first.weight.std().item() == pytest.approx(math.sqrt(2 / 256), rel=0.02)
        assert second.weight.shape == (256, 256)
        size = last.weight.std().item() / math.sqrt(2 / 256)
        assert size == pytest.approx(0.01, rel=0.1)
        bound = 1 / (2 if name.startswith("hidden.0") else 32)
        assert 0.8 * bound < last.bias.abs().max() < bound or last.bias.numel() < 8
    assert not any(p.requires_grad for p in network.inner.parameters())


def test_parts_are_root_mean_squares():
    network, data = built(SMALL), pictures()
    x = torch.zeros(1, 4, 2, dtype=torch.float64)
    code = network.code(data)
    assert torch.allclose(network.part("code")(x, data)[0, :, 2], code.square().mean(1).sqrt())
    weights = torch.cat([w.flatten(1) for w in network.weights(code).values()], 1)
    assert torch.allclose(network.part("weights")(x, data)[0, :, 0], weights.square().mean(1).sqrt())
    own = [name for name, _ in network.named_parameters()]
    assert [name.removeprefix("network.") for name, _ in network.part("code").named_parameters()] == own


def test_what_a_recipe_reads():
    assert reads_of(SMALL) == reads_of(built(SMALL)) == ("context", "seen") and reads_of(Siren()) == ()
    assert reads_of(Hypernetwork(encoder=ConvolutionalEncoder((4, 4)))) == ("context",)
    with pytest.raises(ValueError, match="code=0"):
        Hypernetwork(code=0)


def test_new_codes_are_counted_as_the_learnt_ones_lie_and_networks_stay():
    trained = built(Hypernetwork(Siren(8, 2), Codes(40), code=5, width=7))
    generator = torch.Generator().manual_seed(3)
    mixing = torch.randn(5, 5, generator=generator, dtype=torch.float64)
    usual = 2 + torch.randn(40, 5, generator=generator, dtype=torch.float64) @ mixing
    network = built(NewCodes(trained, usual, 6))
    assert [tuple(p.shape) for p in network.parameters() if p.requires_grad] == [(6, 5)]
    x, data = torch.rand(4, 1, 2, dtype=torch.float64), {"number": torch.tensor([2.0])}
    assert torch.allclose(network(x, data), trained.of_code(x, usual.mean(0, keepdim=True)), rtol=1e-9)
    size = network.part("code")(x, data)
    (slope,) = torch.autograd.grad(size.sum(), network.encoder.table)
    assert not size.any() and not slope.any()  # at the start, the usual code
    # S Sᵀ is the covariance of the codes learnt, seen in the makers' first layers.
    first, old = network.makers[0][0].weight, trained.makers[0][0].weight
    covariance = torch.cov(usual.T, correction=0)
    assert torch.allclose(first @ first.T, old @ covariance @ old.T, rtol=1e-9)
    assert not torch.equal(first, old)  # the trained one stays as it was
    with pytest.raises(ValueError, match=r"codes of shape \(40, 4\); expected \(n, 5\)"):
        NewCodes(trained, usual[:, :4], 6)
