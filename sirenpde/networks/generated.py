"""Networks whose parameters another network makes, for each sample anew: a hypernetwork."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import torch
from torch import Generator, Tensor, nn

from .dense import DenseNetwork
from .encoders import Codes, Encoder, SetEncoder
from .recipe import check_whole, uniform_layer
from .registry import known
from .siren import Siren

SMALL = 0.01  # of Kaiming's weights: what the last layers start with, so that all samples start alike
PARTS = ("code", "weights")


@known
@dataclass(frozen=True)
class Hypernetwork:
    """A network of which each sample has its own, with parameters made from what is known of the sample.

    An ``encoder`` makes a code z of the data that samples carry, and for each parameter tensor of ``network`` a
    perceptron makes the tensor of the code: ``depth`` layers of ReLU and a linear one, which starts at 0.01 of
    Kaiming's weights and with biases in U(±1/inputs of the layer made). ``made(u, "code")`` and ``made(u,
    "weights")``, root mean squares of z and of the parameters, are for terms that keep them small.

    Args:
        network: the one whose parameters are made.
        encoder: ``SetEncoder``, ``ConvolutionalEncoder``, or ``Codes``, a code for each sample that is trained.
        code: how many numbers.
        width: of the perceptrons.
        depth: of the perceptrons, their first layer included.

    Raises ValueError for sizes that are not positive.

    Source: Sitzmann et al., Implicit Neural Representations with Periodic Activation Functions, 2020, section 4.4 and
    supplement 9; Ha et al., HyperNetworks, 2017.

    >>> import torch
    >>> from sirenpde import Hypernetwork, SetEncoder, Siren
    >>> recipe = Hypernetwork(Siren(16, 2), SetEncoder(width=16, depth=2), code=8, width=16)
    >>> recipe.describe()
    'SIREN 2 x 16, omega 30, made of a code of 8 by a set encoder'
    >>> network = recipe.build([-1.0, -1.0], [1.0, 1.0], 3, (), torch.Generator().manual_seed(0))
    >>> pictures, seen = torch.rand(5, 4, 4, 3), torch.ones(5, 4, 4)
    >>> network.float()(torch.rand(16, 5, 2), {"context": pictures, "seen": seen}).shape
    torch.Size([16, 5, 3])
    """

    network: Siren = field(default_factory=Siren)
    encoder: Any = field(default_factory=SetEncoder)
    code: int = 256
    width: int = 256
    depth: int = 2

    is_curved = True

    def __post_init__(self) -> None:
        check_whole("code", self.code)
        check_whole("width", self.width)
        check_whole("depth", self.depth)

    @property
    def reads(self) -> tuple[str, ...]:
        """The names of the data of samples that the network reads."""
        reads: tuple[str, ...] = self.encoder.reads
        return reads

    def build(
        self,
        low: Sequence[float],
        high: Sequence[float],
        outputs: int,
        periodic: Sequence[int],
        generator: Generator,
    ) -> GeneratedNetwork:
        encoder = self.encoder.build(self.code, outputs, generator)
        inner = self.network.build(low, high, outputs, periodic, generator).requires_grad_(False)
        makers = [
            _perceptron(self.code, self.width, self.depth, tensor, _inputs(inner, name), generator)
            for name, tensor in inner.named_parameters()
        ]
        return GeneratedNetwork(encoder, inner, makers, self.reads)

    def describe(self) -> str:
        return f"{self.network.describe()}, made of a code of {self.code} by {self.encoder.describe()}"


@dataclass(frozen=True, eq=False)
class NewCodes:
    """A recipe: networks made as a trained one makes them, which stays as it is, of new codes that are found.

    What a prior makes of samples that it did not learn from. Codes are counted as those of the samples learnt lie
    about their mean: z = mean + S c, with S Sᵀ their covariance. A usual c is normal with variance 1, so that its
    ``made(u, "code")`` is about 1, and it starts at 0, the mean.

    Args:
        network: the trained one, with its parameters.
        usual: the codes (n, k) of the samples that it learnt from.
        count: how many codes there are to find, by the data "number" of samples.

    Raises ValueError for codes of another length than the network's.

    >>> import torch
    >>> from sirenpde import Codes, Hypernetwork, NewCodes, Siren
    >>> recipe = Hypernetwork(Siren(8, 1), Codes(9), code=4, width=8)
    >>> trained = recipe.build([-1.0], [1.0], 1, (), torch.Generator().manual_seed(0))
    >>> new = NewCodes(trained, trained.encoder.table, 3).build([-1.0], [1.0], 1, (), torch.Generator())
    >>> [p.shape for p in new.parameters() if p.requires_grad]
    [torch.Size([3, 4])]
    """

    network: GeneratedNetwork
    usual: Tensor
    count: int

    is_curved = True
    reads = Codes.reads

    def __post_init__(self) -> None:
        check_whole("count", self.count)
        inputs = self.network.code_length
        if self.usual.ndim != 2 or self.usual.shape[1] != inputs:
            raise ValueError(
                f"NewCodes was given codes of shape {tuple(self.usual.shape)}; expected (n, {inputs}), those of the "
                f"samples that the network learnt from."
            )

    def build(
        self,
        low: Sequence[float],
        high: Sequence[float],
        outputs: int,
        periodic: Sequence[int],
        generator: Generator,
    ) -> GeneratedNetwork:
        usual = self.usual.detach().double().cpu()
        mean, samples = usual.mean(0), len(usual)
        _, sizes, rows = torch.linalg.svd((usual - mean) / math.sqrt(samples), full_matrices=False)
        kept = copy.deepcopy(self.network).double().cpu().requires_grad_(False)
        for maker in kept.makers:
            assert isinstance(maker, nn.Sequential)
            first = maker[0]
            assert isinstance(first, nn.Linear) and first.bias is not None
            with torch.no_grad():
                first.bias.add_(first.weight @ mean)
                first.weight = nn.Parameter(first.weight @ (rows.T * sizes), requires_grad=False)
        codes = Codes(self.count).build(len(sizes), outputs, generator)
        nn.init.zeros_(codes.table)
        return GeneratedNetwork(codes, kept.inner, list(kept.makers), self.reads)

    def describe(self) -> str:
        return f"{self.count} codes of networks that stay as they are"


def reads_of(network: object) -> tuple[str, ...]:
    """The names of the data of samples that a network or recipe reads, beside the points; none for most.

    >>> from sirenpde import Hypernetwork, Siren
    >>> reads_of(Siren()), reads_of(Hypernetwork())
    ((), ('context', 'seen'))
    """
    return tuple(getattr(network, "reads", ()))


class GeneratedNetwork(nn.Module):
    """Points (q, n, d) of n samples, and the data of each, (n, ...) -> (q, n, outputs)."""

    def __init__(
        self, encoder: Encoder, inner: DenseNetwork, makers: Sequence[nn.Module], reads: tuple[str, ...]
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.inner = inner
        self.makers = nn.ModuleList(makers)
        self.reads = reads

    @property
    def code_length(self) -> int:
        """How many numbers a code has."""
        first = next(layer for layer in self.makers.modules() if isinstance(layer, nn.Linear))
        return first.in_features

    def code(self, data: Mapping[str, Tensor]) -> Tensor:
        """The codes (n, k) of samples."""
        z: Tensor = self.encoder(data)
        return z

    def weights(self, code: Tensor) -> dict[str, Tensor]:
        """Codes (n, k) -> the parameters of the network of each, (n, *shape) by name."""
        tensors = self.inner.named_parameters()
        return {
            name: maker(code).unflatten(-1, tensor.shape)
            for (name, tensor), maker in zip(tensors, self.makers, strict=True)
        }

    def of_code(self, x: Tensor, code: Tensor) -> Tensor:
        """The networks of codes (n, k) at points (q, n, d): (q, n, outputs)."""

        def one(weights: dict[str, Tensor], points: Tensor) -> Tensor:
            values: Tensor = torch.func.functional_call(self.inner, weights, (points,))
            return values

        y: Tensor = torch.func.vmap(one, in_dims=(0, 1), out_dims=1)(self.weights(code), x)
        return y

    def forward(self, x: Tensor, data: Mapping[str, Tensor]) -> Tensor:
        return self.of_code(x, self.code(data))

    def part(self, name: str) -> nn.Module:
        """A module with the same parameters, whose values are the root mean square of "code" or of "weights"."""
        return _Size(self, name)


class _Size(nn.Module):
    def __init__(self, network: GeneratedNetwork, name: str) -> None:
        super().__init__()
        self.network, self.name, self.reads = network, name, network.reads

    def forward(self, x: Tensor, data: Mapping[str, Tensor]) -> Tensor:
        numbers = self.network.code(data)
        if self.name == "weights":
            numbers = torch.cat([w.flatten(1) for w in self.network.weights(numbers).values()], dim=1)
        # The slope of a norm is 0 where it is least, at codes of zeros, that of a root is not a number.
        size: Tensor = torch.linalg.vector_norm(numbers, dim=1) / math.sqrt(numbers.shape[1])
        nodes, samples = x.shape[:2]
        outputs = self.network.inner.head.out_features
        return size[None, :, None].expand(nodes, samples, outputs) + 0 * x[..., :1]


def _inputs(network: nn.Module, name: str) -> int:
    """How many inputs the layer of a parameter has."""
    layer = network.get_submodule(name.rpartition(".")[0])
    assert isinstance(layer, nn.Linear)
    return layer.in_features


def _perceptron(
    code: int, width: int, depth: int, made: Tensor, inputs: int, generator: Generator
) -> nn.Sequential:
    """Layers of ReLU with Kaiming's weights, and a last one that makes a parameter tensor."""
    sizes = [code, *[width] * depth]
    layers: list[nn.Module] = []
    for a, b in pairwise(sizes):
        layer = uniform_layer(a, b, 0.0, 1 / math.sqrt(a), generator)
        nn.init.normal_(layer.weight, std=math.sqrt(2 / a), generator=generator)
        layers += [layer, nn.ReLU()]
    last = uniform_layer(width, made.numel(), 0.0, 1 / inputs, generator)
    nn.init.normal_(last.weight, std=SMALL * math.sqrt(2 / width), generator=generator)
    return nn.Sequential(*layers, last)
