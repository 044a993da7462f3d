"""Derivatives of a tensor-product series on a tensor grid: one small product, or one transform, per axis."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .axis_maps import AxisMap, products

LARGE = 1 << 23  # numbers, above which outputs are transformed one after the other, in less memory
Path = tuple[int, ...]  # a root, and the maps along the axes so far


@dataclass(frozen=True)
class GridTerm:
    """A part of a request: ``factor`` times one map along each axis, named by its key among those of the axis.

    ``root`` says which factors the coefficients are multiplied by first.
    """

    request: int
    keys: tuple[int, ...]
    factor: float = 1.0
    root: int = 0

    @property
    def path(self) -> Path:
        return (self.root, *self.keys)


class GridTransform:
    """Coefficients (B, K1, ..., Kd, outputs) <-> the values (S, N1, ..., Nd, outputs) of S requests on a grid.

    It computes

        values[s] = Σ over the terms of s of  factor · M1 ⊗ ... ⊗ Md · Σ_b root[b] coefficients[b],

    with the products along the first axes shared by all terms that begin alike. B > 1 where every mode has several
    functions of another variable, as a series has that evolves in time.

    Args:
        requests: how many.
        terms: what they consist of.
        maps: for each axis its maps, by their keys.
        roots: factors that broadcast to (B, K1, ..., Kd), or none for ones.
        shape: of the coefficients as they are given and given back.
        points: of the grid as its values are given and given back.

    >>> import torch
    >>> from sirenpde.engines.axis_maps import MatrixMap
    >>> from sirenpde.engines.grid_transform import GridTerm, GridTransform
    >>> rows = MatrixMap(torch.tensor([[1.0, 2.0]]))
    >>> transform = GridTransform(1, [GridTerm(0, (0,))], [{0: rows}], [None], (2, 1), (1,))
    >>> transform.forth(torch.tensor([[1.0], [1.0]])).tolist()
    [[[3.0]]]
    """

    def __init__(
        self,
        requests: int,
        terms: Sequence[GridTerm],
        maps: Sequence[Mapping[int, AxisMap]],
        roots: Sequence[Tensor | None],
        shape: Sequence[int],
        points: Sequence[int],
        branches: Sequence[int] | None = None,
    ) -> None:
        self.terms, self.maps, self.roots = tuple(terms), tuple(maps), tuple(roots)
        self.requests, self.shape, self.points = requests, torch.Size(shape), tuple(points)
        self.branches = tuple(branches or (1, *shape[:-1]))  # (B, K1, ..., Kd)
        paths = {term.path for term in self.terms}
        self._paths = [sorted({path[: axis + 2] for path in paths}) for axis in range(len(self.maps))]

    def forth(self, coefficients: Tensor) -> Tensor:
        """Coefficients -> values."""
        outputs = coefficients.shape[-1]
        if outputs > 1 and coefficients.numel() > LARGE:
            return torch.cat([self.forth(c) for c in coefficients.split(1, dim=-1)], dim=-1)
        branches = coefficients.reshape(*self.branches, outputs).movedim(-1, 0)  # (outputs, B, K1, ..., Kd)
        reached: dict[Path, Tensor] = {
            (r,): branches[:, 0] if root is None else (root * branches).sum(1)
            for r, root in enumerate(self.roots)
        }
        for axis, paths in enumerate(self._paths):
            # The axis at hand goes to the back; after all of them their order is as before.
            rolled = {path: x.movedim(1, -1) for path, x in reached.items()}
            reached = {path: self.maps[axis][path[-1]].forth(rolled[path[:-1]]) for path in paths}
        flat = {path: x.reshape(outputs, -1).T for path, x in reached.items()}
        values = coefficients.new_zeros(self.requests, math.prod(self.points), outputs)
        for term in self.terms:
            values[term.request].add_(flat[term.path], alpha=term.factor)
        return values.reshape(self.requests, *self.points, outputs)

    def back(self, values: Tensor) -> Tensor:
        """The transpose of ``forth``: values -> coefficients."""
        outputs, lengths = values.shape[-1], self._lengths
        if outputs > 1 and values.numel() > LARGE:
            return torch.cat([self.back(v) for v in values.split(1, dim=-1)], dim=-1)
        reached: dict[Path, Tensor] = {}
        for term in self.terms:
            addend = term.factor * values[term.request].reshape(-1, outputs).T.reshape(outputs, *lengths)
            reached[term.path] = reached[term.path] + addend if term.path in reached else addend
        for axis in reversed(range(len(self.maps))):
            below: dict[Path, Tensor] = {}
            for path, x in reached.items():
                addend = self.maps[axis][path[-1]].back(x).movedim(-1, 1)
                short = path[:-1]
                below[short] = below[short] + addend if short in below else addend
            reached = below
        total = None
        for (r,), modes in reached.items():
            root = self.roots[r]
            addend = modes[:, None] if root is None else root * modes[:, None]
            total = addend if total is None else total + addend
        assert total is not None
        return total.expand(outputs, *self.branches).movedim(0, -1).reshape(*self.shape[:-1], outputs)

    def diagonal(self, weights: Tensor) -> Tensor:
        """The diagonal of AᵀWA, like the coefficients of one output, for A = ``forth``; not of waves around a period.

        ``weights`` (S, S, N1, ..., Nd) couples the values at each point: W = weights[s, t] between s and t.
        """
        total = weights.new_zeros(self.branches)
        for i, one in enumerate(self.terms):
            for j, other in enumerate(self.terms[: i + 1]):
                coupling = weights[one.request, other.request]
                coupling = coupling if i == j else coupling + weights[other.request, one.request]
                modes = coupling.reshape(self._lengths)
                for maps, p, q in zip(self.maps, one.keys, other.keys, strict=True):
                    # The axis at the front goes to the back; after all of them their order is as before.
                    modes = products(maps[p], maps[q], modes.movedim(0, -1))
                for term in (one, other):
                    root = self.roots[term.root]
                    modes = term.factor * (modes if root is None else root * modes)
                total += modes
        return total.reshape(self.shape[:-1])

    @property
    def _lengths(self) -> tuple[int, ...]:
        """The numbers of nodes along the axes that have maps: all, but for an instant of time."""
        return self.points[len(self.points) - len(self.maps) :]
