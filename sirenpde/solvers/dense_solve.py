"""A rank-revealing least-squares solve with scaled columns, never through normal equations."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

SMALL = 600  # columns up to which the singular-value driver is worth its time


@dataclass(frozen=True)
class Solved:
    """A minimiser of |A x - b|, of small norm in the scaled columns, and the rank that was used."""

    x: Tensor
    rank: int


def solve_dense(matrix: Tensor, target: Tensor, cutoff: float = 1e-15) -> Solved:
    """Least squares by singular values (few columns) or pivoted QR, on the CPU; QR of [A; lam I] elsewhere.

    Columns are scaled to unit norm first. ``cutoff`` is relative to the largest singular value (``gelsd``)
    or pivot (``gelsy``). ``target`` is (rows,) or (rows, k).
    """
    scale = torch.linalg.vector_norm(matrix, dim=0).clamp(min=torch.finfo(matrix.dtype).tiny)
    scaled, right = matrix / scale, target.reshape(len(target), -1)
    if matrix.device.type == "cpu":
        driver = "gelsd" if matrix.shape[1] <= SMALL else "gelsy"
        solved = torch.linalg.lstsq(scaled, right, rcond=cutoff, driver=driver)
        x, rank = solved.solution, int(solved.rank)
    else:
        x, rank = _damped(scaled, right), matrix.shape[1]
    return Solved((x / scale[:, None]).reshape(-1, *target.shape[1:]), rank)


def _damped(scaled: Tensor, right: Tensor) -> Tensor:
    """Householder QR of the matrix over a tiny multiple of the identity: as accurate, and present on GPUs."""
    columns = scaled.shape[1]
    damping = 1e-14 * torch.eye(columns, dtype=scaled.dtype, device=scaled.device)
    q, r = torch.linalg.qr(torch.cat([scaled, damping]))
    full = torch.cat([right, right.new_zeros(columns, right.shape[1])])
    x: Tensor = torch.linalg.solve_triangular(r, q.mH @ full, upper=True)
    return x
