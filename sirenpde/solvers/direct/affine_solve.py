"""One solve for constraints that are affine in the last layers, and whether they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...residuals import Batch, System
from .dense_rows import assemble, store
from .dense_solve import solve_dense

TRUST = 1e-9  # of the residuals of vanishing fields: what is foreseen and what is found differ by less


@dataclass(frozen=True)
class AffineSolution:
    """Fields whose residuals are least, if these are affine functions of the coefficients."""

    theta: Tensor
    rank: int
    foreseen: Tensor  # the residuals (N,), if they are
    slack: float  # norm of what they may differ by, with rounding

    def holds(self, system: System, batches: Sequence[Batch]) -> bool:
        """Whether the residuals are what was foreseen.

        Those of constraints that only seemed affine, since what is not lies where nobody looked, are not.
        """
        found = system.vector(self.theta, batches)
        return float(torch.linalg.vector_norm(found - self.foreseen[: len(found)])) <= self.slack


def solve_affine(
    system: System, theta: Tensor, batches: Sequence[Batch], held: Tensor | None = None
) -> AffineSolution:
    """The last layers by one least-squares problem; arguments and errors as for ``assemble``."""
    linear = assemble(system, theta, batches, held)
    solved = solve_dense(linear.matrix, linear.target)
    foreseen = linear.matrix @ solved.x - linear.target
    foreseen = torch.view_as_real(foreseen).flatten() if foreseen.is_complex() else foreseen
    rounding = (
        4 * torch.finfo(theta.dtype).eps * float(torch.linalg.vector_norm(solved.factor.scale * solved.x))
    )
    slack = TRUST * float(torch.linalg.vector_norm(linear.target)) + rounding
    return AffineSolution(store(system, theta, solved.x), solved.rank, foreseen, slack)
