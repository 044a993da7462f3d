"""A perceptron on waves and a SIREN of one hidden layer are one function, and lead to each other."""

import pytest
import torch
from boxes import HIGH, LOW, points, seeded

from sirenpde import (
    MLP,
    FourierFeatures,
    Gaussian,
    IntegerLattice,
    Octaves,
    Siren,
    Weighted,
    as_perceptron,
    as_siren,
)
from sirenpde.networks.mappings.mapping import Mapping


@pytest.mark.parametrize(
    "mapping", [IntegerLattice(3), Weighted(Gaussian(20, 2.0), 1.0)], ids=["lattice", "weighted"]
)
@pytest.mark.parametrize("omega", [1.0, 30.0, 32.0])
def test_a_perceptron_is_a_siren_and_comes_back(mapping: Mapping, omega: float) -> None:
    recipe = FourierFeatures(mapping, MLP(depth=0, initialisation="torch"))
    perceptron = recipe.build(LOW, HIGH, 2, (), seeded())
    siren = as_siren(perceptron, omega)
    back, x = as_perceptron(siren), points(40)
    assert [p.shape for p in siren.hidden[0].parameters()] == [
        (perceptron.embedding.outputs, 2),
        back.embedding.phases.shape,
    ]
    assert siren.omega.item() == omega
    assert all(p.requires_grad for p in siren.parameters())
    assert (siren(x) - perceptron(x)).abs().max() < 1e-13
    assert (back(x) - perceptron(x)).abs().max() < 1e-13
    if omega != 30:
        assert torch.equal(back.embedding.frequencies, perceptron.embedding.frequencies)
        assert torch.equal(back.embedding.phases, perceptron.embedding.phases)
    with torch.no_grad():
        siren.head.weight.zero_()
    assert perceptron.head.weight.any()


def test_a_siren_is_a_perceptron_and_comes_back_to_the_same_bits() -> None:
    siren = Siren(width=17, depth=1, omega=16).build(LOW, HIGH, 3, (), seeded())
    perceptron = as_perceptron(siren)
    assert [name for name, _ in perceptron.named_parameters()] == ["head.weight", "head.bias"]
    assert (perceptron(points(30)) - siren(points(30))).abs().max() < 1e-14
    back = as_siren(perceptron, omega=16)
    for one, other in zip(siren.parameters(), back.parameters(), strict=True):
        assert torch.equal(one, other)


def test_other_networks_are_refused() -> None:
    for recipe in (FourierFeatures(Gaussian(3), MLP(4, 1)), FourierFeatures(Octaves(2), MLP(depth=0))):
        with pytest.raises(ValueError, match="perceptron on waves alone"):
            as_siren(recipe.build(LOW, HIGH, 1, (), seeded()))
    for network in (
        Siren(8, 2).build(LOW, HIGH, 1, (), seeded()),
        Siren(8, 1).build(LOW, HIGH, 1, (0,), seeded()),
    ):
        with pytest.raises(ValueError, match="SIREN of one hidden layer"):
            as_perceptron(network)
