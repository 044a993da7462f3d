"""Which channels a forward pass needs for given operators, and how channels multiply.

A channel is an operator P applied to whatever flows through the network. Hörmander's Leibniz rule
P(uv) = sum_a (∂^a P)(∂)u ∂^a v / a!  asks, beside P itself, only for the derivatives of its symbol with
respect to the symbol's own variables. The channels of a request are therefore a basis of the span of all
derivatives of the requested symbols: closed under products, and the least such set. The Laplacian in d
dimensions needs d + 2 channels (itself, the axes, the value); the biharmonic operator in two dimensions nine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..geometry.data.constants import Constant
from .symbols import Powers, Symbol

Array = npt.NDArray[np.float64]
Coefficients = Mapping[Powers, float]


@dataclass(frozen=True)
class Pair:
    """One term ``factor * u_left * v_right`` of a product of two jets, both channels of order one or more."""

    left: int
    right: int
    factor: float


@dataclass(frozen=True)
class Plan:
    """Channels by ascending order, the identity first, with their products and the way to the requests.

    Channel k of a product uv is ``u_0 v_k + u_k v_0`` plus the terms ``products[k]``.
    Request s is ``sum(factor * channel_j for j, factor in requests[s])``.
    """

    channels: tuple[Symbol, ...]
    products: tuple[tuple[Pair, ...], ...]
    requests: tuple[tuple[tuple[int, float], ...], ...]

    @property
    def order(self) -> int:
        return max(channel.order for channel in self.channels)

    @property
    def read(self) -> tuple[int, ...]:
        """The channels that some request reads, ascending."""
        return tuple(sorted({j for request in self.requests for j, _ in request}))


def jet_plan(symbols: Sequence[Symbol], dimension: int) -> Plan:
    """The least channels closed under products from which every symbol can be read.

    >>> laplacian = Symbol.of({(2, 0): 1, (0, 2): 1})
    >>> len(jet_plan([laplacian], 2).channels)
    4
    """
    spans: dict[int, list[Coefficients]] = {0: [{(0,) * dimension: 1.0}]}
    for symbol in symbols:
        layer: list[Coefficients] = [dict(symbol.terms)]
        for order in range(symbol.order, 0, -1):
            spans.setdefault(order, []).extend(layer)
            layer = [slope for c in layer for i in range(dimension) if (slope := derivative(c, i))]
    monomials = {order: list(_monomials(dimension, order)) for order in spans}
    bases = {order: _basis(_matrix(spans[order], monomials[order])) for order in sorted(spans)}

    channels: list[Symbol] = []
    first: dict[int, int] = {}
    for order, basis in bases.items():
        first[order] = len(channels)
        channels += [Symbol.of(dict(zip(monomials[order], map(float, row), strict=True))) for row in basis]

    def product(channel: Symbol) -> tuple[Pair, ...]:
        terms, pairs = dict(channel.terms), []
        for low in range(1, channel.order):
            high = channel.order - low
            # P(xi + eta), the part of degree (low, high).
            split = np.array(
                [[_split_coefficient(terms, a, b) for b in monomials[high]] for a in monomials[low]]
            )
            left, right = np.linalg.pinv(bases[low].T), np.linalg.pinv(bases[high])
            table = left @ split @ right
            for i, j in np.argwhere(np.abs(table) > 1e-12 * np.abs(table).max()):
                pairs.append(Pair(first[low] + int(i), first[high] + int(j), float(table[i, j])))
        return tuple(pairs)

    def request(symbol: Symbol) -> tuple[tuple[int, float], ...]:
        row = _matrix([dict(symbol.terms)], monomials[symbol.order])[0]
        factors = row @ np.linalg.pinv(bases[symbol.order])
        nonzero = np.flatnonzero(np.abs(factors) > 1e-12 * np.abs(factors).max())
        return tuple((first[symbol.order] + int(j), _rounded(float(factors[j]))) for j in nonzero)

    return Plan(tuple(channels), tuple(map(product, channels)), tuple(map(request, symbols)))


def closed_form_plan(symbols: Sequence[Symbol]) -> Plan:
    """The plan of a network that is linear in its embedding: just the distinct symbols, each by itself."""
    channels = tuple(sorted(set(symbols)))
    return Plan(channels, ((),) * len(channels), tuple(((channels.index(s), 1.0),) for s in symbols))


def derivative(coefficients: Coefficients, axis: int) -> dict[Powers, float]:
    """The derivative of the polynomial with respect to its variable ``axis``."""
    return {
        tuple(p - (i == axis) for i, p in enumerate(powers)): c * powers[axis]
        for powers, c in coefficients.items()
        if powers[axis]
    }


class Polynomials:
    """Several polynomials of degree four or less, evaluated together."""

    def __init__(self, polynomials: Sequence[Coefficients], dimension: int) -> None:
        monomials = sorted({powers for polynomial in polynomials for powers in polynomial})
        degree = max((sum(powers) for powers in monomials), default=0)
        factors = torch.full((degree, len(monomials)), dimension)  # places of axes, and of a one
        for column, powers in enumerate(monomials):
            axes = [axis for axis, times in enumerate(powers) for _ in range(times)]
            factors[: len(axes), column] = torch.tensor(axes, dtype=torch.long)
        self._factors = Constant(factors)
        self._coefficients = Constant(torch.from_numpy(_matrix(polynomials, monomials)))

    def at(self, xi: Tensor) -> Tensor:
        """Their values at the vectors ``xi`` (n, d), shape (polynomials, n)."""
        padded = torch.cat([xi, xi.new_ones(len(xi), 1)], dim=1).T
        factors = self._factors.on(xi.device)
        terms = xi.new_ones(factors.shape[1], len(xi))
        for columns in factors:
            terms = terms * padded[columns]
        return self._coefficients.like(xi) @ terms


def _monomials(dimension: int, order: int) -> Iterator[Powers]:
    if dimension == 1:
        yield (order,)
        return
    for first in range(order, -1, -1):
        for rest in _monomials(dimension - 1, order - first):
            yield (first, *rest)


def _matrix(polynomials: Sequence[Coefficients], monomials: Sequence[Powers]) -> Array:
    rows = [[polynomial.get(m, 0.0) for m in monomials] for polynomial in polynomials]
    return np.array(rows, dtype=np.float64).reshape(len(polynomials), len(monomials))


def _basis(rows: Array) -> Array:
    """A basis of the row space: unit vectors as far as they lie in it, then rows as given.

    Unit vectors are single partial derivatives, which make the fewest products.
    """
    scaled = rows / np.abs(rows).max(axis=1, keepdims=True)
    _, singular, right = np.linalg.svd(scaled, full_matrices=False)
    span = right[singular > 1e-10 * singular[0]]
    units = [i for i, inside in enumerate((span**2).sum(axis=0)) if inside > 1 - 1e-10]
    basis = list(np.eye(rows.shape[1])[units])
    for row in scaled:
        if len(basis) == len(span):
            break
        if np.linalg.matrix_rank(np.array([*basis, row]), tol=1e-8) > len(basis):
            basis.append(row)
    return np.array(basis)


def _split_coefficient(terms: Coefficients, a: Powers, b: Powers) -> float:
    whole = tuple(i + j for i, j in zip(a, b, strict=True))
    ways = math.prod(math.comb(n, i) for n, i in zip(whole, a, strict=True))
    return ways * terms.get(whole, 0.0)


def _rounded(factor: float) -> float:
    """Undoes the last-digit noise of a pseudo-inverse where the exact factor is a small integer."""
    return float(round(factor)) if abs(factor - round(factor)) < 1e-13 else factor
