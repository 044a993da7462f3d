"""Forward jets: the channels of a plan pushed through a dense network, layer by layer, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..calculus.plan import closed_form_plan, jet_plan
from ..calculus.symbols import Symbol
from ..networks.dense import DenseNetwork
from .buffers import Frames, Take, Turns, cache_sized
from .layers.head import HeadBuffers
from .layers.hidden import Hidden
from .layers.layer import Layer, LayerBuffers
from .layers.linear import Affine, LinearLayers
from .layers.ridge import Ridge
from .layers.waves import LoadedWaves, Waves, WavesBuffers
from .readout import Readout

VALUES = 1024  # points of a chunk at least, where no derivatives are asked for


@dataclass(frozen=True)
class _Weights:
    affine: list[Affine]  # hidden layers, then the head
    waves: LoadedWaves
    layers: list[Any]  # what each hidden layer's buffers work with
    theta: Tensor


@dataclass(frozen=True)
class _Frame:
    waves: WavesBuffers
    layers: list[LayerBuffers]
    head: HeadBuffers


class ForwardEngine:
    """Forward jets of a `DenseNetwork`; operators up to the fourth order, any order without hidden layers."""

    kind = "forward jets"

    def __init__(self, network: DenseNetwork, symbols: Sequence[Symbol], dimension: int) -> None:
        self.linear = LinearLayers(network)
        widths = self.linear.widths
        self.plan = jet_plan(symbols, dimension) if widths else closed_form_plan(symbols)
        self.channels = len(self.plan.channels)
        self.readout = Readout(self.plan.requests, self.plan.read)
        on_coordinates = bool(widths) and network.embedding.phases.numel() == 0
        first = (Symbol.identity(dimension),) if on_coordinates else self.plan.channels
        self.waves = Waves(network.embedding, first)
        self.layers: list[Layer] = []
        for depth, width in enumerate(widths):
            kind = Ridge if on_coordinates and depth == 0 else Hidden
            wanted = self.plan.read if depth == len(widths) - 1 else range(self.channels)
            self.layers.append(kind(self.plan, network.activation, width, wanted))
        self.widest = max(widths, default=0)
        width = self.widest or network.embedding.outputs
        self.chunk = cache_sized(self.channels, width)
        if self.channels > 1:
            # Products of wide layers are as fast on fewer points, and memory goes into their buffers.
            self.chunk = min(self.chunk, max(128, 32 * (10 * 2**15 // width**2)))
        elif widths:
            # Values alone are so few that calls, and weights read anew for each chunk, would cost as much.
            self.chunk = max(self.chunk, VALUES)
        self.frames = Frames(self._lay_out)

    def load(self, theta: Tensor) -> _Weights:
        theta = theta.detach()
        affine, waves = self.linear.load(theta), self.waves.load(theta)
        layers = [layer.load(a, waves) for layer, a in zip(self.layers, affine, strict=False)]
        return _Weights(affine, waves, layers, theta)

    def forward(self, weights: _Weights, x: Tensor) -> tuple[Tensor, _Frame]:
        frame = self._push(weights, x)
        return self.readout.forth(frame.head.forth(weights.affine[-1])), frame

    def features(self, weights: _Weights, x: Tensor) -> Tensor | None:
        head = self._push(weights, x).head
        if weights.affine[-1].bias is None:
            return self.readout.forth(head.features.clone())
        constant = head.features.new_zeros(*head.features.shape[:2], 1)
        constant[0] = head.reads_value
        return self.readout.forth(torch.cat([head.features, constant], dim=-1))

    def backward(self, weights: _Weights, tape: _Frame, cotangent: Tensor, gradient: Tensor) -> None:
        into = self.linear.gradients(gradient, weights.affine)
        pull = self.readout.back(cotangent)
        tape.head.back(into[-1], pull)
        if not self.linear.any_trained_below(len(self.layers)):
            return
        tape.head.pass_down(weights.affine[-1], pull)
        for depth in reversed(range(len(self.layers))):
            tape.layers[depth].back(weights.layers[depth], into[depth])
            if not self.linear.any_trained_below(depth):
                return
            tape.layers[depth].pass_down(weights.affine[depth], tape.layers[depth - 1].pull)

    def _push(self, weights: _Weights, x: Tensor) -> _Frame:
        frame = self.frames.of(len(x), weights.theta)
        frame.waves.forth(weights.waves, x)
        for layer, loaded in zip(frame.layers, weights.layers, strict=True):
            layer.forth(loaded)
        return frame

    def _lay_out(self, n: int, take: Take) -> _Frame:
        waves = self.waves.lay_out(n, take)
        # Of the way back: a sum, and for each curved channel its share and the rest of its jet.
        scratch = 1 + 2 * sum(channel.order > 1 for channel in self.plan.channels)
        turns = Turns(take, self.channels * n * self.widest, n * self.widest, scratch)
        h, layers, pull = waves.out, list[LayerBuffers](), None
        for depth, layer in enumerate(self.layers):
            layers.append(layer.lay_out(h, depth, turns, take))
            h, pull = layers[-1].out, layers[-1].pull
        reads_value = self.plan.channels[self.plan.read[0]].order == 0
        return _Frame(waves, layers, HeadBuffers(h, pull, self.plan.read, reads_value))
