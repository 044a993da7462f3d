"""What an experiment of a paper is, and which there are.

Every file of this folder that has ``EXPERIMENTS`` is a family. It may have ``FIGURES`` too, by the names of their
files, each drawn from the family's rows.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import torch
    from matplotlib.figure import Figure

    from ...problem.problem import Problem
    from ...run.solution import Solution
    from ...solvers.stage import Stage

Row = dict[str, Any]
Draw = Callable[[Sequence[Row]], "Figure | None"]  # None where no row has anything to draw


@dataclass(frozen=True)
class Form:
    """How an experiment is run: in its short form or as the paper has it, where, and from which seed."""

    quick: bool
    device: torch.device
    seed: int


@dataclass(frozen=True)
class Outcome:
    """What an experiment found.

    ``value`` is in the experiment's unit, ``data`` what it was measured on. ``best`` is what the toolkit reaches on
    the same data by any means, and ``best_by`` says how. ``curves`` hold what the family's figures draw, in a form
    that JSON has: points of a line, or a small picture as whole numbers from 0 to 255.
    """

    value: float
    data: str
    best: float | None = None
    best_by: str = ""
    note: str = ""
    curves: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Experiment:
    """One figure of a paper, and how it is measured here.

    ``name`` has its family first, as ``image/natural/gaussian``; ``paper`` is author and section, ``setting`` the
    paper's form and ``quick`` what the short form has in place of it. ``published`` is None where the paper shows
    pictures only.
    """

    name: str
    paper: str
    setting: str
    published: float | None
    unit: str
    better: Literal["higher", "lower"]
    measure: Callable[[Form], Outcome]
    quick: str = ""


@dataclass(frozen=True)
class Family:
    """The experiments of one file and their figures."""

    name: str
    experiments: tuple[Experiment, ...]
    figures: Mapping[str, Draw] = field(default_factory=dict)

    def rows(self, rows: Sequence[Row]) -> list[Row]:
        """Those of its experiments that were measured."""
        names = {experiment.name for experiment in self.experiments}
        return [row for row in rows if row["name"] in names and row.get("value") is not None]


def families() -> tuple[Family, ...]:
    """All there are, in the order of their names."""
    package = importlib.import_module(__package__)
    modules = [
        importlib.import_module(f"{__package__}.{found.name}")
        for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda found: found.name)
    ]
    return tuple(
        Family(module.__name__.rpartition(".")[2], module.EXPERIMENTS, getattr(module, "FIGURES", {}))
        for module in modules
        if hasattr(module, "EXPERIMENTS")
    )


def experiments() -> tuple[Experiment, ...]:
    """Those of all families."""
    return tuple(experiment for family in families() for experiment in family.experiments)


class UnknownExperiment(ValueError):
    """A name that neither an experiment has nor a group of them."""


def chosen(names: Sequence[str], among: Sequence[Experiment]) -> list[Experiment]:
    """Those of these names or groups, as ``image/natural`` is one; all of them where none is named.

    Raises UnknownExperiment.
    """
    wanted = [name.rstrip("/") for name in names]
    known = {group for experiment in among for group in _groups(experiment.name)}
    for name in wanted:
        if name not in known:
            close = difflib.get_close_matches(name, sorted(known), n=2, cutoff=0.5)
            first = sorted({group.split("/")[0] for group in known})
            hint = f"did you mean {' or '.join(close)}?" if close else f"it has {', '.join(first)}."
            raise UnknownExperiment(f"The papers' benchmark has no experiment '{name}'; {hint}")
    return [e for e in among if not wanted or set(_groups(e.name)) & set(wanted)]


def _groups(name: str) -> list[str]:
    """A name and its beginnings: ``image``, ``image/natural``, ``image/natural/gaussian``."""
    words = name.split("/")
    return ["/".join(words[: i + 1]) for i in range(len(words))]


def declared(problem: str, **flags: Any) -> Problem:
    """A bundled problem with values for its flags."""
    from ...problem import load as loading

    return loading.build(loading.load(loading.find(problem)), flags)


def solved(
    form: Form,
    problem: Problem | str,
    *,
    using: Sequence[Stage] | None = None,
    network: Literal["siren"] | None = None,
    samples_scale: float = 1.0,
    **flags: Any,
) -> Solution:
    """A problem, or a bundled one by name with its flags, solved on the form's device from its seed.

    The other words are those of ``solve``.
    """
    from ...run.solve import solve

    whole = declared(problem, **flags) if isinstance(problem, str) else problem
    return solve(
        whole,
        using,
        device=str(form.device),
        seed=form.seed,
        network=network,
        samples_scale=samples_scale,
    )


def trained(form: Form, problem: str, steps: int, **flags: Any) -> Solution:
    """A bundled problem by its own training, cut to so many steps."""
    from dataclasses import replace

    whole = declared(problem, **flags)
    given: Any = whole.using
    stages = [replace(stage, steps=steps) for stage in given]
    return solved(form, whole, using=stages)
