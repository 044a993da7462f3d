"""Polynomials on the simplices of a mesh as a function of one point, which torch differentiates."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .constants import Constant, row

TABLE = 2**25  # entries of a table of candidates at most
Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SimplexPieces:
    """A polynomial on each simplex. Which one a point lies in, a table of bins narrows down.

    With barycentric coordinates λ it is Σ_a c_a λ^a over the multi-indices |a| = n.
    """

    barycentric: Constant  # (s, d + 1, d + 1): λ = barycentric (1, x)
    coefficients: Constant  # (s, number of multi-indices, m)
    powers: tuple[tuple[int, ...], ...]
    low: Constant
    step: Constant
    bins: tuple[int, ...]
    candidates: Constant  # (bins, most): simplices
    shape: tuple[int, ...]

    def find(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The simplex that holds a point (d,), or is nearest among few, and the barycentric coordinates there."""
        at = torch.floor((x - self.low.like(x)) / self.step.like(x)).to(torch.int64)
        place = torch.zeros((), dtype=torch.int64, device=x.device)
        for i, count in zip(at.unbind(), self.bins, strict=True):
            place = place * count + i.clamp(0, count - 1)
        few = row(self.candidates.on(x.device), place)
        one = torch.cat([torch.ones_like(x[:1]), x])
        coordinates = self.barycentric.like(x)[few] @ one
        best = coordinates.amin(-1).argmax(-1)
        return row(few, best), row(coordinates, best)

    def value(self, simplex: Tensor, coordinates: Tensor) -> Tensor:
        degree = sum(self.powers[0])
        rows = [torch.ones_like(coordinates)]
        for _ in range(degree):
            rows.append(rows[-1] * coordinates)
        terms = []
        for power in self.powers:
            term = rows[power[0]][0]
            for i, n in enumerate(power[1:], 1):
                term = term * rows[n][i] if n else term
            terms.append(term)
        value = torch.stack(terms) @ row(self.coefficients.like(coordinates), simplex)
        return value.reshape(self.shape)


def linear(points: Array, simplices: NDArray[np.int64], values: Array) -> SimplexPieces:
    """The continuous function that is linear on each simplex: error of order h², its slopes jump."""
    flat = values.reshape(len(values), -1)
    corners = [tuple(int(i == j) for j in range(simplices.shape[1])) for i in range(simplices.shape[1])]
    return _pieces(points[simplices], flat[simplices], tuple(corners), values.shape[1:])


def cubic(points: Array, triangles: NDArray[np.int64], values: Array) -> SimplexPieces:
    """A function with continuous slopes in the plane: reduced Hsieh-Clough-Tocher elements of least bending energy.

    Each triangle consists of three cubics that meet at its barycentre. Source: Bernadou and Hassan, Basis functions
    for general Hsieh-Clough-Tocher triangles, 1981; the slopes at the nodes by Matplotlib.
    """
    from matplotlib.tri import CubicTriInterpolator, Triangulation

    centre = points[triangles].mean(1, keepdims=True)
    corners = points[triangles]
    parts = np.concatenate(
        [np.concatenate([np.delete(corners, i, axis=1), centre], axis=1) for i in range(3)]
    )
    powers = tuple(p for p in itertools.product(range(4), repeat=3) if sum(p) == 3)
    nodes = (np.array(powers) + 0.4) / 4.2  # strictly inside, where nothing is ambiguous
    basis = np.prod(nodes[:, None] ** np.array(powers), axis=2)
    places = np.einsum("nc,tcd->tnd", nodes, parts)
    mesh = Triangulation(points[:, 0], points[:, 1], triangles)
    flat = values.reshape(len(values), -1)
    coefficients = np.empty((len(parts), len(powers), flat.shape[1]))
    for m in range(flat.shape[1]):
        inside = CubicTriInterpolator(mesh, flat[:, m], kind="min_E")(places[..., 0], places[..., 1])
        coefficients[..., m] = np.linalg.solve(basis, np.ma.getdata(inside)[..., None])[..., 0]
    return _pieces(parts, coefficients, powers, values.shape[1:])


def _pieces(
    corners: Array, coefficients: Array, powers: tuple[tuple[int, ...], ...], shape: tuple[int, ...]
) -> SimplexPieces:
    homogeneous = np.concatenate([np.ones((*corners.shape[:2], 1)), corners], axis=2)
    barycentric = np.linalg.inv(homogeneous).swapaxes(1, 2)
    low, step, bins, candidates = _table(corners)
    return SimplexPieces(
        Constant(torch.from_numpy(np.ascontiguousarray(barycentric))),
        Constant(torch.from_numpy(np.ascontiguousarray(coefficients))),
        powers,
        Constant(torch.from_numpy(low)),
        Constant(torch.from_numpy(step)),
        bins,
        Constant(torch.from_numpy(candidates)),
        shape,
    )


def _table(corners: Array) -> tuple[Array, Array, tuple[int, ...], NDArray[np.int64]]:
    """Bins over the bounding box, and the simplices whose own boxes reach into each."""
    low, high = corners.min((0, 1)), corners.max((0, 1))
    d, side = corners.shape[2], max(1, round(len(corners) ** (1 / corners.shape[2])))
    while True:
        step = (high - low) / side * (1 + 1e-9)
        first = np.clip(np.floor((corners.min(1) - low) / step - 1e-6).astype(np.int64), 0, side - 1)
        last = np.clip(np.floor((corners.max(1) - low) / step + 1e-6).astype(np.int64), 0, side - 1)
        spans = last - first + 1
        owner = np.repeat(np.arange(len(corners)), spans.prod(1))
        rank = np.arange(len(owner)) - np.repeat(np.cumsum(spans.prod(1)) - spans.prod(1), spans.prod(1))
        place = np.zeros(len(owner), np.int64)
        for a in range(d):
            below = spans[:, a + 1 :].prod(1)[owner]
            place = place * side + first[owner, a] + rank // below % spans[owner, a]
        counts = np.bincount(place, minlength=side**d)
        if counts.max() * side**d <= TABLE or side == 1:
            break
        side = max(1, side // 2)
    order = np.argsort(place, kind="stable")
    place, owner = place[order], owner[order]
    column = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    table = np.repeat(_nearest(corners, low, step, side)[:, None], max(1, counts.max()), axis=1)
    table[place, column] = owner
    return low, step, (side,) * d, table


def _nearest(corners: Array, low: Array, step: Array, side: int) -> NDArray[np.int64]:
    """The simplex whose centre is nearest to that of each bin."""
    from scipy.spatial import cKDTree

    index = np.stack(np.meshgrid(*[np.arange(side)] * len(low), indexing="ij"), axis=-1).reshape(-1, len(low))
    _, nearest = cKDTree(corners.mean(1)).query(low + (index + 0.5) * step)
    return np.asarray(nearest, np.int64)
