"""Powers of a jet, channel by channel, as a plan's products give them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from ...calculus.plan import Pair, Plan

Call = Callable[[], object]  # on fixed buffers


@dataclass(frozen=True)
class Products:
    """``scale`` times a sum of products, the first of which has the factor one."""

    scale: float
    pairs: tuple[Pair, ...]


def power_tables(plan: Plan) -> list[dict[int, Products]]:
    """How each channel of delta², delta³, ... follows: ``delta^m = delta * delta^(m - 1)``.

    delta is a jet without its value, so that delta^m has no channel of an order below m.
    """
    tables: list[dict[int, Products]] = []
    for m in range(2, plan.order + 1):
        table = {}
        for k, products in enumerate(plan.products):
            factors: Counter[tuple[int, int]] = Counter()
            for pair in products:
                if plan.channels[pair.right].order >= m - 1:
                    swapped = m == 2 and pair.left > pair.right
                    channels = (pair.right, pair.left) if swapped else (pair.left, pair.right)
                    lower = tables[-1][pair.right].scale if m > 2 else 1.0
                    factors[channels] += pair.factor * lower  # type: ignore[assignment]
            if factors:
                scale = next(iter(factors.values()))
                pairs = tuple(Pair(i, j, factor / scale) for (i, j), factor in factors.items())
                table[k] = Products(scale, pairs)
        tables.append(table)
    return tables


def runs(
    pairs: Iterable[tuple[int, int]], kinds: Mapping[tuple[int, int], float] | None = None
) -> Iterator[tuple[int, int, int]]:
    """Pairs (i, j), (i + 1, j + 1), ... of one kind taken together: first i, first j, how many.

    >>> list(runs([(1, 0), (2, 1), (5, 2)]))
    [(1, 0, 2), (5, 2, 1)]
    """
    start, count = (-1, -1), 0
    for i, j in pairs:
        follows = (i, j) == (start[0] + count, start[1] + count)
        if count and follows and (kinds is None or kinds[i, j] == kinds[start]):
            count += 1
            continue
        if count:
            yield *start, count
        start, count = (i, j), 1
    if count:
        yield *start, count
