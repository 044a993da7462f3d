"""Codes of samples: from a set of pixels, from a picture with holes, or a code for each that is trained."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from .recipe import check_positive, check_whole, uniform_layer
from .registry import known

Data = Mapping[str, Tensor]


class Encoder(Protocol):
    """The data of n samples, each (n, ...) -> their codes (n, k)."""

    def __call__(self, data: Data) -> Tensor: ...


@known
@dataclass(frozen=True)
class SetEncoder:
    """A perceptron of sines on place and colour of each pixel that is seen, and the mean over them.

    Sines after every layer, the last included; SIREN's initialisation. ``depth`` counts the layers. Places run over
    [-1, 1]. It reads the data "context", the picture with zeros where it is not seen, and "seen".

    Source: Sitzmann et al. 2020, section 4.4; Garnelo et al., Conditional Neural Processes, 2018.

    >>> from sirenpde import Hypernetwork, SetEncoder
    >>> Hypernetwork(encoder=SetEncoder(width=64, omega=3.0)).reads
    ('context', 'seen')
    """

    reads: ClassVar[tuple[str, ...]] = ("context", "seen")

    width: int = 256
    depth: int = 4
    omega: float = 30.0

    def __post_init__(self) -> None:
        check_whole("width", self.width)
        check_whole("depth", self.depth)
        check_positive("omega", self.omega)

    def build(self, code: int, channels: int, generator: Generator) -> nn.Module:
        sizes = [2 + channels, *[self.width] * (self.depth - 1), code]
        bounds = [1 / sizes[0], *[math.sqrt(6 / self.width) / self.omega] * (self.depth - 1)]
        return _Set(
            [
                uniform_layer(a, b, bound, 1 / math.sqrt(a), generator)
                for a, b, bound in zip(sizes, sizes[1:], bounds, strict=False)
            ],
            self.omega,
        )

    def describe(self) -> str:
        return "a set encoder"


class _Set(nn.Module):
    def __init__(self, layers: list[nn.Linear], omega: float) -> None:
        super().__init__()
        self.layers, self.omega = nn.ModuleList(layers), omega

    def forward(self, data: Data) -> Tensor:
        picture, seen = data["context"], data["seen"].flatten(1)
        n, height, width, channels = picture.shape
        most = max(1, int(seen.sum(1).max()))
        chosen = seen.topk(most, dim=1).indices  # the seen pixels, and others where there are fewer
        places = _places(height, width, picture).expand(n, -1, -1)
        pixels = torch.cat([places, picture.flatten(1, 2)], dim=2)
        h = pixels.gather(1, chosen[..., None].expand(-1, -1, 2 + channels))
        for layer in self.layers:
            h = torch.sin(self.omega * layer(h))
        share = seen.gather(1, chosen)[..., None]
        return (share * h).sum(1) / share.sum(1).clamp(min=1)


def _places(height: int, width: int, like: Tensor) -> Tensor:
    """Where pixels are, (1, height * width, 2), over [-1, 1]."""
    rows, columns = (torch.linspace(-1, 1, n, dtype=like.dtype, device=like.device) for n in (height, width))
    return torch.cartesian_prod(rows, columns)[None]


@known
@dataclass(frozen=True)
class ConvolutionalEncoder:
    """Convolutions of a picture with zeros where it is not seen, and a linear map of each channel over the pixels.

    3 x 3 to half the ``channels``, 3 x 3 to all of them, ``blocks`` residual blocks of two 5 x 5 each, 1 x 1, and a
    linear map of a channel's pixels to one number; ReLU between. A layer without a mask: what is not seen is zero, as
    in the paper. ``shape`` are the rows and columns of the pictures.

    Source: Sitzmann et al. 2020, section 4.4 and supplement 9.

    >>> from sirenpde import ConvolutionalEncoder, Hypernetwork
    >>> Hypernetwork(encoder=ConvolutionalEncoder((32, 32), channels=64)).reads
    ('context',)
    """

    reads: ClassVar[tuple[str, ...]] = ("context",)

    shape: tuple[int, int] = (32, 32)
    channels: int = 256
    blocks: int = 4

    def __post_init__(self) -> None:
        check_whole("channels", self.channels, least=2)
        check_whole("blocks", self.blocks, least=0)

    def build(self, code: int, channels: int, generator: Generator) -> nn.Module:
        half, c = self.channels // 2, self.channels
        height, width = self.shape
        return _Convolutions(
            nn.Sequential(
                _convolution(channels, half, 3, generator),
                nn.ReLU(),
                _convolution(half, c, 3, generator),
                nn.ReLU(),
            ),
            [
                nn.Sequential(
                    _convolution(c, c, 5, generator), nn.ReLU(), _convolution(c, c, 5, generator), nn.ReLU()
                )
                for _ in range(self.blocks)
            ],
            _convolution(c, code, 1, generator),
            _linear(height * width, 1, generator),
        )

    def describe(self) -> str:
        return "a convolutional encoder"


class _Convolutions(nn.Module):
    def __init__(self, first: nn.Module, blocks: list[nn.Module], last: nn.Module, pixels: nn.Module) -> None:
        super().__init__()
        self.first, self.blocks, self.last, self.pixels = first, nn.ModuleList(blocks), last, pixels

    def forward(self, data: Data) -> Tensor:
        h = self.first(data["context"].movedim(-1, 1))
        for block in self.blocks:
            h = functional.relu(h + block(h))
        codes: Tensor = self.pixels(functional.relu(self.last(h)).flatten(2))
        return codes.squeeze(-1)


def _convolution(inputs: int, outputs: int, side: int, generator: Generator) -> nn.Conv2d:
    with torch.random.fork_rng(devices=[]):
        layer = nn.Conv2d(inputs, outputs, side, padding=side // 2, dtype=torch.float64)
    return _torch_start(layer, inputs * side * side, generator)


def _linear(inputs: int, outputs: int, generator: Generator) -> nn.Linear:
    bound = 1 / math.sqrt(inputs)
    return uniform_layer(inputs, outputs, bound, bound, generator)


def _torch_start(layer: nn.Conv2d, inputs: int, generator: Generator) -> nn.Conv2d:
    """U(±1/√inputs) for weights and biases, as torch draws them."""
    assert layer.bias is not None
    with torch.no_grad():
        for tensor in (layer.weight, layer.bias):
            tensor.uniform_(-1, 1, generator=generator).div_(math.sqrt(inputs))
    return layer


@known
@dataclass(frozen=True)
class Codes:
    """A code for each of ``count`` samples, found with everything else: an auto-decoder.

    It reads the data "number", which of them a sample is. Codes start as N(0, 0.01²).

    Source: Park et al., DeepSDF, 2019, section 4.

    >>> from sirenpde import Codes, Hypernetwork, Siren
    >>> Hypernetwork(Siren(32, 2), Codes(100), code=16).describe()
    'SIREN 2 x 32, omega 30, made of a code of 16 by 100 codes'
    """

    reads: ClassVar[tuple[str, ...]] = ("number",)

    count: int = 1

    def __post_init__(self) -> None:
        check_whole("count", self.count)

    def build(self, code: int, channels: int, generator: Generator) -> CodeTable:
        return CodeTable(self.count, code, generator)

    def describe(self) -> str:
        return f"{self.count} codes"


class CodeTable(nn.Module):
    """A code (k,) for each number."""

    def __init__(self, count: int, code: int, generator: Generator) -> None:
        super().__init__()
        start = torch.empty(count, code, dtype=torch.float64)
        self.table = nn.Parameter(start.normal_(std=0.01, generator=generator))

    def forward(self, data: Data) -> Tensor:
        return self.table[data["number"].round().long()]
