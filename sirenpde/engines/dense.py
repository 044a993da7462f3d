"""What the dense engines share: folded weights, places of gradients, an embedding's channels, buffers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn

from ..calculus.plan import Polynomials
from ..calculus.symbols import Symbol
from ..networks.activations.activation import Activation
from ..networks.activations.sine import sine
from ..networks.dense import DenseNetwork, Embedding
from .flat import trainable
from .jets import Slope

F = TypeVar("F")


class Take(Protocol):
    """Gives a buffer of a shape."""

    def __call__(self, *shape: int) -> Tensor: ...


@dataclass(frozen=True)
class Affine:
    """A linear layer with its omega folded in: z = h @ transposed + bias, transposed = weight.T."""

    weight: Tensor
    transposed: Tensor
    bias: Tensor | None
    omega: float


@dataclass(frozen=True)
class AffineGradient:
    """Where the gradient of an `Affine` layer is accumulated; None for what is not trained.

    Summed over the points, or each point's own, with a first dimension of n points more.
    """

    layer: Affine
    weight: Tensor | None
    bias: Tensor | None
    omega: Tensor | None
    points: int | None  # how many rows there are; None for a sum

    def add(self, z: Tensor, h: Tensor, values: Tensor | None) -> None:
        """``z`` (m, out) pulls on the outputs, ``h`` (m, in) were the inputs, m channels of points;
        ``values`` (n, out) are those rows of z on which the bias acts."""
        if self.weight is not None and self.points is None and self.omega is None:
            self.weight.addmm_(z.T, h, alpha=self.layer.omega)
        elif self.points is None:
            self.add_product(z.T @ h)
        else:
            by_point = z.view(-1, self.points, z.shape[1]), h.view(-1, self.points, h.shape[1])
            self.add_product(torch.bmm(by_point[0].permute(1, 2, 0), by_point[1].transpose(0, 1)))
        if self.bias is not None and values is not None:
            pull = values.sum(0) if self.points is None else values
            self.bias.add_(pull, alpha=self.layer.omega)
            if self.omega is not None and self.layer.bias is not None:
                self.omega.add_(pull @ self.layer.bias, alpha=1 / self.layer.omega)

    def add_product(self, product: Tensor) -> None:
        """``product`` ([n,] out, in) is the gradient by the weight with its omega folded in."""
        if self.weight is not None:
            self.weight.add_(product, alpha=self.layer.omega)
        if self.omega is not None:
            by_weight = (product * self.layer.weight).sum((-2, -1))
            self.omega.add_(by_weight, alpha=1 / self.layer.omega)


class DenseLayers:
    """The linear layers of a network, the head last, read from and accumulated into flat vectors."""

    def __init__(self, network: DenseNetwork) -> None:
        parameters = [parameter for _, parameter in trainable(network)]
        place = {id(parameter): i for i, parameter in enumerate(parameters)}
        self._sizes = [parameter.numel() for parameter in parameters]
        self._omegas = place.get(id(network.omega))  # None where they are fixed
        self.hidden = [layer for layer in network.hidden if isinstance(layer, nn.Linear)]
        self._layers = [*self.hidden, network.head]
        self._places = [
            (place.get(id(layer.weight)), layer.weight.shape, place.get(id(layer.bias)))
            for layer in self._layers
        ]
        self._fixed = network.omega.detach().tolist()
        trained = [weight is not None or bias is not None for weight, _, bias in self._places]
        self.trained = [own or self._omegas is not None for own in trained[:-1]] + trained[-1:]

    def load(self, theta: Tensor) -> list[Affine]:
        pieces = theta.split(self._sizes)
        omegas = self._fixed if self._omegas is None else pieces[self._omegas].tolist()
        layers = []
        for layer, (weight, shape, bias), omega in zip(
            self._layers, self._places, (*omegas, 1.0), strict=True
        ):
            own = layer.weight.detach().to(theta) if weight is None else pieces[weight].view(shape)
            shift = layer.bias if bias is None else pieces[bias]  # None where there is none
            if shift is not None:
                shift = shift.detach().to(theta) * omega
            folded = own * omega
            layers.append(Affine(folded, folded.T, shift, omega))
        return layers

    def gradients(self, gradient: Tensor, layers: Sequence[Affine]) -> list[AffineGradient]:
        """Views of ``gradient`` (P,), or (n, P) for each point's own."""
        pieces = gradient.split(self._sizes, dim=-1)
        points = None if gradient.dim() == 1 else len(gradient)
        before = gradient.shape[:-1]
        omegas: Sequence[Tensor | None] = [None] * len(self._fixed)
        if self._omegas is not None:
            omegas = pieces[self._omegas].unbind(-1)
        return [
            AffineGradient(
                layer,
                None if weight is None else pieces[weight].view(*before, *shape),
                None if bias is None else pieces[bias],
                omega,
                points,
            )
            for layer, (weight, shape, bias), omega in zip(layers, self._places, (*omegas, None), strict=True)
        ]


class EmbeddingChannels:
    """Operators applied to an `Embedding`, in closed form: P(∂) sin(k.x) = P(k) sin^(order)(k.x)."""

    def __init__(self, embedding: Embedding, symbols: Sequence[Symbol]) -> None:
        self.symbols = tuple(symbols)
        self.embedding = embedding
        self._polynomials = Polynomials([dict(symbol.terms) for symbol in symbols], embedding.inputs)

    def load(self, like: Tensor) -> LoadedEmbedding:
        return LoadedEmbedding(self.embedding, self.symbols, self._polynomials, like)


class LoadedEmbedding:
    """`EmbeddingChannels` with the dtype and device of a tensor."""

    def __init__(
        self, embedding: Embedding, symbols: Sequence[Symbol], polynomials: Polynomials, like: Tensor
    ) -> None:
        self.symbols = symbols
        self.parities = {symbol.order % 2 for symbol in symbols}
        self.passed = torch.tensor(embedding.passed, dtype=torch.long, device=like.device)
        self.centre, self.scale = embedding.centre.to(like), embedding.scale.to(like)
        self.frequencies, self.phases = embedding.frequencies.to(like), embedding.phases.to(like)
        self.amplitudes = embedding.amplitudes.to(like)
        axes = torch.diag(self.scale)[self.passed]
        per_unit = self.frequencies * self.scale  # radians per unit of x
        self.directions = torch.cat([axes, per_unit])  # (features, d)
        if symbols:
            signs = [-1.0 if symbol.order % 4 >= 2 else 1.0 for symbol in symbols]  # sin, cos, -sin, -cos
            linear = [float(symbol.order == 1) for symbol in symbols]
            self.constants = polynomials.at(axes) * like.new_tensor(linear).unsqueeze(1)
            factors = polynomials.at(per_unit) * like.new_tensor(signs).unsqueeze(1)
            self.factors = factors * self.amplitudes

    def local(self, x: Tensor, out: Tensor) -> Tensor:
        """The coordinates ``xi[passed]``, written to ``out`` (n, passed); returns xi."""
        xi = (x - self.centre) * self.scale
        out.copy_(xi[:, self.passed])
        return xi

    def write(self, x: Tensor, out: Tensor, waves: Tensor) -> None:
        """Fills ``out`` (symbols, n, features); ``waves`` (2, n, waves) is room to work in."""
        passed = len(self.passed)
        xi = (x - self.centre) * self.scale
        if self.phases.numel():
            sines, cosines = waves
            torch.addmm(self.phases, xi, self.frequencies.T, out=sines)
            if 1 in self.parities:
                torch.cos(sines, out=cosines)
            if 0 in self.parities:
                torch.sin(sines, out=sines)
        for i, symbol in enumerate(self.symbols):
            if passed:
                out[i, :, :passed] = self.constants[i] if symbol.order else xi[:, self.passed]
            if self.phases.numel():
                torch.mul(waves[symbol.order % 2], self.factors[i], out=out[i, :, passed:])

    def write_slopes(self, x: Tensor, values: Tensor, slopes: Tensor | None) -> None:
        """Features to ``values``, their derivatives along their `directions` to ``slopes``, (n, features);
        those of plain coordinates are one and need no ``slopes``."""
        passed = len(self.passed)
        xi = self.local(x, values[:, :passed])
        if slopes is not None:
            angle = torch.addmm(self.phases, xi, self.frequencies.T)
            torch.mul(torch.sin(angle), self.amplitudes, out=values[:, passed:])
            torch.mul(torch.cos(angle), self.amplitudes, out=slopes[:, passed:])
            slopes[:, :passed] = 1


def slope_signs(activation: Activation, order: int) -> list[float]:
    """The signs that f, f', ..., f^(order) come with in `SlopeBuffers`."""
    return [-1.0 if activation == sine and k % 4 >= 2 else 1.0 for k in range(order + 1)]


class SlopeBuffers:
    """f, f', ..., f^(order) at ``z``, in buffers of their own; those of a sine are two, and z is one of them."""

    def __init__(self, activation: Activation, order: int, z: Tensor, value: Tensor, take: Take) -> None:
        self._activation, self._z, self._value = activation, z, value
        if activation == sine:
            buffers = [(value, z)[k % 2] for k in range(order + 1)]
        else:
            buffers = [value, *(take(*z.shape) for _ in range(order))]
        self.slopes: list[Slope] = list(zip(buffers, slope_signs(activation, order), strict=True))

    def fill(self) -> None:
        if self._activation == sine:
            torch.sin(self._z, out=self._value)
            torch.cos(self._z, out=self._z)
            return
        order = len(self.slopes) - 1
        known = list(self._activation.derivatives(self._z, min(order, 4)))
        if order == 5:  # recipes give four; the way back of a fourth-order operator takes one more
            known.append(torch.func.jvp(self._fourth, (self._z,), (torch.ones_like(self._z),))[1])
        for (buffer, _), slope in zip(self.slopes, known, strict=True):
            buffer.copy_(slope)

    def _fourth(self, z: Tensor) -> Tensor:
        return self._activation.derivatives(z, 4)[4]


def cache_sized(channels: int, width: int, itemsize: int = 4) -> int:
    """How many points make stacked channels of about 1 MB, a multiple of 32 from 128 to 2048."""
    points = 2**20 / (channels * max(width, 1) * itemsize)
    return min(max(32 * math.floor(points / 32), 128), 2048)


class Frames(Generic[F]):
    """Buffers, laid out by ``build(n, take)`` once for each number of points n, all in the same memory."""

    def __init__(self, build: Callable[[int, Take], F]) -> None:
        self._build = build
        self._frames: dict[int, F] = {}
        self._storage = torch.empty(0)
        self._used = 0

    @property
    def size(self) -> int:
        """How many numbers the memory holds."""
        return self._storage.numel()

    def of(self, n: int, like: Tensor) -> F:
        """The frame for n points, with the dtype and device of ``like``."""
        if self._storage.dtype != like.dtype or self._storage.device != like.device:
            self._reserve(0, like)
        frame = self._frames.get(n)
        if frame is None:
            frame = self._lay_out(n)
            if self._used > self.size:
                self._reserve(self._used, like)
                frame = self._lay_out(n)
            if len(self._frames) == 8:  # sizes that keep changing
                self._frames.clear()
            self._frames[n] = frame
        return frame

    def _lay_out(self, n: int) -> F:
        self._used = 0
        with torch.inference_mode(False):  # or nobody outside that mode could write to the buffers
            return self._build(n, self._take)

    def _reserve(self, elements: int, like: Tensor) -> None:
        self._frames.clear()
        with torch.inference_mode(False):
            self._storage = torch.empty(elements, dtype=like.dtype, device=like.device)

    def _take(self, *shape: int) -> Tensor:
        start, stop = self._used, self._used + math.prod(shape)
        self._used = 16 * math.ceil(stop / 16)  # whole cache lines: others cost a third of the speed
        if self._used > self.size:  # only to learn how much is needed
            return self._storage.new_empty(shape)
        return self._storage[start:stop].view(shape)
