"""A smooth function applied to the channels of a plan, and its way back, as calls on fixed buffers.

With z = z_0 + delta the jet of f(z) is the Taylor sum f(z_0) + f'(z_0) delta + f''(z_0) delta²/2 + ..., its
products those of the plan, and exact because delta^(order + 1) vanishes. For the Laplacian this is
v_Δ = f' z_Δ + f'' sum_i z_i². The way back is the transposed product with the jet of f'(z).

The calls are made once for a number of points and then only repeated, because at cache-sized chunks looking
up views would cost as much as the arithmetic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import factorial

import torch
from torch import Tensor

from ..calculus.plan import Pair, Plan

Call = Callable[[], object]
Slope = tuple[Tensor, float]  # a derivative of f, up to the sign that comes with it


@dataclass(frozen=True)
class Products:
    """``scale`` times a sum of products, the first of which has the factor one."""

    scale: float
    pairs: tuple[Pair, ...]


def power_tables(plan: Plan) -> list[dict[int, Products]]:
    """How each channel of delta², delta³, ... follows: ``delta^m = delta * delta^(m - 1)``."""
    tables: list[dict[int, Products]] = []
    for m in range(2, plan.order + 1):
        table = {}
        for k, products in enumerate(plan.products):
            factors: Counter[tuple[int, int]] = Counter()
            for pair in products:
                if plan.channels[pair.right].order >= m - 1:
                    swapped = m == 2 and pair.left > pair.right
                    place = (pair.right, pair.left) if swapped else (pair.left, pair.right)
                    lower = tables[-1][pair.right].scale if m > 2 else 1.0
                    factors[place] += pair.factor * lower  # type: ignore[assignment]
            if factors:
                scale = next(iter(factors.values()))
                pairs = tuple(Pair(i, j, factor / scale) for (i, j), factor in factors.items())
                table[k] = Products(scale, pairs)
        tables.append(table)
    return tables


def compose(
    tables: Sequence[Mapping[int, Products]],
    slopes: Sequence[Slope],
    z: Tensor,
    powers: Sequence[Mapping[int, Tensor]],
    out: Tensor,
    wanted: Sequence[int],
) -> Iterator[Call]:
    """Channels ``wanted`` of f(z) from ``z`` (channels, n, width), save the value, which is there already."""
    for m, table in enumerate(tables):
        right = powers[m - 1] if m else dict(enumerate(z))
        for k, total in table.items():
            for i, pair in enumerate(total.pairs):
                factors = z[pair.left], right[pair.right]
                if i == 0:
                    yield partial(torch.mul, *factors, out=powers[m][k])
                else:
                    yield partial(powers[m][k].addcmul_, *factors, value=pair.factor)
    f1, _ = slopes[1]
    for k, place, count in runs((k, place) for place, k in enumerate(wanted) if k):
        yield partial(torch.mul, f1, z[k : k + count], out=out[place : place + count])
    for place, k in enumerate(wanted):
        for m, table in enumerate(tables, start=2):
            if k in table:
                f, sign = slopes[m]
                factor = sign * table[k].scale / factorial(m)
                yield partial(out[place].addcmul_, f, powers[m - 2][k], value=factor)


def pull(
    plan: Plan,
    tables: Sequence[Mapping[int, Products]],
    slopes: Sequence[Slope],
    z: Tensor,
    powers: Sequence[Mapping[int, Tensor]],
    g: Tensor,
    live: Sequence[int],
    take: Callable[[], Tensor],
) -> Iterator[Call]:
    """Turns the pull ``g`` (channels, n, width) on f(z) into that on z; before, only ``live`` channels count.

    The jet of f'(z) is f'' delta plus a rest of order two and more. In place, as what pulls on a channel comes
    from itself and channels of higher order: channels are done in ascending order.
    """
    above = [k for k in live if k]
    curved = [k for k in above if plan.channels[k].order > 1]
    f1, (f2, sign) = slopes[1][0], slopes[min(2, len(slopes) - 1)]
    total, bent, rest, scales = take(), {k: take() for k in curved}, {}, {}
    for i, k in enumerate(above):
        yield partial(total.addcmul_, z[k], g[k]) if i else partial(torch.mul, z[k], g[k], out=total)
    for k in curved:
        yield partial(torch.mul, f2, g[k], out=bent[k])
    for m, table in enumerate(tables, start=2):
        f, own = slopes[m + 1]
        for k, products in table.items():
            factor = own * products.scale / factorial(m)
            if k not in rest:
                rest[k], scales[k] = take(), factor
                yield partial(torch.mul, f, powers[m - 2][k], out=rest[k])
            else:
                yield partial(rest[k].addcmul_, f, powers[m - 2][k], value=factor / scales[k])
    for order in range(plan.order + 1):
        targets = [k for k, channel in enumerate(plan.channels) if channel.order == order]
        for k, _, count in runs((k, k) for k in targets if k in live):
            yield partial(g[k : k + count].mul_, f1)
        for k, _, count in runs((k, k) for k in targets if k not in live):
            yield g[k : k + count].zero_
        if order == 0 and above:
            yield partial(g[0].addcmul_, f2, total, value=sign)
        for k in curved:
            pairs = [pair for pair in (Pair(k, 0, 1.0), *plan.products[k]) if pair.right in targets]
            factors = {(pair.left, pair.right): sign * pair.factor for pair in pairs if pair.right}
            for a, b, count in runs(factors, factors):
                target = g[b : b + count]
                yield partial(target.addcmul_, z[a : a + count], bent[k], value=factors[a, b])
            for pair in pairs:
                if pair.left in rest:
                    factor = pair.factor * scales[pair.left]
                    yield partial(g[pair.right].addcmul_, rest[pair.left], g[k], value=factor)


def compose_ridge(
    plan: Plan, slopes: Sequence[Slope], rows: Tensor, out: Tensor, wanted: Sequence[int]
) -> Iterator[Call]:
    """Channels ``wanted`` of f(w.x + b), save the value: P(∂) f(w.x + b) = P(w) f^(order)(w.x + b).

    ``rows`` (channels, 1, width) holds P(w) with the sign of that slope.
    """
    for place, k in enumerate(wanted):
        if k:
            slope, _ = slopes[plan.channels[k].order]
            yield partial(torch.mul, slope, rows[k], out=out[place])


def pull_ridge(
    plan: Plan,
    slopes: Sequence[Slope],
    rows: Tensor,
    g: Tensor,
    live: Sequence[int],
    sums: Tensor,
    total: Tensor,
) -> Iterator[Call]:
    """Turns the pull ``g`` on the channels ``live`` of f(w.x + b) into that on w.x + b, in g[0], and that on
    the ``rows``, in ``sums`` (channels, width)."""
    yield partial(g[0].mul_, slopes[1][0]) if 0 in live else g[0].zero_
    for order in range(1, plan.order + 1):
        (slope, sign), (steeper, its_sign) = slopes[order : order + 2]
        channels = [k for k in live if plan.channels[k].order == order]
        for i, k in enumerate(channels):
            yield (
                partial(total.addcmul_, g[k], rows[k]) if i else partial(torch.mul, g[k], rows[k], out=total)
            )
        if channels:
            yield partial(g[0].addcmul_, steeper, total, value=its_sign * sign)
        for k, _, count in runs((k, k) for k in channels):
            part = g[k : k + count]
            yield partial(part.mul_, slope)
            yield partial(torch.sum, part, 1, out=sums[k : k + count])


def runs(
    places: Iterable[tuple[int, int]], kinds: Mapping[tuple[int, int], float] | None = None
) -> Iterator[tuple[int, int, int]]:
    """Pairs (i, j), (i + 1, j + 1), ... of one kind taken together: first i, first j, how many."""
    start, count = (-1, -1), 0
    for i, j in places:
        follows = (i, j) == (start[0] + count, start[1] + count)
        if count and follows and (kinds is None or kinds[i, j] == kinds[start]):
            count += 1
            continue
        if count:
            yield *start, count
        start, count = (i, j), 1
    if count:
        yield *start, count
