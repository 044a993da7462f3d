"""Linear problems that a paper trains a network for, beside what solves them directly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .experiment import Form, Outcome, solved, trained
from .shown import psnr

if TYPE_CHECKING:
    from ...run.solution import Solution


def beside_direct(
    form: Form,
    problem: str,
    steps: int,
    flags: Mapping[str, Any],
    network: Mapping[str, Any],
    data: str,
    picture: Callable[[Solution], Any],
) -> Outcome:
    """The paper's network, and beside it what has least variation and what is smooth.

    ``flags`` are those of the data, which all three share; those of ``network`` name its ``mapping``.
    """
    found = trained(form, f"papers/{problem}", steps, **network, **flags)
    direct = {
        "least variation": solved(form, problem, **flags),
        "smooth": solved(form, problem, prior="smooth", **flags),
    }
    told = {"least variation": "least variation", "smooth": "smooth, by cross-validation"}
    by = max(direct, key=lambda name: psnr(direct[name]))
    return Outcome(
        psnr(found),
        data,
        best=psnr(direct[by]),
        best_by=f"linear: {told[by]}",
        note="; ".join(f"{told[name]} {psnr(solution):.1f} dB" for name, solution in direct.items()),
        curves={"pictures": {name: picture(s) for name, s in {network["mapping"]: found, **direct}.items()}},
    )
