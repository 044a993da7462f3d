"""Constant-coefficient differential operators as polynomials in the partial derivatives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

Powers = tuple[int, ...]  # one power per axis: (2, 0) is ∂²/∂x²


@dataclass(frozen=True, order=True)
class Symbol:
    """A homogeneous operator sum_a c_a ∂^a: its order and its terms, sorted, none of them zero.

    Two operators are equal when their symbols are: Δ(Δu) and u_xxxx + 2 u_xxyy + u_yyyy are one request.
    """

    order: int
    terms: tuple[tuple[Powers, float], ...]

    @staticmethod
    def of(terms: Mapping[Powers, float]) -> Symbol:
        nonzero = tuple(sorted((powers, float(c)) for powers, c in terms.items() if c != 0))
        orders = {sum(powers) for powers, _ in nonzero}
        if len(orders) != 1:
            raise ValueError(f"an operator needs terms of one order, got orders {sorted(orders)}")
        return Symbol(orders.pop(), nonzero)

    @staticmethod
    def identity(dimension: int) -> Symbol:
        return Symbol.of({(0,) * dimension: 1.0})

    @staticmethod
    def partial(dimension: int, axis: int, times: int = 1) -> Symbol:
        return Symbol.of({tuple(times * (i == axis) for i in range(dimension)): 1.0})

    @property
    def dimension(self) -> int:
        return len(self.terms[0][0])

    def __mul__(self, other: Symbol) -> Symbol:
        """The composition of the two operators."""
        product: Counter[Powers] = Counter()
        for a, c in self.terms:
            for b, k in other.terms:
                product[tuple(i + j for i, j in zip(a, b, strict=True))] += c * k  # type: ignore[assignment]
        return Symbol.of(product)

    def __add__(self, other: Symbol) -> Symbol:
        total = dict(self.terms)
        for powers, c in other.terms:
            total[powers] = total.get(powers, 0.0) + c
        return Symbol.of(total)

    def scaled(self, factor: float) -> Symbol:
        return Symbol.of({powers: factor * c for powers, c in self.terms})

    def describe(self, field: str, axes: tuple[str, ...]) -> str:
        """For example ``u_xx + u_yy`` or ``2 u_xy``."""

        def one(powers: Powers, c: float) -> str:
            letters = "".join(name * n for name, n in zip(axes, powers, strict=True))
            factor = "" if c == 1 else "-" if c == -1 else f"{c:g} "
            return f"{factor}{field}_{letters}" if letters else f"{factor}{field}"

        return " + ".join(one(*term) for term in reversed(self.terms)).replace("+ -", "- ")
