"""Forward jets: the channels of a plan pushed through a dense network, and a hand-written way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..networks.dense import DenseNetwork
from .dense import (
    Affine,
    AffineGradient,
    DenseLayers,
    EmbeddingChannels,
    Frames,
    LoadedEmbedding,
    SlopeBuffers,
    Take,
    cache_sized,
)
from .jets import Call, compose, power_tables, pull, runs
from .plan import Polynomials, closed_form_plan, derivative, jet_plan
from .symbols import Symbol


@dataclass(frozen=True)
class Ridges:
    """A first layer on plain coordinates, in closed form: P(∂) f(w.x + b) = P(w) f^(order)(w.x + b)."""

    rows: Tensor  # P(w), (channels, 1, width)
    by_weight: Tensor  # its derivative by the entries of the weight, (channels, width, in)


@dataclass(frozen=True)
class Weights:
    layers: list[Affine]  # hidden layers, then the head
    embedding: LoadedEmbedding
    ridges: Ridges | None
    theta: Tensor


@dataclass(frozen=True)
class _Layer:
    """The buffers of a hidden layer and the calls on them; rows are channels of points."""

    h: Tensor  # its inputs, (rows, in)
    z: Tensor  # (rows, width), the value's rows spoilt by the activation
    z_value: Tensor  # (n, width)
    slopes: SlopeBuffers
    compose: list[Call]
    out: Tensor  # (channels wanted, n, width)
    g: Tensor  # the pull on out, (rows, width)
    pull: list[Call]
    pulled: Tensor  # the pull on z, (rows, width)
    pulled_value: Tensor  # (n, width)
    scratch: Tensor  # (channels, n, width)
    by_order: list[tuple[int, int, int, int]]  # wanted channels: order, the first, its place, how many


@dataclass(frozen=True)
class _Frame:
    embedded: Tensor  # (channels, n, features), or the values alone before a ridge layer
    layers: list[_Layer]
    last: Tensor  # (channels read, n, features of the head)
    last_rows: Tensor  # (rows, features of the head)


class JetEngine:
    """Forward jets of a `DenseNetwork`; operators up to the fourth order, any order without hidden layers."""

    kind = "forward jets"

    def __init__(self, network: DenseNetwork, symbols: Sequence[Symbol], dimension: int) -> None:
        self.network = network
        self.layers = DenseLayers(network)
        self.widths = [layer.out_features for layer in self.layers.hidden]
        self.plan = jet_plan(symbols, dimension) if self.widths else closed_form_plan(symbols)
        self.tables = power_tables(self.plan) if self.widths else []
        self.channels = len(self.plan.channels)
        self.read = self.plan.read
        self.reads_value = self.plan.channels[self.read[0]].order == 0
        self.recipe = torch.zeros(len(symbols), len(self.read), dtype=torch.float64)
        for row, request in zip(self.recipe, self.plan.requests, strict=True):
            for channel, factor in request:
                row[self.read.index(channel)] = factor
        self.plain = torch.equal(self.recipe, torch.eye(len(symbols), dtype=torch.float64))
        self.ridge = bool(self.widths) and network.embedding.phases.numel() == 0
        self.embedding = EmbeddingChannels(network.embedding, () if self.ridge else self.plan.channels)
        rows = [dict(channel.terms) for channel in self.plan.channels]
        slopes = [derivative(row, axis) for row in rows for axis in range(dimension)]
        self.ridge_polynomials = Polynomials([*rows, *slopes] if self.ridge else [], dimension)
        self.chunk = cache_sized(self.channels, max(self.widths, default=network.embedding.outputs))
        self.frames = Frames(self._frame)

    def load(self, theta: Tensor) -> Weights:
        theta = theta.detach()
        layers = self.layers.load(theta)
        embedding = self.embedding.load(theta)
        ridges = self._ridges(layers[0], embedding) if self.ridge else None
        return Weights(layers, embedding, ridges, theta)

    def forward(self, weights: Weights, x: Tensor) -> tuple[Tensor, _Frame]:
        frame = self._push(weights, x)
        head = weights.layers[-1]
        y = torch.mm(frame.last_rows, head.transposed).view(len(self.read), len(x), -1)
        if head.bias is not None and self.reads_value:
            y[0] += head.bias
        return self._recombined(y), frame

    def features(self, weights: Weights, x: Tensor) -> Tensor | None:
        last = self._push(weights, x).last
        if weights.layers[-1].bias is None:
            return self._recombined(last.clone())
        constant = last.new_zeros(*last.shape[:2], 1)
        constant[0] = self.reads_value
        return self._recombined(torch.cat([last, constant], dim=-1))

    def backward(self, weights: Weights, tape: _Frame, cotangent: Tensor, gradient: Tensor) -> None:
        into = self.layers.gradients(gradient)
        by_channel = cotangent if self.plain else _mixed(self.recipe.T, cotangent)
        rows = by_channel.reshape(-1, cotangent.shape[-1])
        values = by_channel[0] if self.reads_value else None
        into[-1].add(rows, tape.last_rows, values)
        if not any(self.layers.trained[:-1]):
            return
        torch.mm(rows, weights.layers[-1].weight, out=tape.layers[-1].g)
        for depth in reversed(range(len(self.widths))):
            layer, affine = tape.layers[depth], weights.layers[depth]
            if weights.ridges is not None and depth == 0:
                self._pull_ridge(weights.ridges, layer, into[0])
                return
            for call in layer.pull:
                call()
            into[depth].add(layer.pulled, layer.h, layer.pulled_value)
            if not any(self.layers.trained[:depth]):
                return
            torch.mm(layer.pulled, affine.weight, out=tape.layers[depth - 1].g)

    def _recombined(self, y: Tensor) -> Tensor:
        return y if self.plain else _mixed(self.recipe, y)

    def _push(self, weights: Weights, x: Tensor) -> _Frame:
        frame = self.frames.of(x.shape[0], weights.theta)
        if weights.ridges is None:
            weights.embedding.write(x, frame.embedded)
        else:
            weights.embedding.local(x, frame.embedded[0])
        for depth, layer in enumerate(frame.layers):
            affine = weights.layers[depth]
            torch.mm(layer.h, affine.transposed, out=layer.z)
            if affine.bias is not None:
                layer.z_value.add_(affine.bias)
            layer.slopes.fill()
            if weights.ridges is not None and depth == 0:
                self._push_ridge(weights.ridges, layer)
            else:
                for call in layer.compose:
                    call()
        return frame

    def _ridges(self, first: Affine, embedding: LoadedEmbedding) -> Ridges:
        directions = first.weight @ embedding.directions
        values = self.ridge_polynomials.at(directions)
        rows, by_direction = values[: self.channels], values[self.channels :]
        by_direction = by_direction.view(self.channels, -1, len(directions)).transpose(1, 2)
        return Ridges(rows.unsqueeze(1), by_direction @ embedding.directions.T)

    def _push_ridge(self, ridges: Ridges, layer: _Layer) -> None:
        for order, k, place, count in layer.by_order:
            if order:
                slope, sign = layer.slopes.slopes[order]
                row = ridges.rows[k : k + count] * sign
                torch.mul(slope, row, out=layer.out[place : place + count])

    def _pull_ridge(self, ridges: Ridges, layer: _Layer, into: AffineGradient) -> None:
        g, product = layer.g.view(layer.out.shape), layer.scratch
        pulled = layer.pulled.zero_()
        for order, k, place, count in layer.by_order:
            (slope, sign), (steeper, its_sign) = layer.slopes.slopes[order : order + 2]
            part, room = g[place : place + count], product[:count]
            if into.weight is not None and order:
                sums = torch.mul(slope, part, out=room).sum(1, keepdim=True).transpose(1, 2)
                by_weight = (sums * ridges.by_weight[k : k + count]).sum(0)
                into.weight.add_(by_weight, alpha=sign * into.omega)
            total = torch.mul(part[0], ridges.rows[k], out=room[0])
            for i in range(1, count):
                total.addcmul_(part[i], ridges.rows[k + i])
            pulled.addcmul_(steeper, total, value=its_sign)
        into.add(pulled, layer.h, pulled)

    def _frame(self, n: int, take: Take) -> _Frame:
        count, wide, last = self.channels, max(self.widths, default=0), len(self.widths) - 1
        h = embedded = take(1 if self.ridge else count, n, self.network.embedding.outputs)
        g_room, pulled_room, scratch_room = (take(count * n * wide) for _ in range(3))
        layers = []
        for depth, width in enumerate(self.widths):
            ridge = self.ridge and depth == 0
            wanted = self.read if depth == last else tuple(range(count))
            rows = 1 if ridge else count

            def view(room: Tensor, channels: int, width: int = width) -> Tensor:
                return room[: channels * n * width].view(channels, n, width)

            z, out = take(rows, n, width), take(len(wanted), n, width)
            value = out[0] if wanted[0] == 0 else take(n, width)
            slopes = SlopeBuffers(self.network.activation, self.plan.order + 1, z[0], value, take)
            g, pulled, scratch = view(g_room, len(wanted)), view(pulled_room, rows), view(scratch_room, count)
            forth: list[Call] = []
            back: list[Call] = []
            if not ridge:
                powers = [{k: take(n, width) for k in table} for table in self.tables]
                forth = list(compose(self.tables, slopes.slopes, z, powers, out, wanted))
                back = list(
                    pull(self.plan, self.tables, slopes.slopes, z, powers, g, wanted, pulled, scratch)
                )
            by_order = [
                (order, k, place, many)
                for order in range(self.plan.order + 1)
                for k, place, many in runs(
                    (k, place) for place, k in enumerate(wanted) if self.plan.channels[k].order == order
                )
            ]
            layers.append(
                _Layer(
                    h=h.view(-1, h.shape[-1]),
                    z=z.view(-1, width),
                    z_value=z[0],
                    slopes=slopes,
                    compose=forth,
                    out=out,
                    g=g.view(-1, width),
                    pull=back,
                    pulled=pulled.view(-1, width),
                    pulled_value=pulled[0],
                    scratch=scratch,
                    by_order=by_order,
                )
            )
            h = out
        return _Frame(embedded, layers, h, h.view(-1, h.shape[-1]))


def _mixed(recipe: Tensor, x: Tensor) -> Tensor:
    return (recipe.to(x) @ x.reshape(len(x), -1)).view(-1, *x.shape[1:])
