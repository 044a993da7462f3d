"""What constraints leave undetermined, in words: which fields are free, where, and which condition may be missing."""

from __future__ import annotations

from ..diagnosis.conditions import missing_conditions
from ..linear.null_space import MOST, NullSpace
from ..problem.problem import Problem

NOTHING = 1e-7  # relative size of a direction that nothing determines, as far as some hundred features tell


def missing(problem: Problem, free: NullSpace) -> str:
    """The axes along which fields that move have too few conditions for equations; nothing if there are none."""
    return "; ".join(filter(None, (missing_conditions(problem.equations, u) for u in free.moved)))


def describe_free(problem: Problem, free: NullSpace) -> str:
    """What is not determined, by how much, and what to do about it."""
    count = len(free.sizes)
    many = f"{count} directions" + " or more" * (count == MOST)
    what = "a direction" if count == 1 else many
    fields = " and ".join(u.name for u in free.moved)
    how = "undetermined" if free.relative[0] < NOTHING or missing(problem, free) else "nearly undetermined"
    return (
        f"the constraints leave {what} of {fields} {how}: a change by 1 changes the residuals by "
        f"{free.sizes[0]:.1e}, where others change them by {free.usual:.1e}; {_remedy(problem, free)}"
    )


def _remedy(problem: Problem, free: NullSpace) -> str:
    moved = {u: free.changes[u][0] for u in free.moved}
    if free.is_constant:
        names = " and ".join(u.name for u in moved)
        return f"a constant added to {names}. Give a value at a point, or compare up to a constant"
    u, change = max(moved.items(), key=lambda pair: float(pair[1].abs().max()))
    point = free.points[u][int(change.abs().amax(1).argmax())]
    where = ", ".join(f"{axis.name} = {x:.3g}" for axis, x in zip(u.axes, point.tolist(), strict=True))
    axes = missing(problem, free)
    if axes:
        number = "One" if len(free.sizes) == 1 else "A"
        return f"{u.name} changes most at {where}. {number} boundary or initial condition is missing: {axes}"
    return (
        f"{u.name} changes most at {where}. Is a boundary or initial condition missing, or is it a resonance?"
    )
