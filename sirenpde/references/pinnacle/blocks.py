"""Diffusion on a square of 5 x 5 materials, by finite elements of high degree on a graded mesh."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

Array = NDArray[np.float64]

BLOCKS, SIDE, LOW = 5, 4.0, -10.0  # along each axis; of a block; where the square begins


@dataclass(frozen=True, eq=False)
class Piecewise:
    """A continuous function on a tensor product mesh, polynomials of the same degree on each cell."""

    edges: Array  # (cells + 1,) along both axes
    nodes: Array  # (degree + 1,) of a cell, in [-1, 1]
    values: Array  # (cells * degree + 1,) twice

    def at(self, points: Array) -> Array:
        """At points (n, 2) -> (n,)."""
        along_x, along_y = (self._weights(points[:, axis]) for axis in (0, 1))
        cells = [np.ix_(*index) for index in zip(along_x[0], along_y[0], strict=True)]
        picked = np.array([self.values[cell] for cell in cells])
        found: Array = np.einsum("ni,nij,nj->n", along_x[1], picked, along_y[1])
        return found

    def _weights(self, x: Array) -> tuple[NDArray[np.intp], Array]:
        """The nodes of each place's cell, and the values of their polynomials there: both (n, degree + 1)."""
        degree = len(self.nodes) - 1
        cell = np.clip(np.searchsorted(self.edges, x, side="right") - 1, 0, len(self.edges) - 2)
        low, high = self.edges[cell], self.edges[cell + 1]
        return cell[:, None] * degree + np.arange(degree + 1), _lagrange(
            self.nodes, (2 * x - low - high) / (high - low)
        )


def diffusion_in_blocks(
    conductivity: Array, constant: Array, wave: Array, flux: bool, *, degree: int = 8, layers: int = 8
) -> Piecewise:
    """The solution of PINNacle's Poisson2d-MS on (-10, 10)², in its flux form or that of its program.

        flux:      -div(a grad u) = f,   a ∂u/∂n = -a u  on the boundary, a ∂u/∂n continuous across blocks,
        program:   -a Δu = f,            ∂u/∂n = -u      on the boundary, ∂u/∂n continuous across blocks,

    where a is constant on each of 5 x 5 blocks and f = c + w sin(πξ) sin(πη) with ξ, η in [0, 1] across the block.
    Where four blocks meet, the solution of the flux form is like r^α with α < 1; ``layers`` cells, each five times
    smaller than the one before, lead to every edge of a block.

    Args:
        conductivity, constant, wave: a, c and w, (5, 5), the first index along x.
        flux: which form.
        degree: of the polynomials.
        layers: of cells at each edge. With 8 and degree 8 the flux form is known to 1e-6, the other to 1e-9, in 14 s.

    >>> import numpy as np
    >>> one, none = np.ones((5, 5)), np.zeros((5, 5))
    >>> u = diffusion_in_blocks(one, one, none, True, degree=4, layers=0)
    >>> u.at(np.array([[0.0, 0.0]])).round(2).tolist()
    [35.19]
    """
    import scipy.sparse as sparse
    from scipy.sparse.linalg import splu

    edges, nodes = _graded(layers), _lobatto(degree)
    cells, n = len(edges) - 1, (len(edges) - 1) * degree + 1
    width, middle = np.diff(edges), (edges[1:] + edges[:-1]) / 2
    block = np.minimum((middle - LOW) // SIDE, BLOCKS - 1).astype(int)
    i, j = (index.ravel() for index in np.indices((cells, cells)))
    a = conductivity[block[i], block[j]]
    factor = a if flux else np.ones_like(a)

    gauss, weight = legendre.leggauss(degree + 2)
    shape = _lagrange(nodes, gauss)
    slope = shape @ _differentiation(nodes)
    mass, stiff = (shape.T * weight) @ shape, (slope.T * weight) @ slope

    local = np.arange(degree + 1)
    numbers = (i[:, None] * degree + local)[:, :, None] * n + (j[:, None] * degree + local)[:, None, :]
    numbers = numbers.reshape(len(i), -1)
    inside = (
        np.kron(stiff, mass) * (factor * width[j] / width[i])[:, None, None]
        + np.kron(mass, stiff) * (factor * width[i] / width[j])[:, None, None]
    )
    waves = np.sin(np.pi * ((middle[:, None] + width[:, None] / 2 * gauss - LOW) % SIDE) / SIDE)
    even, waving = weight @ shape, (waves * weight) @ shape
    source = constant[block[i], block[j], None] * np.kron(even, even) + wave[
        block[i], block[j], None
    ] * np.einsum("ei,ej->eij", waving[i], waving[j]).reshape(len(i), -1)
    right = np.zeros(n * n)
    np.add.at(right, numbers, source * (width[i] * width[j] / 4 * factor / a)[:, None])

    parts, along = [_assembled(inside, numbers, n)], np.arange(cells)
    of_a_side = along[:, None] * degree + local
    for side, line in ((0, 0), (cells - 1, n - 1)):
        across = conductivity[block[side], block], conductivity[block, block[side]]
        for a_side, places in zip(across, (line * n + of_a_side, of_a_side * n + line), strict=True):
            leaving = (a_side if flux else np.ones_like(a_side)) * width / 2
            parts.append(_assembled(mass * leaving[:, None, None], places, n))
    matrix = sum(parts[1:], start=parts[0]).tocsc()
    symmetric = {"permc_spec": "MMD_AT_PLUS_A", "diag_pivot_thresh": 0.0, "options": {"SymmetricMode": True}}
    values = splu(sparse.csc_matrix(matrix), **symmetric).solve(right).reshape(n, n)
    return Piecewise(edges, nodes, values)


def _assembled(matrices: Array, numbers: NDArray[np.intp], n: int):  # type: ignore[no-untyped-def]
    """Matrices (cells, k, k) of unknowns with these numbers (cells, k), added to one that is sparse."""
    import scipy.sparse as sparse

    k = numbers.shape[1]
    rows, columns = np.repeat(numbers, k, axis=1), np.tile(numbers, (1, k))
    where = rows.ravel(), columns.ravel()
    return sparse.coo_matrix((matrices.ravel(), where), shape=(n * n, n * n)).tocsr()


def _graded(layers: int) -> Array:
    to_middle = np.concatenate([[0.0], 0.5 * 0.2 ** np.arange(layers, -1, -1.0)])
    unit = np.concatenate([to_middle, 1 - to_middle[-2:0:-1]])
    edges = LOW + SIDE * (np.arange(BLOCKS)[:, None] + unit)
    return np.append(edges.ravel(), LOW + SIDE * BLOCKS)


def _lobatto(degree: int) -> Array:
    inner = legendre.legroots(legendre.legder(np.eye(degree + 1)[degree]))
    return np.concatenate([[-1.0], np.sort(inner.real), [1.0]])


def _lagrange(nodes: Array, x: Array) -> Array:
    """The polynomials that are 1 at one node and 0 at the others: (n, nodes)."""
    gaps = nodes[:, None] - nodes + np.eye(len(nodes))
    factors = (x[:, None, None] - nodes) / gaps
    factors[:, np.eye(len(nodes), dtype=bool)] = 1.0
    product: Array = factors.prod(axis=2)
    return product


def _differentiation(nodes: Array) -> Array:
    """From values at nodes to slopes there."""
    gaps = nodes[:, None] - nodes + np.eye(len(nodes))
    weight = 1 / gaps.prod(axis=1)
    matrix: Array = weight / weight[:, None] / gaps
    matrix[np.eye(len(nodes), dtype=bool)] = 0.0
    matrix -= np.diag(matrix.sum(axis=1))
    return matrix
