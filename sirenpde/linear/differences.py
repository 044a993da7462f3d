"""A preconditioner for a series on parts of a grid: finite differences at the series' nodes.

On a whole grid a series is orthogonal, and the diagonal of AᵀA is exact. On parts of one (a mask) it is far from
that; there the sparse finite-difference analogue of the same rows, factorised once, is spectrally equivalent: the
ratio of the two symbols lies between 1 and (pi/2)^2 for a gradient (Orszag 1980, on spectral methods).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..calculus.symbols import Symbol
from ..engines.series import series_transform
from ..networks.series import Harmonics, SeparableSeries
from .cgls import Preconditioner
from .grid_rows import FLOOR, GridRows
from .multigrid import multigrid

FACTORISED = 150_000  # nodes, up to which one factorisation is sooner done than multigrid
Solver = Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]  # of several columns


def by_differences(module: nn.Module, rows: Sequence[GridRows]) -> Preconditioner:
    """Solves the finite-difference analogue in the values at the series' nodes, one system for outputs alike."""
    assert isinstance(module, SeparableSeries)
    nodes = [_nodes(module.basis(axis)) for axis in range(module.dimension)]
    like = rows[0].slopes
    transform = series_transform(module, [Symbol.identity(module.dimension)], [n.to(like) for n in nodes])
    squares = transform.diagonal(like.new_ones(1, 1, *transform.points))[
        ..., None
    ]  # the functions are orthogonal
    starts = [i for i in range(like.shape[-1]) if not i or not all(_alike(each.slopes, i) for each in rows)]
    ends = [*starts[1:], like.shape[-1]]
    solvers = [(slice(i, j), _solver(rows, nodes, i)) for i, j in zip(starts, ends, strict=True)]

    def precondition(gradient: Tensor) -> tuple[Tensor, float]:
        at_nodes = transform.forth(gradient.view(module.coefficients.shape) / squares)[0]
        columns = at_nodes.reshape(-1, at_nodes.shape[-1]).cpu().numpy()
        solved = np.concatenate(
            [solve(np.ascontiguousarray(columns[:, of])) for of, solve in solvers], axis=1
        )
        values = torch.from_numpy(solved).to(like).reshape(1, *at_nodes.shape)
        coefficients = (transform.back(values) / squares).reshape(-1)
        return coefficients, float(gradient @ coefficients)

    return precondition


def _nodes(basis: Harmonics) -> Tensor:
    """As many equidistant points as the basis has functions, at which it is orthogonal."""
    count = basis.modes.numel()
    middle = 0.5 if not bool(basis.quarters.any()) and count > 1 and int(basis.modes[1]) == 1 else 0.0
    return basis.low + (basis.high - basis.low) * (torch.arange(count, dtype=torch.float64) + middle) / count


def _alike(slopes: Tensor, output: int) -> bool:
    """Whether an output enters its rows as the one before it enters its own."""
    before, this = slopes[..., output - 1], slopes[..., output]
    one, other = before.square().sum(1), this.square().sum(1)
    return torch.allclose(one, other, rtol=16 * torch.finfo(one.dtype).eps, atol=0.0)


def _solver(rows: Sequence[GridRows], nodes: Sequence[Tensor], output: int) -> Solver:
    from scipy.sparse import identity, vstack
    from scipy.sparse.linalg import splu

    matrix = vstack([_differences(block, nodes, output) for block in rows]).tocsr()
    normal = (matrix.T @ matrix).tocsr()
    size = float(abs(normal.diagonal()).max())
    regular = normal + FLOOR * size * identity(normal.shape[0], format="csr")
    if normal.shape[0] > FACTORISED:
        return multigrid(regular, [len(line) for line in nodes])
    solver: Solver = splu(regular.tocsc(), options={"SymmetricMode": True}).solve
    return solver


def _differences(block: GridRows, nodes: Sequence[Tensor], output: int) -> Any:
    """The rows of one constraint with every derivative replaced by a difference of node values."""
    from scipy.sparse import csr_matrix, diags

    total = 0
    for component in range(block.slopes.shape[1]):
        component_rows = csr_matrix((len(block.slopes), int(np.prod([len(line) for line in nodes]))))
        for s, symbol in enumerate(block.symbols):
            factor = block.slopes[:, component, s, output].cpu().numpy()
            if not factor.any():
                continue
            for powers, c in symbol.terms:
                component_rows = component_rows + diags(c * factor) @ _stencil(block, s, nodes, powers)
        total = component_rows if component == 0 else _stacked(total, component_rows)
    return total


def _stacked(above: Any, below: Any) -> Any:
    from scipy.sparse import vstack

    return vstack([above, below])


def _stencil(block: GridRows, request: int, nodes: Sequence[Tensor], powers: Sequence[int]) -> Any:
    """Node values -> one partial derivative where the block reads a request, by the nearest nodes."""
    from scipy.sparse import csr_matrix

    columns, weights = np.zeros((len(block.slopes), 1), dtype=np.int64), np.ones((len(block.slopes), 1))
    for line, order, grid, index in zip(nodes, powers, block.grids[request], block.index, strict=True):
        near, w = _weights(line.numpy(), grid.cpu().double().numpy(), order)
        near, w = near[index.cpu().numpy()], w[index.cpu().numpy()]
        columns = (columns[:, :, None] * len(line) + near[:, None]).reshape(len(columns), -1)
        weights = (weights[:, :, None] * w[:, None]).reshape(len(weights), -1)
    count, width = columns.shape
    starts = np.arange(0, count * width + 1, width)
    shape = count, int(np.prod([len(line) for line in nodes]))
    return csr_matrix((weights.reshape(-1), columns.reshape(-1), starts), shape=shape)


def _weights(nodes: np.ndarray[Any, Any], x: np.ndarray[Any, Any], order: int) -> tuple[Any, Any]:
    """Finite-difference weights of a derivative at each x on the nearest nodes: (len(x), width) places, weights.

    Two nodes where x lies between them or the order is odd and they suffice, one or three where x is a node.
    """
    h = nodes[1] - nodes[0]
    position = (x - nodes[0]) / h
    on_node = np.abs(position - np.round(position)).max() < 1e-6
    width = order + 1 if on_node and order % 2 == 0 else order + 2 if on_node else max(2, order + order % 2)
    first = np.ceil(np.round(position, 6) - (width - 1) / 2 - 1e-9).astype(np.int64)
    near = np.clip(first, 0, len(nodes) - width)[:, None] + np.arange(width)
    offsets = (near - position[:, None])[:, None, :] ** np.arange(width)[None, :, None]  # (n, power, node)
    target = np.zeros((len(x), width, 1))
    target[:, order, 0] = float(np.prod(np.arange(1, order + 1))) / h**order
    return near, np.linalg.solve(offsets, target)[:, :, 0]
