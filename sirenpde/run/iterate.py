"""Fields that a run has come by, and which of them are better."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from ..calculus.field import Field
from ..networks.recipe import Recipe
from ..residuals import System
from ..residuals.known import holds_until

POOR = 0.1  # relative residual of fields that are hardly a solution
NONE = 0.5  # and of such as do not meet a constraint at all
Recipes = Mapping[Field, Recipe | nn.Module]


@dataclass(frozen=True)
class Iterate:
    """Fields to come back to, and how good they are on held-out points; infinite where they have no residual."""

    recipes: Recipes
    system: System
    theta: Tensor
    objective: float
    residual: float  # relative, of the worst constraint
    rung: int  # that they come from

    @property
    def is_finite(self) -> bool:
        return math.isfinite(self.objective)

    @property
    def rank(self) -> tuple[bool, bool, bool, float]:
        """Fields with a smaller one are better. Where a constraint is not met at all, its share says nothing.

        Where there are priors the objective decides, since fields that meet the equations differ in these. Those of
        a march that ended early come after such as are known everywhere and meet all constraints in part;
        those of one that closed no slab come last, since all that they could miss is the start.
        """
        held = holds_until(self.system)
        is_nothing = held is not None and held[1] <= held[0].low
        poor = not self.residual < POOR or held is not None
        partial = held is not None or not self.residual < NONE
        return (
            is_nothing,
            poor,
            partial,
            self.objective if poor or self.system.problem.has_priors else self.residual,
        )


def better(one: Iterate | None, other: Iterate) -> Iterate:
    """The one whose worst constraint is met better; where neither is met, that of the smaller objective."""
    return other if one is None or other.rank <= one.rank else one
