"""A perceptron on waves and a SIREN of one hidden layer: the same function, the one frozen and the other trained.

cos t = sin(t + pi/2), so that W [cos 2 pi B v, sin 2 pi B v] + b is a layer of sines with the phases pi/2 and 0
(Benbarka et al. 2021, section 3).
"""

from __future__ import annotations

import torch
from torch import nn

from .activations.sine import sine
from .dense import DenseNetwork, Embedding
from .recipe import linear_layer


def as_siren(perceptron: DenseNetwork, omega: float = 1.0) -> DenseNetwork:
    """A perceptron on waves alone as a SIREN of one hidden layer, all of it to be trained.

    ``omega`` is the factor of its hidden layer, whose weights are the frequencies over it. With a power of two
    ``as_perceptron`` leads back to the same bits. Raises ValueError for a network with hidden layers, or with
    coordinates among its features.

    >>> from sirenpde import FourierFeatures, IntegerLattice, MLP, as_siren
    >>> recipe = FourierFeatures(IntegerLattice(2), MLP(depth=0, initialisation="torch"))
    >>> perceptron = recipe.build([0.0], [1.0], 1, (), torch.Generator().manual_seed(0))
    >>> x = torch.linspace(0, 1, 9, dtype=torch.float64)[:, None]
    >>> bool((as_siren(perceptron, omega=30.0)(x) - perceptron(x)).abs().max() < 1e-14)
    True
    """
    embedding = perceptron.embedding
    if len(perceptron.hidden) or embedding.passed:
        raise ValueError(
            f"a network of {len(perceptron.hidden)} hidden layers on {len(embedding.passed)} coordinates; a "
            f"perceptron on waves alone was expected. Use FourierFeatures(mapping, MLP(depth=0))."
        )
    hidden = linear_layer(embedding.inputs, embedding.outputs)
    hidden.weight = nn.Parameter(embedding.frequencies / omega)
    hidden.bias = nn.Parameter(embedding.phases / omega)
    weight, bias = perceptron.head.weight.detach(), perceptron.head.bias.detach()
    return DenseNetwork(
        _coordinates(embedding), [hidden], [omega], sine, _head(weight * embedding.amplitudes, bias)
    )


def as_perceptron(siren: DenseNetwork) -> DenseNetwork:
    """A SIREN of one hidden layer as a perceptron on its waves, linear in all that is trained.

    Raises ValueError for other networks, and for a SIREN on features or on a periodic axis.

    >>> from sirenpde import Siren, as_perceptron
    >>> siren = Siren(width=32, depth=1).build([0.0, 0.0], [1.0, 2.0], 1, (), torch.Generator().manual_seed(0))
    >>> x = torch.rand(9, 2, dtype=torch.float64)
    >>> bool((as_perceptron(siren)(x) - siren(x)).abs().max() < 1e-14)
    True
    """
    embedding = siren.embedding
    on_coordinates = len(embedding.passed) == embedding.inputs and not embedding.phases.numel()
    if len(siren.hidden) != 1 or siren.activation != sine or not on_coordinates:
        raise ValueError(
            f"a network of {len(siren.hidden)} layers of {siren.activation.name}; a SIREN of one hidden layer on "
            f"plain coordinates was expected. Use Siren(depth=1)."
        )
    hidden, omega = siren.hidden[0], float(siren.omega[0])
    assert isinstance(hidden, nn.Linear)
    frequencies, phases = hidden.weight.detach() * omega, hidden.bias.detach() * omega
    waves = Embedding(embedding.centre, embedding.scale, (), frequencies, phases, torch.ones_like(phases))
    head = _head(siren.head.weight.detach(), siren.head.bias.detach())
    return DenseNetwork(waves, [], [], siren.activation, head)


def _coordinates(embedding: Embedding) -> Embedding:
    none = embedding.phases[:0]
    passed = range(embedding.inputs)
    return Embedding(embedding.centre, embedding.scale, passed, embedding.frequencies[:0], none, none)


def _head(weight: torch.Tensor, bias: torch.Tensor) -> nn.Linear:
    head = linear_layer(weight.shape[1], weight.shape[0])
    head.weight, head.bias = nn.Parameter(weight.clone()), nn.Parameter(bias.clone())
    return head
