"""Derivatives of tensor-product series: at scattered points, and on grids by one matrix product per axis.

The bases are sines, so a second derivative only multiplies each mode by its eigenvalue. Every operator is
therefore a few *pieces*: which axes carry one more derivative, and a factor per mode for all the rest. A
Laplacian is one piece, whatever the dimension.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..calculus.symbols import Powers, Symbol
from ..networks.series import EvolvingSeries, Harmonics, SeparableSeries
from .axis_maps import AxisMap, CosineMap, MatrixMap
from .engine import Engine
from .flat import unflatten
from .grid_transform import GridTerm, GridTransform
from .registry import differentiates

Parity = tuple[int, ...]  # 0 or 1 for each axis
Even = tuple[tuple[Powers, float], ...]  # the terms of an operator, all powers even

SHARED = 32  # points to each first coordinate for which its functions are summed first
_CACHE_BYTES = 20_000_000
_LARGEST_KEPT = 2**24  # entries of a matrix along an axis, above which points go through in chunks
_SOME = 1 << 18  # points, among which the coordinates of many more are looked for
_LARGEST_MATRIX = 2**21  # entries for an axis; transforms are sooner done than larger ones


@dataclass(frozen=True)
class _Piece:
    """Part of a request: first derivatives along the axes of odd parity, of an even operator."""

    request: int
    parity: Parity
    even: Even


def _pieces(symbols: Sequence[Symbol]) -> tuple[_Piece, ...]:
    pieces = []
    for s, symbol in enumerate(symbols):
        groups: dict[Parity, list[tuple[Powers, float]]] = defaultdict(list)
        for powers, c in symbol.terms:
            groups[tuple(p % 2 for p in powers)].append((tuple(p - p % 2 for p in powers), c))
        pieces += [_Piece(s, parity, tuple(even)) for parity, even in groups.items()]
    return tuple(pieces)


def _factor(even: Even, module: SeparableSeries | EvolvingSeries) -> Tensor:
    """What an even operator multiplies each mode by, float64; broadcasts to (K1, ..., Kd)."""
    ones = torch.ones([1] * len(module.modes), dtype=torch.float64, device=module.coefficients.device)
    total = 0 * ones
    for powers, c in even:
        term = c * ones
        for axis, p in enumerate(powers):
            if p:
                term = term * module.eigenvalues(axis) ** (p // 2)
        total = total + term
    return total


@dataclass(frozen=True)
class _Weights:
    factors: dict[Even, Tensor]  # each broadcasts to the coefficients
    folded: dict[Even, Tensor]  # factor times coefficients, as a matrix


def _load(module: SeparableSeries | EvolvingSeries, evens: set[Even], theta: Tensor, rows: int) -> _Weights:
    coefficients = unflatten(module, theta).get("coefficients", module.coefficients.detach())
    factors = {even: _factor(even, module).to(coefficients)[..., None] for even in evens}
    folded = {even: (factor * coefficients).reshape(rows, -1) for even, factor in factors.items()}
    return _Weights(factors, folded)


def _products(factors: Sequence[Tensor], like: Tensor) -> Tensor:
    """All products of functions (n, K) of one axis each, point by point, or ones (n, 1), like a tensor (n, ...)."""
    if not factors:
        return like.new_ones(len(like), 1)
    products = factors[0]
    for factor in factors[1:]:
        products = (products[:, :, None] * factor[:, None]).flatten(1)
    return products


def _chunk(bytes_per_point: int) -> int:
    """Points whose functions fit a cache together: one at a time where a long axis has very many of them."""
    return min(max(_CACHE_BYTES // bytes_per_point, 1), 4096)


Factors = dict[tuple[int, int], Tensor]  # by axis and parity: (n, K)


class SeparableEngine:
    """The ``Engine`` of a ``SeparableSeries``: the functions of all axes but the last are multiplied point by point,
    one matrix product sums over these, and the last axis follows.

    Points that share their first coordinate, such as those at one time, share the sum over its functions.
    """

    kind = "separable series"

    def __init__(self, module: SeparableSeries, symbols: Sequence[Symbol]) -> None:
        self.module = module
        self.requests = len(symbols)
        self.pieces = _pieces(symbols)
        self.channels = len(self.pieces)
        self.rows = math.prod(module.modes[:-1])
        leading = {piece.parity[:-1] for piece in self.pieces}
        last = (len(self.pieces) + 2) * module.coefficients.shape[-1] * module.modes[-1]
        # Waves are made in four steps, each in memory of its own.
        self.chunk = _chunk(8 * ((len(leading) + 1) * self.rows + last + 4 * sum(module.modes)))

    def load(self, theta: Tensor) -> _Weights:
        return _load(self.module, {piece.even for piece in self.pieces}, theta, self.rows)

    def forward(self, weights: _Weights, x: Tensor) -> tuple[Tensor, Factors]:
        needed = {(axis, p) for piece in self.pieces for axis, p in enumerate(piece.parity)}
        f = {(axis, p): self.module.factors(axis, x[:, axis], p) for axis, p in needed}
        derivatives = x.new_zeros(self.requests, len(x), self.module.coefficients.shape[-1])
        for points in self._groups(x):
            shared = 0 if points is None else 1
            here = f if points is None else {key: factors[points] for key, factors in f.items()}
            leads: dict[Parity, Tensor] = {}
            for piece in self.pieces:
                parity, matrix = piece.parity[shared:-1], weights.folded[piece.even]
                if shared:  # all rows are alike
                    first = here[0, piece.parity[0]][0]
                    matrix = (first @ matrix.view(len(first), -1)).view(-1, matrix.shape[1])
                last = here[len(piece.parity) - 1, piece.parity[-1]][:, :, None]
                if parity not in leads:
                    leads[parity] = _products([here[shared + a, p] for a, p in enumerate(parity)], last)
                sums = (leads[parity] @ matrix).view(-1, last.shape[1], derivatives.shape[-1])
                values = (last * sums).sum(1)
                if points is None:
                    derivatives[piece.request] += values
                else:
                    derivatives[piece.request, points] += values
        return derivatives, f

    def _groups(self, x: Tensor) -> list[Tensor] | list[None]:
        """The points that share their first coordinate, by their numbers; None for all, if few do."""
        distinct, row = torch.unique(x[:, 0], return_inverse=True)
        if self.module.dimension == 1 or len(distinct) * SHARED > len(x):
            return [None]
        return [(row == i).nonzero()[:, 0] for i in range(len(distinct))]

    def backward(self, weights: _Weights, f: Factors, cotangent: Tensor, gradient: Tensor) -> None:
        if gradient.numel() == 0:
            return
        shape = self.module.coefficients.shape
        leads: dict[Parity, Tensor] = {}
        for piece in self.pieces:
            parity = piece.parity[:-1]
            if parity not in leads:
                leads[parity] = _products([f[a, p] for a, p in enumerate(parity)], cotangent[0])
            last = f[len(parity), piece.parity[-1]][:, :, None]
            spread = (last * cotangent[piece.request][:, None]).flatten(1)
            if gradient.dim() == 2:
                by_point = leads[parity][:, :, None] * spread[:, None]
                gradient.view(-1, *shape).addcmul_(weights.factors[piece.even], by_point.view(-1, *shape))
            else:
                summed = leads[parity].T @ spread
                gradient.view(shape).addcmul_(weights.factors[piece.even], summed.view(shape))

    def features(self, weights: _Weights, x: Tensor) -> Tensor | None:
        return None


class EvolvingEngine:
    """The ``Engine`` of an ``EvolvingSeries``: a row of all modes for each point."""

    kind = "separable series"

    def __init__(self, module: EvolvingSeries, symbols: Sequence[Symbol]) -> None:
        self.module = module
        self.requests = len(symbols)
        self.pieces = _pieces(symbols)
        self.channels = len(self.pieces)
        self.parities = {piece.parity for piece in self.pieces}
        self.terms = 2 * torch.Size(module.modes).numel()
        self.chunk = _chunk(8 * self.terms * (len(self.parities) + 3))

    def load(self, theta: Tensor) -> _Weights:
        return _load(self.module, {piece.even for piece in self.pieces}, theta, self.terms)

    def forward(self, weights: _Weights, x: Tensor) -> tuple[Tensor, dict[Parity, Tensor]]:
        tape = {parity: self._rows(parity, x) for parity in self.parities}
        derivatives = x.new_zeros(self.requests, len(x), self.module.coefficients.shape[-1])
        for piece in self.pieces:
            derivatives[piece.request] += tape[piece.parity] @ weights.folded[piece.even]
        return derivatives, tape

    def _rows(self, parity: Parity, x: Tensor) -> Tensor:
        times, row = torch.unique(x[:, 0], return_inverse=True)  # often all at the start
        rows = self.module.evolution(times, parity[0]).transpose(0, 1)[row]
        for axis, p in enumerate(parity[1:], start=1):
            f = self.module.factors(axis, x[:, axis], p)
            rows = rows * f.reshape(len(x), 1, *[-1 if a == axis else 1 for a in range(1, len(parity))])
        return rows.reshape(len(x), -1)

    def backward(
        self, weights: _Weights, tape: dict[Parity, Tensor], cotangent: Tensor, gradient: Tensor
    ) -> None:
        if gradient.numel() == 0:
            return
        shape = self.module.coefficients.shape
        for piece in self.pieces:
            if gradient.dim() == 2:
                by_point = tape[piece.parity][:, :, None] * cotangent[piece.request][:, None]
                gradient.view(-1, *shape).addcmul_(weights.factors[piece.even], by_point.view(-1, *shape))
                continue
            back = (tape[piece.parity].T @ cotangent[piece.request]).view(shape)
            gradient.view(shape).addcmul_(weights.factors[piece.even], back)

    def features(self, weights: _Weights, x: Tensor) -> Tensor | None:
        return None


@differentiates(SeparableSeries)
def _separable(module: SeparableSeries, symbols: Sequence[Symbol], dimension: int) -> Engine:
    return SeparableEngine(module, symbols)


@differentiates(EvolvingSeries)
def _evolving(module: EvolvingSeries, symbols: Sequence[Symbol], dimension: int) -> Engine:
    return EvolvingEngine(module, symbols)


def series_transform(module: nn.Module, symbols: Sequence[Symbol], grid: Sequence[Tensor]) -> GridTransform:
    """A series on a tensor grid: its coefficients, shaped like ``module.coefficients``, to derivatives.

    ``grid`` has the coordinates along each axis, a 1-D tensor each, in the precision to compute in. An
    ``EvolvingSeries`` is taken at one instant: a single time.

    Raises ValueError for a module that is no series, or a grid that does not fit its axes.
    """
    return grids_transform(module, [(symbol, grid) for symbol in symbols])


def grids_transform(module: nn.Module, requests: Sequence[tuple[Symbol, Sequence[Tensor]]]) -> GridTransform:
    """The same where each derivative has a grid of its own, all with as many coordinates along each axis.

    So the ends of the edges between pixels are: two grids of which one lies a pixel further.
    """
    symbols, grids = [symbol for symbol, _ in requests], [grid for _, grid in requests]
    first = grids[0]
    _check_series(module, first)
    assert isinstance(module, SeparableSeries | EvolvingSeries)
    pieces, space = (
        _pieces(symbols),
        range(1 if isinstance(module, EvolvingSeries) else 0, module.dimension),
    )
    roots = {(piece.even, piece.parity[: space.start]): piece for piece in pieces}
    index = {root: i for i, root in enumerate(roots)}
    lines = {axis: _distinct([grid[axis] for grid in grids]) for axis in space}  # and which is whose
    keys = [[2 * lines[a][1][piece.request] + piece.parity[a] for a in space] for piece in pieces]
    return GridTransform(
        len(symbols),
        [
            GridTerm(piece.request, tuple(key), root=index[piece.even, piece.parity[: space.start]])
            for piece, key in zip(pieces, keys, strict=True)
        ],
        [
            {
                key: _axis_map(module, axis, lines[axis][0][key // 2], key % 2)
                for key in dict.fromkeys(key[i] for key in keys)
            }
            for i, axis in enumerate(space)
        ],
        [_branch_factor(piece, module, first[0]) for piece in roots.values()],
        module.coefficients.shape,
        [len(axis) for axis in first],
        (space.start + 1, *module.modes),
    )


def _check_series(module: nn.Module, grid: Sequence[Tensor]) -> None:
    if not isinstance(module, SeparableSeries | EvolvingSeries):
        raise ValueError(
            f"a {type(module).__name__}; a FourierSeries or WaveSeries was expected on a grid. "
            f"Declare the field with one of these, or solve on scattered points."
        )
    if len(grid) != module.dimension or any(axis.ndim != 1 for axis in grid):
        raise ValueError(
            f"a grid of {len(grid)} axes; {module.dimension} lists of coordinates were expected. "
            f"Give one 1-D tensor per axis of the field."
        )
    if isinstance(module, EvolvingSeries) and len(grid[0]) != 1:
        raise ValueError(f"{len(grid[0])} times; one was expected. Make one transform for each instant.")


def _distinct(lines: Sequence[Tensor]) -> tuple[list[Tensor], list[int]]:
    """The lines that differ, and which of them each is."""
    kept: list[Tensor] = []
    places = []
    for line in lines:
        same = (i for i, known in enumerate(kept) if known is line or torch.equal(known, line))
        place = next(same, len(kept))
        kept += [line] if place == len(kept) else []
        places.append(place)
    return kept, places


def _axis_map(module: SeparableSeries | EvolvingSeries, axis: int, line: Tensor, derivative: int) -> AxisMap:
    """By transforms where cosines are asked for at the middles of more equal cells than a matrix is good for."""
    basis, nodes = module.basis(axis), len(line)
    if nodes * len(basis.modes) > _LARGEST_MATRIX:
        falls = bool(line[-1] < line[0])
        cells = _cells(basis, line.flip(0) if falls else line)
        if cells is not None:
            count, first = cells
            part = None if count == nodes else (first, first + nodes)
            wavenumbers = basis.wavenumbers.to(line) if derivative else None
            return CosineMap(count, len(basis.modes), wavenumbers, part, falls)
    return MatrixMap(module.factors(axis, line, derivative))


def _cells(basis: Harmonics, line: Tensor) -> tuple[int, int] | None:
    """How many equal cells, and the first of them, if these are cosines at the middles of cells that follow.

    None where they are not, or there are fewer cells than cosines.
    """
    nodes, length, modes = len(line), basis.high - basis.low, len(basis.modes)
    if not basis.is_cosines or nodes < 2 or line[1] <= line[0]:
        return None
    count = round(length * (nodes - 1) / float(line[-1] - line[0]))
    first = round((float(line[0]) - basis.low) / length * count - 0.5)
    cells = first + torch.arange(nodes, device=line.device, dtype=torch.float64)
    middles = basis.low + (cells + 0.5) * (length / count)
    fits = modes <= count and first >= 0 and first + nodes <= count
    if not fits or float((line.double() - middles).abs().max()) >= 1e-9 * length:
        return None
    return count, first


def _branch_factor(piece: _Piece, module: SeparableSeries | EvolvingSeries, time: Tensor) -> Tensor:
    """The factor of a piece for each branch and mode, broadcasting to (branches, K1, ..., Kd)."""
    factor = _factor(piece.even, module)[None]
    if isinstance(module, EvolvingSeries):
        factor = factor * module.evolution(time.double(), piece.parity[0])[:, 0]
    return factor.to(time.dtype)


def on_shared_coordinates(
    module: nn.Module, symbols: Sequence[Symbol], theta: Tensor, x: Tensor
) -> Tensor | None:
    """Derivatives (S, n, outputs) at points (n, d) that fill most of a tensor grid, by one ``series_transform``.

    None where the module is no series, or the points share too few coordinates for that to pay.
    """
    if not isinstance(module, SeparableSeries | EvolvingSeries):
        return None
    pairs = [_line_of(column) for column in x.T]
    sizes = [len(line) for line, _ in pairs]
    if math.prod(sizes) > 4 * len(x) or (isinstance(module, EvolvingSeries) and sizes[0] > 1):
        return None
    if isinstance(module, SeparableSeries) and any(
        len(line) * count > _LARGEST_KEPT and _cells(module.basis(axis), line) is None
        for axis, ((line, _), count) in enumerate(zip(pairs, module.modes, strict=True))
    ):
        return None
    coefficients = unflatten(module, theta).get("coefficients", module.coefficients.detach())
    values = series_transform(module, symbols, [line for line, _ in pairs]).forth(coefficients)
    at: tuple[slice | Tensor, ...] = (slice(None), *(index for _, index in pairs))
    return values[at]


def _line_of(column: Tensor) -> tuple[Tensor, Tensor]:
    """The coordinates (k,) that differ among many (n,), ascending, and which of them each is.

    Of very many, those of the points of a grid are found among some, which saves sorting all.
    """
    if len(column) > 4 * _SOME:
        some = torch.cat([column[:_SOME], column[:: len(column) // _SOME]])
        line = torch.unique(some)
        index = torch.searchsorted(line, column.contiguous()).clamp_(max=len(line) - 1)
        if torch.equal(line[index], column):
            return line, index
    line, index = torch.unique(column, return_inverse=True)
    return line, index
