"""What forbids fields whose residual is small to count as a solution: another resolution finds others.

Where the equations amplify residuals by as much as these are small, as near a resonance, fields may meet the
constraints to nine digits and be wrong in the first. Two resolutions that differ by more than a tenth have no digit
in common, so that nothing is known of the fields, whatever tolerance was asked for; below, their difference is said
and left to the reader, since it is that of the coarser one and far above the error of the finer.
"""

from __future__ import annotations

import math

import torch

from .determination import can_tell, determination
from .iterate import POOR, Iterate
from .run import Run
from .second_fit import second_fit, worst


def difference(run: Run, iterate: Iterate) -> float | None:
    """The relative L2 distance of fields to those of another resolution: that which their stage came by, or a second
    fit, made once. None where there is none."""
    if run.comparison(iterate.theta) is None:
        run.compare(iterate.theta, _second_fit(run, iterate))
    known = run.comparison(iterate.theta)
    return None if known is None else known.apart


def _second_fit(run: Run, iterate: Iterate) -> float | None:
    try:
        return worst(second_fit(iterate.system, iterate.theta, iterate.recipes, run.state.seed))
    except (ArithmeticError, MemoryError, torch.linalg.LinAlgError):  # type: ignore[attr-defined]  # it is there
        return None


def doubt(run: Run, iterate: Iterate) -> str:
    """In words, what speaks against fields whose residual is small; empty where nothing does.

    Fields to which the constraints let any constant be added differ by one: no other network would know better.
    """
    apart = difference(run, iterate)
    if apart is None or apart <= POOR or _is_up_to_a_constant(iterate):
        return ""
    by = f"{apart:.1e}" if math.isfinite(apart) else "more than any number"
    return f"two resolutions differ by {by}, so that the fields are not known to one digit"


def _is_up_to_a_constant(iterate: Iterate) -> bool:
    if not can_tell(iterate.system):
        return False
    free = determination(iterate.system, iterate.theta).free
    return free is not None and free.is_constant
