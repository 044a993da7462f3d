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
from .buffers import Frames, Take, Turns, cache_sized
from .forward import ForwardEngine
from .layers.head import HeadBuffers
from .layers.linear import Affine, LinearLayers
from .layers.reverse import Reversed, ReversedBuffers
from .layers.waves import DirectedWaves, LoadedWaves, Waves
from .readout import Readout


@dataclass(frozen=True)
class _Weights:
    affine: list[Affine]  # hidden layers, then the head
    waves: LoadedWaves
    theta: Tensor


@dataclass(frozen=True)
class _Frame:
    waves: DirectedWaves
    up: Tensor  # the pull on the first layer's A, (outputs, n, features)
    layers: list[ReversedBuffers]
    head: HeadBuffers


class ReverseEngine:
    """Values and first derivatives of a `DenseNetwork` with hidden layers, by reverse mode."""

    kind = "reverse mode"

    def __init__(self, network: DenseNetwork, symbols: Sequence[Symbol], dimension: int) -> None:
        self.linear = LinearLayers(network)
        self.waves = Waves(network.embedding, ())
        self.outputs = network.head.out_features
        self.layers = [Reversed(network.activation, width, self.outputs) for width in self.linear.widths]
        self.channels = 1 + self.outputs
        self.chunk = cache_sized(self.channels, max(self.linear.widths))
        self.asks_value = any(symbol.order == 0 for symbol in symbols)
        terms = [
            [(1 + powers.index(1) if symbol.order else 0, factor) for powers, factor in symbol.terms]
            for symbol in symbols
        ]
        self.readout = Readout(terms, range(1 + dimension))
        self.frames = Frames(self._lay_out)
        self.jets = ForwardEngine(network, symbols, dimension)

    def load(self, theta: Tensor) -> _Weights:
        theta = theta.detach()
        return _Weights(self.linear.load(theta), self.waves.load(theta), theta)

    def features(self, weights: _Weights, x: Tensor) -> Tensor | None:
        return self.jets.features(self.jets.load(weights.theta), x)

    def forward(self, weights: _Weights, x: Tensor) -> tuple[Tensor, _Frame]:
        frame = self.frames.of(len(x), weights.theta)
        *hidden, head = weights.affine
        frame.waves.forth(weights.waves, x)
        for layer, affine in zip(frame.layers, hidden, strict=True):
            layer.sweep_forth(affine)
        above = head.weight.unsqueeze(1)
        for layer, affine in zip(reversed(frame.layers), reversed(hidden), strict=True):
            layer.sweep_down(affine, above)
            above = layer.a
        pulled = above if frame.waves.slopes is None else above * frame.waves.slopes
        slopes = (pulled @ weights.waves.directions).permute(2, 1, 0)
        return self.readout.forth(torch.cat([frame.head.forth(head), slopes])), frame

    def backward(self, weights: _Weights, tape: _Frame, cotangent: Tensor, gradient: Tensor) -> None:
        into = self.linear.gradients(gradient, weights.affine)
        *hidden, head = weights.affine
        top = tape.layers[-1]
        by_jet = self.readout.back(cotangent)
        torch.matmul(by_jet[1:].permute(2, 1, 0), weights.waves.directions.T, out=tape.up)
        if tape.waves.slopes is not None:
            tape.up.mul_(tape.waves.slopes)
        pull = tape.up.view(-1, tape.up.shape[-1])
        above = [*(layer.a for layer in tape.layers[1:]), head.weight.unsqueeze(1)]
        for layer, affine, passed, gradients in zip(tape.layers, hidden, above, into[:-1], strict=True):
            layer.sweep_up(affine, gradients, pull, passed)
            pull = layer.up_rows
        into[-1].add_product(top.head_pull(by_point=into[-1].points is not None))
        if self.asks_value:
            tape.head.back(into[-1], by_jet[:1])
            tape.head.pass_down(head, by_jet[:1])
        else:
            top.down.zero_()
        for depth in reversed(range(len(hidden))):
            tape.layers[depth].sweep_back(into[depth])
            if not self.linear.any_trained_below(depth):
                return
            torch.mm(tape.layers[depth].down, hidden[depth].weight, out=tape.layers[depth - 1].down)

    def _lay_out(self, n: int, take: Take) -> _Frame:
        waves = DirectedWaves(self.waves.embedding, n, take)
        turns = Turns(take, (self.outputs + 1) * n * max(self.linear.widths))
        h, up = waves.out, take(self.outputs, *waves.out.shape)
        layers: list[ReversedBuffers] = []
        for depth, layer in enumerate(self.layers):
            layers.append(layer.lay_out(h, depth, turns, take))
            h = layers[-1].out
        return _Frame(waves, up, layers, HeadBuffers(h[None], layers[-1].down[None], (0,), True))
