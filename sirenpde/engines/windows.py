"""Derivatives of networks under windows: those of every network, and of its window, by Leibniz's rule."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..calculus.symbols import Powers, Symbol
from ..networks.windows import WindowsNetwork
from .flat import slices_of
from .registry import differentiates, engine_for

Share = tuple[int, Powers, float]  # of a request: which one, the derivative of the window, a factor


@dataclass(frozen=True)
class _Route:
    """The points of one window, and what each of the requests to its network counts there, by request: (n,)."""

    window: int
    rows: Tensor
    shares: Sequence[Mapping[int, Tensor]]
    tape: Any


@differentiates(WindowsNetwork)
class WindowsEngine:
    """The ``Engine`` of a ``WindowsNetwork``: a network is asked at the points of its own window alone.

    For an operator Σ c_a ∂^a the network N under a window w is asked for the operator itself, which counts w, and for
    every lower partial derivative ∂^b, which counts Σ c_a binomial(a, b) ∂^(a - b) w.
    """

    def __init__(self, network: WindowsNetwork, symbols: Sequence[Symbol], dimension: int) -> None:
        self.network, self.dimension, self.count = network, dimension, len(symbols)
        self.asked, self.shares = _asked(symbols, dimension)
        self.slices = slices_of(network.networks)
        self.engines = [engine_for(module, self.asked, dimension) for module in network.networks]
        self.kind = f"{self.engines[0].kind}, under windows"
        self.channels = self.engines[0].channels
        self.chunk = self.engines[0].chunk * len(self.engines)

    def load(self, theta: Tensor) -> list[Any]:
        theta = theta.detach()
        pairs = zip(self.engines, self.slices, strict=True)
        return [engine.load(theta[columns]) for engine, columns in pairs]

    def forward(self, weights: list[Any], x: Tensor) -> tuple[Tensor, list[_Route]]:
        routes, total = [], None
        for window, rows, shares in self._routes(x):
            values, tape = self.engines[window].forward(weights[window], x[rows])
            if total is None:
                total = values.new_zeros(self.count, len(x), values.shape[-1])
            for value, by_request in zip(values, shares, strict=True):
                for request, share in by_request.items():
                    total[request].index_add_(0, rows, share[:, None] * value)
            routes.append(_Route(window, rows, shares, tape))
        assert total is not None
        return total, routes

    def backward(self, weights: list[Any], tape: list[_Route], cotangent: Tensor, gradient: Tensor) -> None:
        for route in tape:
            here = cotangent[:, route.rows]
            pulls = [
                sum((share[:, None] * here[request] for request, share in by_request.items()))
                for by_request in route.shares
            ]
            pull, columns = torch.stack(pulls), self.slices[route.window]  # type: ignore[arg-type]
            engine, loaded = self.engines[route.window], weights[route.window]
            if gradient.dim() == 1:
                engine.backward(loaded, route.tape, pull, gradient[columns])
                continue
            own = gradient.new_zeros(len(route.rows), columns.stop - columns.start)
            engine.backward(loaded, route.tape, pull, own)
            gradient[:, columns].index_add_(0, route.rows, own)

    def features(self, weights: list[Any], x: Tensor) -> Tensor | None:
        """Those of all networks, one after another, each times its window."""
        every = [engine.features(loaded, x[:1]) for engine, loaded in zip(self.engines, weights, strict=True)]
        widths = [0 if each is None else each.shape[-1] for each in every]
        if 0 in widths:
            return None
        starts = [0, *itertools.accumulate(widths)]
        total = x.new_zeros(self.count, len(x), starts[-1])
        for window, rows, shares in self._routes(x):
            values = self.engines[window].features(weights[window], x[rows])
            assert values is not None
            block = total[:, :, starts[window] : starts[window + 1]]
            for value, by_request in zip(values, shares, strict=True):
                for request, share in by_request.items():
                    block[request].index_add_(0, rows, share[:, None] * value)
        return total

    def _routes(self, x: Tensor) -> list[tuple[int, Tensor, list[dict[int, Tensor]]]]:
        """Every window that has points: which, and what each request to its network counts there."""
        windows = self.network.windows
        highest = max((powers for by in self.shares for _, each, _ in by for powers in each), default=0)
        factors = [
            [windows.factors(axis, x[:, axis], n) for n in range(highest + 1)]
            for axis in range(self.dimension)
        ]
        routes = []
        for window in range(len(windows)):
            along = [windows.along(window, axis) for axis in range(self.dimension)]
            inside = torch.stack([f[0][:, j] > 0 for f, j in zip(factors, along, strict=True)]).all(0)
            rows = inside.nonzero()[:, 0]
            if not len(rows):
                continue
            own = [[f[:, j][rows] for f in by_order] for by_order, j in zip(factors, along, strict=True)]
            routes.append((window, rows, [_shares(by, own) for by in self.shares]))
        return routes


def _shares(by: Sequence[Share], factors: Sequence[Sequence[Tensor]]) -> dict[int, Tensor]:
    """What one request to a network counts in each request to the whole, at the points of its window (n,)."""
    total: dict[int, Tensor] = {}
    for request, powers, factor in by:
        product = math.prod((f[n] for f, n in zip(factors, powers, strict=True)), start=torch.ones(()))
        term = factor * product.to(factors[0][0])
        total[request] = total[request] + term if request in total else term
    return total


def _asked(symbols: Sequence[Symbol], dimension: int) -> tuple[list[Symbol], list[list[Share]]]:
    """What each network is asked for, and for each of these what it counts in the operators."""
    shares: defaultdict[Symbol, list[Share]] = defaultdict(list)
    none = (0,) * dimension
    for request, symbol in enumerate(symbols):
        shares[symbol].append((request, none, 1.0))
        for powers, c in symbol.terms:
            for lower in itertools.product(*(range(n + 1) for n in powers)):
                if lower == powers:
                    continue
                ways = math.prod(math.comb(a, b) for a, b in zip(powers, lower, strict=True))
                rest = tuple(a - b for a, b in zip(powers, lower, strict=True))
                shares[Symbol.of({lower: 1.0})].append((request, rest, c * ways))
    return list(shares), list(shares.values())
