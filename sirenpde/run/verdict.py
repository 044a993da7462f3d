"""How a run ended, and how good its fields are, in words."""

from __future__ import annotations

import math

from ..residuals import known
from ..residuals.known import holds_until, relative_residuals_by_name, where_known
from ..solvers.starts import describe_start
from .doubt import doubt
from .history import Status
from .iterate import POOR, Iterate
from .run import Run

GOOD_ENOUGH = 1e-6  # relative held-out residual of a solution where no tolerance is given
FINE = 1e-6  # below it the share is no percentage
MORE_DIGITS = (
    "The equations amplify what is left of them, as near a resonance, or do not determine the fields: look at the "
    "conditions, or give a larger network or a smaller tolerance."
)
SHARED = (
    "Equations and priors share one objective: a smaller weight of the priors lets the equations be met closer, and "
    "more steps or a larger network may."
)


def finished(run: Run, tolerance: float | None) -> tuple[Status, str]:
    """The outcome of a run whose stages are over."""
    best = run.shown()
    if not best.is_finite:
        return "not finite", run.troubles[0] if run.troubles else "No residual of the fields found is finite."
    if _is_small(best, tolerance):
        against = doubt(run, best)
        if not against:
            return "solved", _and_start(run, f"{_measured(best, tolerance)}{_priors(run, best)}")
        return "rough", _and_start(run, f"{_measured(best, tolerance)}, but {against}. {MORE_DIGITS}")
    last = run.records[-1].reason if run.records else ""
    reasons = [_left(run, best), f"no stage is left{', the last ended with: ' + last if last else ''}"]
    reasons += [text for text in run.troubles[-1:] if text not in last]
    return "rough", _and_start(run, f"{'; '.join(reasons).removesuffix('.')}. {_advice(best, tolerance)}")


def out_of_time(run: Run, tolerance: float | None, budget: float) -> tuple[Status, str]:
    """The outcome of a run that its budget ended."""
    best, spent = run.shown(), f"stopped after {run.seconds:.1f} s, the budget being {budget:g} s"
    if not best.is_finite:
        return "not finite", f"{spent}; {run.troubles[0] if run.troubles else 'no residual is finite yet'}"
    if _is_small(best, tolerance):
        against = doubt(run, best)
        if not against:
            return "solved", _and_start(run, f"{spent}; {_measured(best, tolerance)}{_priors(run, best)}")
        left = f"{_measured(best, tolerance)}, but {against}"
    else:
        left = _left(run, best)
    return "budget", _and_start(run, f"{spent}; {left}. A larger budget goes on from here.")


def interrupted(run: Run) -> tuple[Status, str]:
    best, where = run.shown(), f"interrupted at step {run.state.step} of stage {run.number + 1}"
    return "interrupted", f"{where}; {_measured(best, None)}" if best.is_finite else where


def _is_small(best: Iterate, tolerance: float | None) -> bool:
    return best.residual <= (tolerance or GOOD_ENOUGH) and holds_until(best.system) is None


def _measured(best: Iterate, tolerance: float | None) -> str:
    within = f", within the tolerance {tolerance:g}" if tolerance else ""
    return f"relative held-out residual {best.residual:.1e}{within}"


def _left(run: Run, best: Iterate) -> str:
    """How much of the equations is left, and in which constraint the most."""
    r = best.residual
    share = "100 %" if r >= 0.995 else f"{100 * r:.2g} %" if r >= FINE else f"{r:.1e}"
    worse = "worse than fields that vanish: " if _is_worse_than_nothing(run, best) else ""
    left = _surprise(run, best)
    if left is None:
        most = f"most of constraint '{_worst(run, best)}'"
        it = "it " if worse else ""
        left = f"{it}leaves {share} of the equations, {most} ({_measured(best, None)}{_priors(run, best)})"
    left = worse + left
    held = holds_until(best.system)
    if held is None:
        return left
    axis, end = held
    return f"holds up to {axis.name} = {end:.6g}, nothing being known beyond, and there {left}"


def _surprise(run: Run, best: Iterate) -> str | None:
    """The mean loss of the constraint of which the most is left, if that is no equation."""
    there, samples = where_known(best.system, run.state.held_out)
    worst = _worst(run, best)
    pairs = zip(there.problem.constraints, there.residuals(best.theta, samples), strict=True)
    constraint, residuals = next(pair for pair in pairs if pair[0].name == worst)
    loss = constraint.loss
    if not loss.unit:
        return None
    mean = float(loss.pointwise(residuals).mean())
    return f"{loss.name} of '{worst}' {mean:.2g} {loss.unit} a sample, held out, which no field brings to 0"


def _priors(run: Run, best: Iterate) -> str:
    """How large the priors are, which need not vanish."""
    if not best.system.problem.has_priors:
        return ""
    there, samples = where_known(best.system, run.state.held_out)
    pairs = zip(there.problem.constraints, there.residuals(best.theta, samples), strict=True)
    sizes = [f"'{c.name}' {float(r.square().sum(1).mean().sqrt()):.2g}" for c, r in pairs if c.is_prior]
    return f"; rms of the prior {', '.join(sizes)}" if sizes else ""


def _worst(run: Run, best: Iterate) -> str:
    """The constraint of which the most is left."""
    each = relative_residuals_by_name(best.system, best.theta, run.state.held_out)
    return max(each, key=lambda name: each[name])


def _is_worse_than_nothing(run: Run, best: Iterate) -> bool:
    """Not told where all that is given are measurements: beside equations they count for next to nothing."""
    if any(c.is_measured for c in best.system.problem.constraints):
        return False
    here, batches = best.system, run.state.held_out
    nothing = here.without_priors(here.losses_of_nothing(batches))
    left = best.objective
    if here.problem.has_priors:
        left = here.without_priors(known.terms(here, best.theta, batches))
    return math.isfinite(nothing) and left > nothing > 0


def _advice(best: Iterate, tolerance: float | None) -> str:
    if any(constraint.loss.unit for constraint in best.system.problem.constraints):
        return "Errors on samples that were held back tell how good that is; more steps or a larger network may help."
    if best.residual >= POOR:
        return f"{SHARED} " * best.system.problem.has_priors + (
            "Look whether the problem has a solution at all (conditions that contradict each other or are missing, "
            "a number beyond the range in which there is one); if it has, give a larger network or more steps."
        )
    if best.system.problem.has_priors:
        return SHARED
    if tolerance is not None and best.residual <= GOOD_ENOUGH:
        return "A looser tolerance, a larger network or more samples would meet it."
    return (
        "A larger network, more samples or more steps may do better; where data are noisy, or ask for more than any "
        "field can give, this may be as near as one comes."
    )


def _and_start(run: Run, message: str) -> str:
    if not run.start:
        return message
    begun = describe_start(run.start, run.state.system.parameters.units)
    why = f"begun from {begun}, since vanishing fields have no finite residual, or cannot move"
    return f"{message.removesuffix('.')}; {why}"
