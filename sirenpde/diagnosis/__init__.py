"""What can be noticed about a problem from its constraints alone, before anything is solved."""

from __future__ import annotations

from collections.abc import Mapping

from ..calculus.field import Field
from ..problem.problem import Problem
from .contradictions import contradictions
from .illposed import ill_posed
from .jumps import jumps


def warnings(problem: Problem, recipes: Mapping[Field, object] | None = None) -> list[str]:
    """What makes an answer wrong without a residual that shows it, a paragraph each; none for most problems.

    Short waves that grow without bound, functions that jump where they are differentiated, and conditions that
    contradict each other where they meet. ``recipes`` are the networks chosen, if known: cells may end at jumps.
    Everything is found by evaluating the constraints on some hundred points: a fraction of a second, and the same
    at every call. Priors are left out: they contradict nothing.

    >>> from sirenpde import Box, Field, Problem, on
    >>> from sirenpde.diagnosis import warnings
    >>> box = Box(t=(0, 1), x=(0, 1))
    >>> u = Field("u", box)
    >>> start = on(box.at(t=0), 10, name="start")(lambda p: u(p))
    >>> wall = on(box.at(x=0), 10, name="wall")(lambda p: u(p) - 1)
    >>> print(warnings(Problem(start, wall))[0].partition(":")[0])
    The constraints 'start' and 'wall' contradict each other where they meet, at t = 0, x = 0
    """
    binding = problem.equations
    return [*problem.notes, *ill_posed(binding), *jumps(problem, recipes), *contradictions(binding)]


__all__ = ["warnings"]
