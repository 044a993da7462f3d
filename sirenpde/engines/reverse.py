"""Reverse mode for values and first derivatives: cheaper than forward jets where outputs are few.

With z_l = W_l v_(l-1) + b_l and v_l = f(z_l), the gradient of an output runs down as a_L = its row of the
head, b_l = f'(z_l) a_l, a_(l-1) = b_l W_l: two channels where forward jets need 1 + d. The way back repeats
both sweeps, reversed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..calculus.symbols import Symbol
from ..networks.dense import DenseNetwork
from .dense import (
    Affine,
    DenseLayers,
    EmbeddingChannels,
    Frames,
    LoadedEmbedding,
    SlopeBuffers,
    Take,
    cache_sized,
)
from .dense_jets import JetEngine


@dataclass(frozen=True)
class Weights:
    layers: list[Affine]  # hidden layers, then the head
    embedding: LoadedEmbedding
    theta: Tensor


@dataclass(frozen=True)
class _Layer:
    """Buffers of a hidden layer. Rows are points, where there are outputs, outputs of points."""

    h: Tensor  # its inputs, (n, in)
    z: Tensor  # (n, width), spoilt by the activation
    value: Tensor  # f(z)
    slopes: SlopeBuffers
    b: Tensor  # the pull of each output on z, (outputs, n, width)
    b_rows: Tensor
    a: Tensor  # the pull of each output on h, (outputs, n, in)
    a_rows: Tensor
    f_bar: Tensor  # on the way back: the pull on f'(z), summed over outputs, (n, width)
    up: Tensor  # the pull on b, then on the next layer's a, (outputs, n, width)
    up_rows: Tensor
    down: Tensor  # the pull on f(z), then on z, (n, width)


@dataclass(frozen=True)
class _Frame:
    slopes: Tensor | None  # of the embedding along its directions, (n, features); None where all are one
    up: Tensor  # the pull on the first layer's a, (outputs, n, features)
    up_rows: Tensor
    layers: list[_Layer]


class ReverseEngine:
    """Values and first derivatives of a `DenseNetwork` with hidden layers, by reverse mode."""

    kind = "reverse mode"

    def __init__(self, network: DenseNetwork, symbols: Sequence[Symbol], dimension: int) -> None:
        self.network = network
        self.layers = DenseLayers(network)
        self.embedding = EmbeddingChannels(network.embedding, ())
        self.outputs = network.head.out_features
        self.channels = 1 + self.outputs
        self.widths = [layer.out_features for layer in self.layers.hidden]
        self.chunk = cache_sized(self.channels, max(self.widths))
        self.asks_value = any(symbol.order == 0 for symbol in symbols)
        self.recipe = torch.zeros(len(symbols), 1 + dimension, dtype=torch.float64)
        for row, symbol in zip(self.recipe, symbols, strict=True):
            for powers, factor in symbol.terms:
                row[1 + powers.index(1) if symbol.order else 0] = factor
        self.frames = Frames(self._frame)
        self.jets = JetEngine(network, symbols, dimension)

    def load(self, theta: Tensor) -> Weights:
        theta = theta.detach()
        return Weights(self.layers.load(theta), self.embedding.load(theta), theta)

    def features(self, weights: Weights, x: Tensor) -> Tensor | None:
        return self.jets.features(self.jets.load(weights.theta), x)

    def forward(self, weights: Weights, x: Tensor) -> tuple[Tensor, _Frame]:
        frame = self.frames.of(len(x), weights.theta)
        *hidden, head = weights.layers
        first, top = frame.layers[0], frame.layers[-1]
        weights.embedding.write_slopes(x, first.h, frame.slopes)
        for layer, affine in zip(frame.layers, hidden, strict=True):
            torch.mm(layer.h, affine.transposed, out=layer.z)
            if affine.bias is not None:
                layer.z.add_(affine.bias)
            layer.slopes.fill()
        above = head.weight.unsqueeze(1)
        for layer, affine in zip(reversed(frame.layers), reversed(hidden), strict=True):
            torch.mul(layer.slopes.slopes[1][0], above, out=layer.b)
            torch.mm(layer.b_rows, affine.weight, out=layer.a_rows)
            above = layer.a
        y = torch.mm(top.value, head.transposed)
        if head.bias is not None:
            y += head.bias
        pulled = first.a if frame.slopes is None else first.a * frame.slopes
        slope = (pulled @ weights.embedding.directions).permute(2, 1, 0)
        jet = torch.cat([y.unsqueeze(0), slope])
        return (self.recipe.to(y) @ jet.view(len(jet), -1)).view(-1, *y.shape), frame

    def backward(self, weights: Weights, tape: _Frame, cotangent: Tensor, gradient: Tensor) -> None:
        into = self.layers.gradients(gradient, weights.layers)
        *hidden, head = weights.layers
        top = tape.layers[-1]
        by_jet = self.recipe.T.to(cotangent) @ cotangent.reshape(len(cotangent), -1)
        by_jet = by_jet.view(-1, *cotangent.shape[1:])
        torch.matmul(by_jet[1:].permute(2, 1, 0), weights.embedding.directions.T, out=tape.up)
        if tape.slopes is not None:
            tape.up.mul_(tape.slopes)
        up = tape.up_rows
        above = [*(layer.a for layer in tape.layers[1:]), head.weight.unsqueeze(1)]
        for layer, affine, pulled, place in zip(tape.layers, hidden, above, into[:-1], strict=True):
            place.add(layer.b_rows, up, None)
            up = torch.mm(up, affine.transposed, out=layer.up_rows)
            torch.mul(layer.up[0], pulled[0], out=layer.f_bar)
            for i in range(1, self.outputs):
                layer.f_bar.addcmul_(layer.up[i], pulled[i])
            layer.up.mul_(layer.slopes.slopes[1][0])
        into[-1].add_product(top.up.sum(1) if into[-1].points is None else top.up.transpose(0, 1))
        if self.asks_value:
            into[-1].add(by_jet[0], top.value, by_jet[0])
            torch.mm(by_jet[0], head.weight, out=top.down)
        else:
            top.down.zero_()
        for depth in reversed(range(len(hidden))):
            layer = tape.layers[depth]
            (f1, _), (f2, sign) = layer.slopes.slopes[1:3]
            layer.down.mul_(f1).addcmul_(f2, layer.f_bar, value=sign)
            into[depth].add(layer.down, layer.h, layer.down)
            if not any(self.layers.trained[:depth]):
                return
            torch.mm(layer.down, hidden[depth].weight, out=tape.layers[depth - 1].down)

    def _frame(self, n: int, take: Take) -> _Frame:
        count, features = self.outputs, self.network.embedding.outputs
        slopes = take(n, features) if self.network.embedding.phases.numel() else None
        rooms = [take((count + 1) * n * max(self.widths)) for _ in range(2)]  # taken in turns on the way back
        h, first = take(n, features), take(count, n, features)
        layers = []
        for depth, width in enumerate(self.widths):
            z, value, f_bar = (take(n, width) for _ in range(3))
            b, a = take(count, n, width), take(count, *h.shape)
            up = rooms[depth % 2][: count * n * width].view(count, n, width)
            down = rooms[depth % 2][count * n * width : (count + 1) * n * width].view(n, width)
            derivatives = SlopeBuffers(self.network.activation, 2, z, value, take)
            rows = [t.view(count * n, -1) for t in (b, a, up)]
            layers.append(_Layer(h, z, value, derivatives, b, rows[0], a, rows[1], f_bar, up, rows[2], down))
            h = value
        return _Frame(slopes, first, first.view(count * n, -1), layers)
