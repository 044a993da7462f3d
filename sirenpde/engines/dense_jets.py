"""Forward jets: the channels of a plan pushed through a dense network, and a hand-written way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from ..calculus.plan import Polynomials, closed_form_plan, derivative, jet_plan
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
    slope_signs,
)
from .jets import Call, compose, compose_ridge, power_tables, pull, pull_ridge, runs


@dataclass(frozen=True)
class Ridges:
    """What the channels make of a first layer on plain coordinates, with the signs of its slopes."""

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
    forth: list[Call]
    g_above: Tensor  # the pull on f(z), (channels of points, width), turned by the calls into that on z
    back: list[Call]
    g: Tensor  # (rows, width)
    g_value: Tensor  # (n, width)


@dataclass(frozen=True)
class _Frame:
    embedded: Tensor  # (channels, n, features), or the values alone before a ridge
    waves: Tensor  # sines and cosines of the embedding, (2, n, waves)
    ridge_rows: Tensor  # (channels, 1, first width), a copy of Ridges.rows
    ridge_sums: list[tuple[slice, Tensor]]  # channels that follow each other, the pull on their rows
    ridge_pulls: list[tuple[slice, Tensor]]  # the same before the sum over points, (channels, n, first width)
    layers: list[_Layer]
    last: Tensor  # (channels read, n, features of the head)
    last_rows: Tensor  # (rows, features of the head)
    last_g: list[tuple[slice, Tensor]]  # rows that follow each other, where the pull on them goes


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
        slopes = [[derivative(row, axis) for axis in range(dimension)] for row in rows]
        family = [p for row, by_axis in zip(rows, slopes, strict=True) for p in (row, *by_axis)]
        self.ridge_polynomials = Polynomials(family if self.ridge else [], dimension)
        width = max(self.widths, default=network.embedding.outputs)
        # Products of wide layers are as fast on fewer points, and memory goes into their buffers.
        self.chunk = min(cache_sized(self.channels, width), max(128, 32 * (10 * 2**15 // width**2)))
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
        into = self.layers.gradients(gradient, weights.layers)
        by_channel = cotangent if self.plain else _mixed(self.recipe.T, cotangent)
        rows = by_channel.reshape(-1, cotangent.shape[-1])
        values = by_channel[0] if self.reads_value else None
        into[-1].add(rows, tape.last_rows, values)
        if not any(self.layers.trained[:-1]):
            return
        for place, g in tape.last_g:
            torch.mm(rows[place], weights.layers[-1].weight, out=g)
        for depth in reversed(range(len(self.widths))):
            layer = tape.layers[depth]
            for call in layer.back:
                call()
            into[depth].add(layer.g, layer.h, layer.g_value)
            if not any(self.layers.trained[:depth]):
                break
            torch.mm(layer.g, weights.layers[depth].weight, out=tape.layers[depth - 1].g_above)
        if weights.ridges is not None:
            for channels, sums in tape.ridge_sums if into[0].points is None else tape.ridge_pulls:
                by_weight = weights.ridges.by_weight[channels]
                into[0].add_product(torch.einsum("c...w,cwi->...wi", sums, by_weight))

    def _recombined(self, y: Tensor) -> Tensor:
        return y if self.plain else _mixed(self.recipe, y)

    def _push(self, weights: Weights, x: Tensor) -> _Frame:
        frame = self.frames.of(len(x), weights.theta)
        if weights.ridges is None:
            weights.embedding.write(x, frame.embedded, frame.waves)
        else:
            weights.embedding.local(x, frame.embedded[0])
            frame.ridge_rows.copy_(weights.ridges.rows)
        for affine, layer in zip(weights.layers, frame.layers, strict=False):
            torch.mm(layer.h, affine.transposed, out=layer.z)
            if affine.bias is not None:
                layer.z_value.add_(affine.bias)
            layer.slopes.fill()
            for call in layer.forth:
                call()
        return frame

    def _ridges(self, first: Affine, embedding: LoadedEmbedding) -> Ridges:
        directions = first.weight @ embedding.directions
        signs = slope_signs(self.network.activation, self.plan.order)
        by_channel = directions.new_tensor([signs[channel.order] for channel in self.plan.channels])
        values = self.ridge_polynomials.at(directions).view(self.channels, -1, len(directions))
        values = values * by_channel.view(-1, 1, 1)  # the polynomial itself, then its slopes
        return Ridges(values[:, :1], values[:, 1:].transpose(1, 2) @ embedding.directions.T)

    def _frame(self, n: int, take: Take) -> _Frame:
        plan, count, wide = self.plan, self.channels, max(self.widths, default=0)
        h = embedded = take(1 if self.ridge else count, n, self.network.embedding.outputs)
        waves = take(2, n, self.network.embedding.phases.numel())
        ridge_rows = take(count, 1, self.widths[0] if self.ridge else 0)
        ridge_sums, ridge_pulls = [], []
        rooms = [take(count * n * wide) for _ in range(2)]  # one layer's pull is made from the other's
        scratch = [take(n * wide) for _ in range(1 + 2 * sum(channel.order > 1 for channel in plan.channels))]
        everything, layers = tuple(range(count)), []
        for depth, width in enumerate(self.widths):
            ridge = self.ridge and depth == 0
            wanted = self.read if depth == len(self.widths) - 1 else everything
            z, out = take(1 if ridge else count, n, width), take(len(wanted), n, width)
            value = out[0] if wanted[0] == 0 else take(n, width)
            slopes = SlopeBuffers(self.network.activation, plan.order + 1, z[0], value, take)
            f = slopes.slopes
            g = rooms[depth % 2][: count * n * width].view(count, n, width)
            spare = iter([room[: n * width].view(n, width) for room in scratch])
            if ridge:
                sums = take(count, width)
                forth = compose_ridge(plan, f, ridge_rows, out, wanted)
                back = pull_ridge(plan, f, ridge_rows, g, wanted, sums, next(spare, g[0]))
                followed = runs((k, k) for k in wanted if k)
                parts = [slice(k, k + many) for k, _, many in followed]
                ridge_sums = [(part, sums[part]) for part in parts]
                ridge_pulls = [(part, g[part]) for part in parts]
            else:
                powers = [{k: take(n, width) for k in table} for table in self.tables]
                forth = compose(self.tables, f, z, powers, out, wanted)
                back = pull(plan, self.tables, f, z, powers, g, wanted, partial(next, spare))
            layers.append(
                _Layer(
                    h=h.view(-1, h.shape[-1]),
                    z=z.view(-1, width),
                    z_value=z[0],
                    slopes=slopes,
                    forth=list(forth),
                    g_above=g.view(-1, width),
                    back=list(back),
                    g=g[: len(z)].view(-1, width),
                    g_value=g[0],
                )
            )
            h = out
        last_g = []
        if layers:
            for k, place, many in runs((k, place) for place, k in enumerate(self.read)):
                read = slice(place * n, (place + many) * n)
                last_g.append((read, layers[-1].g_above[k * n : (k + many) * n]))
        return _Frame(
            embedded, waves, ridge_rows, ridge_sums, ridge_pulls, layers, h, h.view(-1, h.shape[-1]), last_g
        )


def _mixed(recipe: Tensor, x: Tensor) -> Tensor:
    return (recipe.to(x) @ x.reshape(len(x), -1)).view(-1, *x.shape[1:])
