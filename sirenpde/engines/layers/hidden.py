"""A hidden layer between jets: z = W h + b, the bias in the value alone, and v = f(z).

With z = z_0 + delta the jet of f(z) is the Taylor sum f(z_0) + f'(z_0) delta + f''(z_0) delta²/2 + ..., its
products those of the plan, and exact because delta^(order + 1) vanishes. For the Laplacian, with z_i for the
slopes and z_Δ for its own channel,

    v_0 = f(z_0),    v_i = f' z_i,    v_Δ = f' z_Δ + f'' sum_i z_i².

The way back follows from dv = w dz, a product of jets as well, where w is the jet of f'(z): what pulls on v
as g pulls on z as the transposed product with w. In the example w_0 = f', w_i = f'' z_i and
w_Δ = f'' z_Δ + f''' sum_i z_i², so that z̄, the pull on z, is

    z̄_Δ = f' g_Δ,
    z̄_i = f' g_i + 2 f'' z_i g_Δ,
    z̄_0 = f' g_0 + f'' (sum_i z_i g_i + z_Δ g_Δ) + f''' (sum_i z_i²) g_Δ.

The calls on the buffers are made once for a number of points and then only repeated, because at cache-sized
chunks looking up views would cost as much as the arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from math import factorial

import torch
from torch import Tensor

from ...calculus.plan import Pair, Plan
from ...networks.activations.activation import Activation
from ...networks.activations.sine import sine
from ..buffers import Take, Turns
from .linear import Affine, AffineGradient
from .powers import Call, Products, power_tables, runs
from .slopes import Slopes
from .waves import LoadedWaves


class Hidden:
    """A hidden layer of a plan. ``wanted`` are the channels of f(z) that somebody reads, ascending."""

    def __init__(self, plan: Plan, activation: Activation, width: int, wanted: Sequence[int]) -> None:
        self.plan, self.activation, self.width, self.wanted = plan, activation, width, tuple(wanted)
        self.tables = power_tables(plan)

    def load(self, affine: Affine, waves: LoadedWaves) -> Affine:
        return affine

    def lay_out(self, h: Tensor, depth: int, turns: Turns, take: Take) -> HiddenBuffers:
        return HiddenBuffers(self, h, depth, turns, take)


class HiddenBuffers:
    """The `LayerBuffers` of a `Hidden` layer."""

    def __init__(self, layer: Hidden, h: Tensor, depth: int, turns: Turns, take: Take) -> None:
        count, n, width = len(layer.plan.channels), h.shape[1], layer.width
        self.z = take(count, n, width)  # the value spoilt by the activation
        self.out = take(len(layer.wanted), n, width)
        value = self.out[0] if layer.wanted[0] == 0 else take(n, width)
        self.slopes = Slopes(layer.activation, layer.plan.order + 1, self.z[0], value, take)
        self.powers = [{k: take(n, width) for k in table} for table in layer.tables]  # channels of delta^m
        self.pull = turns.pull(depth, count, n, width)
        self._h, self._z_rows = h.view(-1, h.shape[-1]), self.z.view(-1, width)
        self._pull_rows = self.pull.view(-1, width)
        self._of_values = layer.plan.order == 0 and layer.activation != sine
        self._forth = list(_taylor(layer, self))
        self._back = list(_Transpose(layer, self, turns.scratch(n, width)).calls())

    def forth(self, weights: Affine) -> None:
        weights.forth(self._h, self._z_rows, self.z[0])
        if self._of_values:  # most of them are never pulled on
            self.slopes.fill_value()
            return
        self.slopes.fill()
        for call in self._forth:
            call()

    def back(self, weights: Affine, into: AffineGradient) -> None:
        if self._of_values:
            self.slopes.fill()
        for call in self._back:
            call()
        into.add(self._pull_rows, self._h, self.pull[0])

    def pass_down(self, affine: Affine, below: Tensor) -> None:
        torch.mm(self._pull_rows, affine.weight, out=below.view(-1, below.shape[-1]))


def _taylor(layer: Hidden, at: HiddenBuffers) -> Iterator[Call]:
    """The channels of f(z) that are wanted, save the value, which ``slopes`` has filled in."""
    z, out = at.z, at.out
    for m, table in enumerate(layer.tables):
        lower: Mapping[int, Tensor] = at.powers[m - 1] if m else dict(enumerate(z))
        for k, products in table.items():
            yield from _product(products, z, lower, at.powers[m][k])
    slope, _ = at.slopes[1]
    for k, row, count in runs((k, row) for row, k in enumerate(layer.wanted) if k):
        yield partial(torch.mul, slope, z[k : k + count], out=out[row : row + count])
    for row, k in enumerate(layer.wanted):
        for m, table in enumerate(layer.tables, start=2):
            if k in table:
                f, sign = at.slopes[m]
                factor = sign * table[k].scale / factorial(m)
                yield partial(out[row].addcmul_, f, at.powers[m - 2][k], value=factor)


def _product(products: Products, z: Tensor, lower: Mapping[int, Tensor], power: Tensor) -> Iterator[Call]:
    """A channel of delta^m = delta * delta^(m - 1), up to its scale."""
    first, *others = products.pairs
    yield partial(torch.mul, z[first.left], lower[first.right], out=power)
    for pair in others:
        yield partial(power.addcmul_, z[pair.left], lower[pair.right], value=pair.factor)


class _Transpose:
    """Turns the pull g on f(z) into that on z, in place: the transposed product with w, the jet of f'(z).

    w_k is f'' z_k and a rest from the higher powers of delta. What pulls on a channel comes from itself and from
    channels of higher order, so that channels are done in ascending order, while those above are still as given.
    """

    def __init__(self, layer: Hidden, at: HiddenBuffers, scratch: Iterator[Tensor]) -> None:
        self.layer, self.at, self.g = layer, at, at.pull
        channels = layer.plan.channels
        self.above = [k for k in layer.wanted if k]
        self.curved = [k for k in self.above if channels[k].order > 1]
        self.total = next(scratch)  # sum_k z_k g_k
        self.bent = {k: next(scratch) for k in self.curved}  # f'' g_k
        powered = dict.fromkeys(k for table in layer.tables for k in table)
        self.rest = {k: next(scratch) for k in powered}  # w_k - f'' z_k, up to a scale
        self.scales: dict[int, float] = {}

    def calls(self) -> Iterator[Call]:
        yield from self._products_with_f2()
        yield from self._rests()
        channels = self.layer.plan.channels
        for order in range(self.layer.plan.order + 1):
            targets = [k for k, channel in enumerate(channels) if channel.order == order]
            yield from self._times_f1(targets)
            if order == 0 and self.above:
                f2, sign = self.at.slopes[2]
                yield partial(self.g[0].addcmul_, f2, self.total, value=sign)
            for k in self.curved:
                yield from self._from(k, targets)

    def _products_with_f2(self) -> Iterator[Call]:
        z, g = self.at.z, self.g
        for i, k in enumerate(self.above):
            yield (
                partial(self.total.addcmul_, z[k], g[k])
                if i
                else partial(torch.mul, z[k], g[k], out=self.total)
            )
        for k in self.curved:
            yield partial(torch.mul, self.at.slopes[2][0], g[k], out=self.bent[k])

    def _rests(self) -> Iterator[Call]:
        """f''' delta²/2 + f'''' delta³/6 + ..., the first of them with the factor one."""
        for m, table in enumerate(self.layer.tables, start=2):
            f, sign = self.at.slopes[m + 1]
            for k, products in table.items():
                power, factor = self.at.powers[m - 2][k], sign * products.scale / factorial(m)
                if k not in self.scales:
                    self.scales[k] = factor
                    yield partial(torch.mul, f, power, out=self.rest[k])
                else:
                    yield partial(self.rest[k].addcmul_, f, power, value=factor / self.scales[k])

    def _times_f1(self, targets: Sequence[int]) -> Iterator[Call]:
        """w_0 dz_j: each channel by itself, nothing where nothing pulls on it."""
        f1, _ = self.at.slopes[1]
        for k, _, count in runs((k, k) for k in targets if k in self.layer.wanted):
            yield partial(self.g[k : k + count].mul_, f1)
        for k, _, count in runs((k, k) for k in targets if k not in self.layer.wanted):
            yield self.g[k : k + count].zero_

    def _from(self, k: int, targets: Sequence[int]) -> Iterator[Call]:
        """What a channel of order two or more passes to those of one lower order: w_k dz_0 and the products."""
        z, g = self.at.z, self.g
        _, sign = self.at.slopes[2]
        pairs = [p for p in (Pair(k, 0, 1.0), *self.layer.plan.products[k]) if p.right in targets]
        factors = {(p.left, p.right): sign * p.factor for p in pairs if p.right}
        for a, b, count in runs(factors, factors):
            yield partial(g[b : b + count].addcmul_, z[a : a + count], self.bent[k], value=factors[a, b])
        for p in pairs:
            if p.left in self.rest:
                factor = p.factor * self.scales[p.left]
                yield partial(g[p.right].addcmul_, self.rest[p.left], g[k], value=factor)
