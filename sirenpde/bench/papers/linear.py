"""Linear problems that a paper trains a network for, beside what solves them directly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .experiment import Form, Outcome, solved, trained
from .shown import psnr

if TYPE_CHECKING:
    from ...run.solution import Solution


def beside_direct(
    form: Form,
    problem: str,
    steps: int,
    several: Sequence[Mapping[str, Any]],
    network: Mapping[str, Any],
    data: str,
    picture: Callable[[Solution], Any],
) -> Outcome:
    """The paper's network, and beside it what has least variation and what is smooth: means of decibels.

    ``several`` has the flags of each set of data, which all three share; those of ``network`` name its ``mapping``.
    Pictures are those of the first set.
    """
    told = {"least variation": "least variation", "smooth": "smooth, by cross-validation"}
    measured: dict[str, list[float]] = {}
    pictures: dict[str, Any] = {}
    for flags in several:
        found = {
            network["mapping"]: trained(form, f"papers/{problem}", steps, **network, **flags),
            "least variation": solved(form, problem, **flags),
            "smooth": solved(form, problem, prior="smooth", **flags),
        }
        pictures = pictures or {name: picture(solution) for name, solution in found.items()}
        for name, solution in found.items():
            measured.setdefault(name, []).append(psnr(solution))
    means = {name: sum(values) / len(values) for name, values in measured.items()}
    by_means = {
        **{name: f"linear: {words}" for name, words in told.items()},
        network["mapping"]: "the network itself",
    }
    by = max(by_means, key=lambda name: means[name])
    each = ", ".join(f"{value:.1f}" for value in measured[network["mapping"]])
    return Outcome(
        means[network["mapping"]],
        data,
        best=means[by],
        best_by=by_means[by],
        note="; ".join(f"{told[name]} {means[name]:.1f} dB" for name in told)
        + (f"; the network {each} dB" if len(several) > 1 else ""),
        curves={"pictures": pictures},
    )
