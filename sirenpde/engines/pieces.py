"""Derivatives of networks of slabs and of cells: every point goes to the engine of its piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ..calculus.symbols import Symbol
from ..networks.pieces import PiecesNetwork
from ..networks.slabs import SlabNetwork
from .engine import Engine
from .flat import slices_of
from .registry import differentiates, engine_for


@dataclass(frozen=True)
class _Route:
    """Points of one slab, and which requests the engine answers there."""

    slab: int
    inside: bool  # else beyond the edges, where derivatives along the axis vanish
    rows: Tensor


@dataclass(frozen=True)
class _Weights:
    theta: Tensor
    loaded: dict[tuple[int, bool], Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _CellWeights:
    theta: Tensor
    loaded: dict[int, Any] = field(default_factory=dict)


@differentiates(SlabNetwork)
class SlabEngine:
    """The ``Engine`` of a ``SlabNetwork``: those of its networks, made and loaded when a point needs them."""

    def __init__(self, network: SlabNetwork, symbols: Sequence[Symbol], dimension: int) -> None:
        self.network = network
        self.dimension = dimension
        still = _still(symbols, network.axis)
        # Where nothing is left to ask for, the value is asked for and counts nothing.
        nothing = [(0, Symbol.identity(dimension))]
        self.requests = {True: list(enumerate(symbols)), False: still or nothing}
        self.factor = {True: 1.0, False: 1.0 if still else 0.0}
        self.count = len(symbols)
        self.slices = slices_of(network.networks)
        self.engines: dict[tuple[int, bool], Engine] = {}
        first = self._engine(0, True)
        self.kind = f"{first.kind}, by slabs"
        self.channels = first.channels
        self.chunk = first.chunk

    def load(self, theta: Tensor) -> _Weights:
        return _Weights(theta.detach())

    def forward(self, weights: _Weights, x: Tensor) -> tuple[Tensor, list[tuple[_Route, Any]]]:
        held, tapes, derivatives = self.network.held(x), [], None
        for route in self._routes(x):
            key = route.slab, route.inside
            engine = self._engine(*key)
            if key not in weights.loaded:
                weights.loaded[key] = engine.load(weights.theta[self.slices[route.slab]])
            values, tape = engine.forward(weights.loaded[key], held[route.rows])
            if derivatives is None:
                derivatives = values.new_zeros(self.count, len(x), values.shape[-1])
            for (request, _), derivative in zip(self.requests[route.inside], values, strict=True):
                derivatives[request, route.rows] = self.factor[route.inside] * derivative
            tapes.append((route, tape))
        assert derivatives is not None
        derivatives[:, self.network.is_beyond(x)] = torch.nan
        return derivatives, tapes

    def backward(
        self, weights: _Weights, tape: list[tuple[_Route, Any]], cotangent: Tensor, gradient: Tensor
    ) -> None:
        for route, of_slab in tape:
            key = route.slab, route.inside
            columns = self.slices[route.slab]
            chosen = [request for request, _ in self.requests[route.inside]]
            pull = self.factor[route.inside] * cotangent[chosen][:, route.rows]
            if gradient.dim() == 1:
                self._engine(*key).backward(weights.loaded[key], of_slab, pull, gradient[columns])
                continue
            rows = gradient.new_zeros(len(route.rows), columns.stop - columns.start)
            self._engine(*key).backward(weights.loaded[key], of_slab, pull, rows)
            gradient[:, columns].index_add_(0, route.rows, rows)

    def features(self, weights: _Weights, x: Tensor) -> Tensor | None:
        return None

    def _routes(self, x: Tensor) -> list[_Route]:
        t, edges = x[:, self.network.axis], self.network.edges
        inside = (t >= t.new_tensor(edges[0])) & (t <= t.new_tensor(edges[-1]))
        route = 2 * self.network.slab_of(x) + inside
        return [_Route(int(k) // 2, bool(k % 2), (route == k).nonzero()[:, 0]) for k in route.unique()]

    def _engine(self, slab: int, inside: bool) -> Engine:
        key = slab, inside
        if key not in self.engines:
            symbols = [symbol for _, symbol in self.requests[inside]]
            self.engines[key] = engine_for(self.network.networks[slab], symbols, self.dimension)
        return self.engines[key]


def _still(symbols: Sequence[Symbol], axis: int) -> list[tuple[int, Symbol]]:
    """What is left of the requests, by number, where nothing changes along the axis."""
    left = []
    for request, symbol in enumerate(symbols):
        terms = {powers: c for powers, c in symbol.terms if powers[axis] == 0}
        if terms:
            left.append((request, Symbol.of(terms)))
    return left


@differentiates(PiecesNetwork)
class PiecesEngine:
    """The ``Engine`` of a ``PiecesNetwork``: those of its cells, made and loaded when a point needs them."""

    def __init__(self, network: PiecesNetwork, symbols: Sequence[Symbol], dimension: int) -> None:
        self.network, self.symbols, self.dimension = network, symbols, dimension
        self.slices = slices_of(network.networks)
        self.engines: dict[int, Engine] = {}
        first = self._engine(0)
        self.kind = f"{first.kind}, by cells"
        self.channels = first.channels
        # A chunk has points of all cells, and each of them its own products.
        self.chunk = first.chunk * len(network.networks)

    def load(self, theta: Tensor) -> _CellWeights:
        return _CellWeights(theta.detach())

    def forward(self, weights: _CellWeights, x: Tensor) -> tuple[Tensor, list[tuple[int, Tensor, Any]]]:
        tapes, derivatives = [], None
        cells = self.network.partition.locate(x)
        for cell in cells.unique().tolist():
            engine, rows = self._engine(cell), (cells == cell).nonzero()[:, 0]
            if cell not in weights.loaded:
                weights.loaded[cell] = engine.load(weights.theta[self.slices[cell]])
            values, tape = engine.forward(weights.loaded[cell], x[rows])
            if derivatives is None:
                derivatives = values.new_zeros(len(self.symbols), len(x), values.shape[-1])
            derivatives[:, rows] = values
            tapes.append((cell, rows, tape))
        assert derivatives is not None
        return derivatives, tapes

    def backward(
        self,
        weights: _CellWeights,
        tape: list[tuple[int, Tensor, Any]],
        cotangent: Tensor,
        gradient: Tensor,
    ) -> None:
        for cell, rows, of_cell in tape:
            engine, columns, pull = self._engine(cell), self.slices[cell], cotangent[:, rows]
            if gradient.dim() == 1:
                engine.backward(weights.loaded[cell], of_cell, pull, gradient[columns])
                continue
            own = gradient.new_zeros(len(rows), columns.stop - columns.start)
            engine.backward(weights.loaded[cell], of_cell, pull, own)
            gradient[:, columns].index_add_(0, rows, own)

    def features(self, weights: _CellWeights, x: Tensor) -> Tensor | None:
        return None

    def _engine(self, cell: int) -> Engine:
        if cell not in self.engines:
            self.engines[cell] = engine_for(self.network.networks[cell], self.symbols, self.dimension)
        return self.engines[cell]
