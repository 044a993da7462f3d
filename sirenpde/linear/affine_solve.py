"""One solve for constraints that are affine in the last layers, and whether they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from ..problem.scaling import natural_size
from ..residuals import Batch, System
from .dense_rows import affine_rows, store
from .qr import solve_dense

SAME = 1e-6  # of a component's slopes: rounding leaves less between those of vanishing fields and others


@dataclass(frozen=True)
class AffineSolution:
    """Fields whose residuals are least, if these are affine functions of the coefficients."""

    theta: Tensor
    rank: int


def solve_affine(
    system: System, theta: Tensor, batches: Sequence[Batch], held: Tensor | None = None
) -> AffineSolution:
    """The last layers by one least-squares problem; arguments and errors as for ``affine_rows``."""
    linear = affine_rows(system, theta, batches, held)
    solved = solve_dense(linear.matrix, linear.target)
    return AffineSolution(store(system, theta, solved.x), solved.rank)


def is_affine_at(system: System, theta: Tensor, batches: Sequence[Batch]) -> bool:
    """Whether the residuals' slopes by the jets are at these fields what they are for vanishing ones.

    Those of constraints that only seemed affine, since what is not lies where nobody looked, are not.
    """
    for nothing, there in zip(
        system.linear_rows(batches), system.linear_rows(batches, at=theta), strict=True
    ):
        evaluator = nothing.evaluator
        for u, slopes, other in zip(evaluator.fields, nothing.slopes, there.slopes, strict=True):
            usual = slopes.new_tensor([natural_size(d) for d in evaluator.asked[u]])[:, None]
            a, b = usual * slopes, usual * other
            size = a.abs().amax((0, 2, 3)) + b.abs().amax((0, 2, 3))
            if not bool(((a - b).abs().amax((0, 2, 3)) <= SAME * size).all()):
                return False
    return True
