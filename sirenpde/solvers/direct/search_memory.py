"""What a search for features keeps between its steps, and in checkpoints."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from ...files.typed import transient
from ...networks.sine_features import SineFeatures
from ...networks.values import recipe_from_value, recipe_to_value
from ..stage import State
from .search import Search, Searching
from .trials import FeatureTrial, TrialRecord, Trials, is_open_sines


@dataclass
class RunningSearch:
    """A search on its way, and the best of the trials that were reported."""

    trials: Trials
    path: Searching
    best: FeatureTrial | None

    def next(self) -> FeatureTrial:
        """The next trial. Raises StopIteration with the best of all and what is undetermined; OutOfTime."""
        return next(self.path)


@dataclass
class SearchMemory:
    """The recipes that were open when a search began, by the fields' names as plain values; the parameters of the
    other networks and the unknown numbers, in their order; the trials made, and how many were reported."""

    given: dict[str, dict[str, Any]]
    others: list[Tensor]
    records: list[TrialRecord | None] = field(default_factory=list)
    reported: int = 0
    running: RunningSearch | None = transient()

    def search(self, state: State, tolerance: float) -> RunningSearch:
        """The search, past the trials that were reported before a checkpoint; the same at every call."""
        if self.running is None:
            trials = self._trials(state, tolerance)
            path = Search(trials).run()
            known = [next(path) for _ in range(self.reported)]
            best = min(known, key=lambda trial: trial.held_out, default=None)
            self.running = RunningSearch(trials, path, best)
        return self.running

    def _trials(self, state: State, tolerance: float) -> Trials:
        fields = state.system.problem.fields
        recipes = {u: recipe_from_value(self.given[u.name]) for u in fields if u.name in self.given}
        keys = [key for key in state.system.parameters.slices if key not in recipes]
        others = dict(zip(keys, self.others, strict=True))
        return Trials(
            base=state.system,
            build=state.build,
            seed=state.seed,
            scale=state.scale,
            deadline=state.deadline,
            tolerance=tolerance,
            open_recipes=recipes,
            others=others,
            records=self.records,
        )


def search_of(state: State) -> SearchMemory:
    """The memory of a search that begins with what the recipes of a state leave open."""
    recipes = {u: r for u, r in state.recipes.items() if isinstance(r, SineFeatures) and is_open_sines(r)}
    values = {u.name: recipe_to_value(recipe) for u, recipe in recipes.items()}
    declared = {name: value for name, value in values.items() if value is not None}
    slices = state.system.parameters.slices
    others = [state.theta[columns].clone() for key, columns in slices.items() if key not in recipes]
    return SearchMemory(declared, others)
