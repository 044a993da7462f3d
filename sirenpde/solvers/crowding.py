"""Whether what a problem says is more than one dense matrix on the whole domain holds, and why."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from ..diagnosis.scales import axis_scales
from ..diagnosis.singular_points import singular_points
from ..problem.problem import Problem


@dataclass(frozen=True)
class Crowding:
    """What makes a problem too much for one dense matrix: waves that fill the domain, or places of their own."""

    kind: Literal["waves", "places"]
    reason: str


# Of a field with all its digits, along an axis: so many degrees of freedom, and more for every wave.
SMOOTH, EACH = 9.0, 1.3
# Degrees of freedom of which the search for one matrix takes some seconds. Tensor products cost less beyond (1060 of
# Poisson's equation: 3 s for 89 s), and pieces only where there are many waves, since they have as many digits to
# spare in each; at re-entrant corners and the like they come earlier, since half of one matrix is functions of these.
LATTICE, PIECES = 400.0, 3000.0
# Of half an axis: thinner layers need features of their own.
THIN = 0.03


def crowding(problem: Problem) -> Crowding | None:
    """Why other networks than one dense matrix of sines come first; None where nothing speaks against these.

    On boxes, where tensor products are at hand, that is so for fewer waves than elsewhere.

    >>> import torch
    >>> from sirenpde import Box, Field, Problem, laplacian, on
    >>> from sirenpde.solvers.crowding import crowding
    >>> box = Box(x=(0, 1), y=(0, 1))
    >>> (x, y), u = box.axes, Field("u", box)
    >>> @on(box, samples=100)
    ... def poisson(p):
    ...     return laplacian(u)(p) + torch.sin(100 * x(p)) * torch.sin(100 * y(p))
    >>> crowding(Problem(poisson)).reason
    'what they say asks for about 2500 functions'
    """
    scales = axis_scales(problem)
    for scale in scales:
        if scale.jumps or scale.kinks:
            word, place = ("jumps", scale.jumps[0]) if scale.jumps else ("has a kink", scale.kinks[0])
            return Crowding("places", f"what they say {word} at {scale.name} = {place:.4g}")
        if scale.thinnest < THIN * scale.half:
            return Crowding("places", f"there are layers of width {scale.thinnest:.2g} along {scale.name}")
    degrees = math.prod(EACH * 2 * scale.half * scale.fastest / math.pi + SMOOTH for scale in scales)
    points = [point for u in problem.fields for point in singular_points(problem, u)]
    if degrees > (LATTICE if problem.traits.tensor or not all(p.tried for p in points) else PIECES):
        return Crowding("waves", f"what they say asks for about {float(f'{degrees:.2g}'):.0f} functions")
    return None
