"""The first hidden layer where it stands on plain coordinates: a ridge function f(w.x + b) of the point.

P(∂) f(w.x + b) = P(w) f^(order)(w.x + b), so that a channel v_k of order m_k is r_k f^(m_k), with one row
r_k = P_k(w) for all points, and no channel but the value goes through a matrix product. Back, where g_k pulls
on v_k,

    z̄ = sum_k f^(m_k + 1) r_k g_k,    r̄_k = sum over the points of f^(m_k) g_k.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from ...calculus.plan import Plan, Polynomials, derivative
from ...geometry.data.constants import Constant
from ...networks.activations.activation import Activation
from ..buffers import Take, Turns
from .linear import Affine, AffineGradient
from .powers import Call, runs
from .slopes import Slopes, slope_signs
from .waves import LoadedWaves


@dataclass(frozen=True)
class RidgeWeights:
    affine: Affine
    rows: Tensor  # P(w) with the sign of its slope, (channels, 1, width)
    by_weight: Tensor  # its derivative by the entries of the weight, (channels, width, in)


class Ridge:
    """A first layer of a plan. ``wanted`` are the channels that somebody reads, ascending."""

    def __init__(self, plan: Plan, activation: Activation, width: int, wanted: Sequence[int]) -> None:
        self.plan, self.activation, self.width, self.wanted = plan, activation, width, tuple(wanted)
        dimension = plan.channels[0].dimension
        rows = [dict(channel.terms) for channel in plan.channels]
        families = [[row, *(derivative(row, axis) for axis in range(dimension))] for row in rows]
        self._polynomials = Polynomials([p for family in families for p in family], dimension)
        signs = slope_signs(activation, plan.order)
        by_channel = [signs[channel.order] for channel in plan.channels]
        self._signs = Constant(torch.tensor(by_channel, dtype=torch.float64))

    def load(self, affine: Affine, waves: LoadedWaves) -> RidgeWeights:
        directions = affine.weight @ waves.directions
        values = self._polynomials.at(directions).view(len(self.plan.channels), -1, len(directions))
        values = values * self._signs.like(values).view(-1, 1, 1)  # the polynomial itself, then its slopes
        return RidgeWeights(affine, values[:, :1], values[:, 1:].transpose(1, 2) @ waves.directions.T)

    def lay_out(self, h: Tensor, depth: int, turns: Turns, take: Take) -> RidgeBuffers:
        return RidgeBuffers(self, h, depth, turns, take)


class RidgeBuffers:
    """The `LayerBuffers` of a `Ridge`."""

    def __init__(self, layer: Ridge, h: Tensor, depth: int, turns: Turns, take: Take) -> None:
        count, n, width = len(layer.plan.channels), h.shape[1], layer.width
        self.rows = take(count, 1, width)  # a copy of those of the weights, where the calls expect them
        self.z = take(n, width)  # spoilt by the activation
        self.out = take(len(layer.wanted), n, width)
        value = self.out[0] if layer.wanted[0] == 0 else take(n, width)
        self.slopes = Slopes(layer.activation, layer.plan.order + 1, self.z, value, take)
        self.pull = turns.pull(depth, count, n, width)
        self.total = next(turns.scratch(n, width))
        self.sums = take(count, width)  # the pull on the rows
        self._h = h[0]
        self._forth = list(_ridges(layer, self))
        self._back = list(_transpose(layer, self))
        self._channels = [slice(k, k + many) for k, _, many in runs((k, k) for k in layer.wanted if k)]

    def forth(self, weights: RidgeWeights) -> None:
        self.rows.copy_(weights.rows)
        weights.affine.forth(self._h, self.z, self.z)
        self.slopes.fill()
        for call in self._forth:
            call()

    def back(self, weights: RidgeWeights, into: AffineGradient) -> None:
        for call in self._back:
            call()
        into.add(self.pull[0], self._h, self.pull[0])
        by_row = self.sums if into.points is None else self.pull
        for channels in self._channels:
            product = torch.einsum("c...w,cwi->...wi", by_row[channels], weights.by_weight[channels])
            into.add_product(product)

    def pass_down(self, affine: Affine, below: Tensor) -> None:
        raise AssertionError("no layer with parameters lies below the coordinates")


def _ridges(layer: Ridge, at: RidgeBuffers) -> Iterator[Call]:
    """The channels that are wanted, save the value, which ``slopes`` has filled in."""
    for row, k in enumerate(layer.wanted):
        if k:
            slope, _ = at.slopes[layer.plan.channels[k].order]
            yield partial(torch.mul, slope, at.rows[k], out=at.out[row])


def _transpose(layer: Ridge, at: RidgeBuffers) -> Iterator[Call]:
    """Turns the pull on the channels into that on w.x + b, in pull[0], and that on the rows, in ``sums``."""
    g, rows, total = at.pull, at.rows, at.total
    yield partial(g[0].mul_, at.slopes[1][0]) if 0 in layer.wanted else g[0].zero_
    for order in range(1, layer.plan.order + 1):
        (slope, sign), (steeper, its_sign) = at.slopes[order], at.slopes[order + 1]
        channels = [k for k in layer.wanted if layer.plan.channels[k].order == order]
        for i, k in enumerate(channels):
            yield (
                partial(total.addcmul_, g[k], rows[k]) if i else partial(torch.mul, g[k], rows[k], out=total)
            )
        if channels:
            yield partial(g[0].addcmul_, steeper, total, value=its_sign * sign)
        for k, _, count in runs((k, k) for k in channels):
            block = g[k : k + count]
            yield partial(block.mul_, slope)
            yield partial(torch.sum, block, 1, out=at.sums[k : k + count])
