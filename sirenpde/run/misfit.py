"""Whether measurements with given standard deviations are met as closely as their noise allows, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from torch import Tensor

from ..residuals import Batch, System
from ..residuals.measure import LARGEST, is_noise


def misfits(system: System, theta: Tensor, batches: Sequence[Batch]) -> Iterator[str]:
    """A paragraph for each constraint whose chi-square is larger than one in a thousand, or smaller."""
    for constraint, r in zip(system.problem.constraints, system.residuals(theta, batches), strict=True):
        if not constraint.is_measured or constraint.is_prior:
            continue
        count, square = r.numel(), float(r.square().sum())
        told = (
            f"The measurements of '{constraint.name}' leave a chi-square of {square:.4g} for {count} values"
        )
        if not is_noise(r):
            far = float(r.abs().max())
            yield (
                f"{told}: their residuals are {math.sqrt(square / count):.2g} times as large as the given standard "
                f"deviations, the largest {far:.2g} times. Standard errors hold for errors of the given size only. "
                f"The deviations are too small, some values are wrong, or the equations are not those of the "
                f"measured thing."
            )
        elif not system.problem.has_priors and square < count - LARGEST * math.sqrt(2 * count) - 2 * _free(
            system
        ):
            yield (
                f"{told}: noise of the given standard deviations would leave about {count}. They are too large, or "
                f"the fields follow the noise: fewer features, or more equations, would not."
            )


def _free(system: System) -> int:
    """Numbers that are fitted, each of which takes one from a chi-square."""
    return len(system.problem.unknowns)
