"""Derivatives of polynomials in cells: rows of functions at every point, times the values at the cell's nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..calculus.symbols import Powers, Symbol
from ..networks.elements import ElementSeries, products
from ..networks.lobatto import slopes_at_nodes, through_nodes
from .flat import unflatten
from .registry import differentiates

_BYTES = 100_000_000
ZERO = 1e-14  # of the largest slope of a map: rounding


@dataclass(frozen=True)
class _Tape:
    """Where the points are, and what each request's terms are made of: factor, rows in time and in space."""

    t: Tensor
    slab: Tensor
    nodes: Tensor  # (n, nodes of a cell)
    terms: Sequence[Sequence[tuple[float, Tensor, Tensor]]]


@differentiates(ElementSeries)
class ElementEngine:
    """The ``Engine`` of an ``ElementSeries``.

    A derivative of a cell's polynomials is taken at the nodes of the cell, by the slopes of its map there, and read
    between them by the same polynomials: exact in straight cells, and to the order of the polynomials in curved ones.
    """

    kind = "spectral elements"

    def __init__(self, module: ElementSeries, symbols: Sequence[Symbol], dimension: int) -> None:
        self.module, self.symbols = module, tuple(symbols)
        self.channels = sum(len(symbol.terms) for symbol in symbols)
        by_point = (module.degree + 1) * module.numbers.shape[1] * module.values.shape[-1]
        self.chunk = max(16, min(4096, _BYTES // (8 * by_point)))
        self._slopes: dict[torch.device, list[dict[int, Tensor]]] = {}

    def load(self, theta: Tensor) -> Tensor:
        values: Tensor = unflatten(self.module, theta.detach())["values"]
        # (slabs, nodes, times, outputs): a node's times side by side, which are read together.
        return values.movedim(1, 2).contiguous()

    def forward(self, weights: Tensor, x: Tensor) -> tuple[Tensor, _Tape]:
        tape = self._rows(x)
        read = self._reader(weights, tape)
        at_times: dict[int, Tensor] = {}  # by the rows in time, which several terms share
        found = []
        for terms in tape.terms:
            total = x.new_zeros(len(x), weights.shape[-1])
            for c, in_time, rows in terms:
                if id(in_time) not in at_times:
                    at_times[id(in_time)] = read(in_time)
                total += c * (rows[:, :, None] * at_times[id(in_time)]).sum(1)
            found.append(total)
        return torch.stack(found), tape

    def _reader(self, weights: Tensor, tape: _Tape) -> Callable[[Tensor], Tensor]:
        """Rows in time (n, times) -> values at the nodes of the points' cells, (n, nodes of a cell, outputs)."""
        times, which = tape.t.unique(return_inverse=True)
        if len(times) * weights.shape[1] < tape.nodes.numel():  # as in a picture: all nodes at the few times
            some = torch.zeros(len(times), dtype=torch.long, device=which.device)
            some[which] = torch.arange(len(which), device=which.device)  # a point at each of the times
            everywhere = weights[tape.slab[some]]
            return lambda in_time: torch.einsum("mkto,mt->mko", everywhere, in_time[some])[
                which[:, None], tape.nodes
            ]
        numbers = (tape.slab[:, None] * weights.shape[1] + tape.nodes).reshape(-1)
        values = weights.flatten(0, 1).index_select(0, numbers).unflatten(0, tape.nodes.shape)
        return lambda in_time: torch.einsum("nkto,nt->nko", values, in_time)

    def _rows(self, x: Tensor) -> _Tape:
        module, symbols = self.module, self.symbols
        t, place = module.split(x)
        cell, xi = module.located(place)
        plain = products([through_nodes(module.order, c) for c in xi.unbind(1)])
        found = {(0,) * module.dim: plain}
        wanted = {self._space(powers) for symbol in symbols for powers, _ in symbol.terms}
        rows = {powers: self._derived(found, cell, powers).to(x.dtype) for powers in wanted}
        orders = {powers[module.time] for symbol in symbols for powers, _ in symbol.terms}
        in_time = {k: module.in_time(t, k) for k in orders}
        terms = [
            [(c, in_time[powers[module.time]][1], rows[self._space(powers)]) for powers, c in symbol.terms]
            for symbol in symbols
        ]
        slab = next(iter(in_time.values()))[0]
        return _Tape(t, slab, module.numbers[cell], terms)

    def _space(self, powers: Powers) -> Powers:
        return tuple(p for axis, p in enumerate(powers) if axis != self.module.time)

    def _derived(self, found: dict[Powers, Tensor], cell: Tensor, powers: Powers) -> Tensor:
        """The rows of a derivative, by those of one order less; ``found`` keeps all of them."""
        if powers not in found:
            axis = max(axis for axis, times in enumerate(powers) if times)
            lower = tuple(times - (i == axis) for i, times in enumerate(powers))
            found[powers] = self._once(self._derived(found, cell, lower), cell, axis)
        return found[powers]

    def _once(self, rows: Tensor, cell: Tensor, axis: int) -> Tensor:
        """Rows (n, k) that read values at nodes -> those that read the derivative along an axis."""
        module = self.module
        inverse = self._inverse(rows.device)[axis]
        k, slopes = module.order + 1, slopes_at_nodes(module.order).to(rows)
        total = torch.zeros_like(rows)
        for i, by_place in inverse.items():
            weighted, after = rows * by_place[cell], k ** (module.dim - 1 - i)
            if after == 1:  # along the last coordinate one matrix product for all
                total += (weighted.reshape(-1, k) @ slopes).reshape(rows.shape)
            else:
                total += (slopes.T @ weighted.reshape(-1, k, after)).reshape(rows.shape)
        return total

    def _inverse(self, device: torch.device) -> list[dict[int, Tensor]]:
        """For every axis the derivatives of the cells' coordinates along it at the nodes, (cells, k), by the number
        of the coordinate; those that are zero, as in boxes most are, left out."""
        if device not in self._slopes:
            inverse = torch.linalg.inv(slopes_of_maps(self.module)).to(device)
            least = ZERO * float(inverse.abs().max())
            self._slopes[device] = [
                {i: row for i, row in enumerate(axis.unbind(2)) if float(row.abs().max()) > least}
                for axis in inverse.unbind(3)
            ]
        return self._slopes[device]

    def backward(self, weights: Tensor, tape: _Tape, cotangent: Tensor, gradient: Tensor) -> None:
        module, rows = self.module, range(len(tape.slab))
        steps = torch.arange(module.degree + 1, device=cotangent.device)[:, None]
        shape = module.values.shape
        by_point = cotangent.new_zeros(len(rows), shape[1], tape.nodes.shape[1], shape[3])
        for terms, pull in zip(tape.terms, cotangent, strict=True):
            for c, in_time, space in terms:
                by_point += c * torch.einsum("nm,nk,no->nmko", in_time, space, pull)
        index = tape.slab[:, None, None], steps, tape.nodes[:, None]
        if gradient.dim() == 1:
            gradient.view(shape).index_put_(index, by_point, accumulate=True)
            return
        row = torch.arange(len(rows), device=cotangent.device)[:, None, None]
        gradient.view(-1, *shape).index_put_((row, *index), by_point, accumulate=True)

    def features(self, weights: Tensor, x: Tensor) -> Tensor | None:
        return None


def slopes_of_maps(module: ElementSeries) -> Tensor:
    """The derivatives of the place by the coordinates of each cell, at its nodes: (cells, k, axes, coordinates)."""
    k = module.order + 1
    places = module.positions.reshape(-1, *[k] * module.dim, module.dim)
    slopes = slopes_at_nodes(module.order).to(places)
    along = [
        torch.tensordot(places, slopes, ([i + 1], [1])).movedim(-1, i + 1).flatten(1, -2)
        for i in range(module.dim)
    ]
    return torch.stack(along, dim=-1)
