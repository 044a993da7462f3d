"""From words of the command line, or a run directory, to a problem and how to solve it."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..problem import load as loading
from ..run.directory import Given, RunDirectory, RunError, Settings, memory_of_the_machine
from .terminal import aside

if TYPE_CHECKING:
    import torch

    from ..problem.problem import Problem
    from ..run.solution import Solution
    from ..solvers.ladder import Asked


@dataclass(frozen=True)
class Session:
    """A problem as declared, and what it was made from."""

    given: Given
    problem: Problem

    @property
    def recipe(self) -> Asked:
        """The network asked for."""
        name = self.given.settings.network
        return None if name is None else recipe(name)

    @property
    def dtype(self) -> torch.dtype | None:
        import torch

        name = self.given.settings.dtype
        return None if name is None else {"float32": torch.float32, "float64": torch.float64}[name]


def recipe(name: str) -> Asked:
    """A network by its name on the command line, with the package's own sizes; what the ladder sizes as it is."""
    if name == "auto":
        return "auto"
    if name == "siren":
        return "siren"
    from ..networks.registry import offered

    return offered()[name]


def declare(
    source: loading.Source, module: ModuleType, flags: Mapping[str, loading.Value], settings: Settings
) -> Session:
    """Build a problem from its file, already loaded."""
    given = Given(source.name, str(source.path), source.text, str(Path.cwd()), dict(flags), settings)
    with aside():
        return _affordable(Session(given, loading.build(module, flags)))


def reopen(run: RunDirectory) -> Session:
    """The problem of a run directory, from the source text kept there.

    Files that its flags name are looked for from where the run was started.
    """
    given = run.read_given()
    path = Path(given.path)
    if not path.exists():
        sources = (loading.Source(entry.path.resolve(), "") for entry in loading.bundled_problems())
        path = next((source.path for source in sources if source.name == given.problem), path)
    with aside():
        module = loading.load(loading.Source(path, given.source))
    known = {option.name: option for option in loading.options(module)}
    try:
        flags = {name: known[name].value(value) for name, value in given.flags.items()}
    except (KeyError, ValueError, TypeError) as error:
        raise RunError(
            f"The flags in {run.path / 'run.json'} are not those of its problem ({error}); the file was edited or "
            f"damaged. Restore it from a copy, or solve the problem again into another directory."
        ) from error
    there = contextlib.chdir(given.folder) if Path(given.folder).is_dir() else contextlib.nullcontext()
    with there, aside():
        return _affordable(Session(given, loading.build(module, flags)))


def _affordable(session: Session) -> Session:
    """Raise ValueError where the coordinates of the samples alone are more than the machine's memory."""
    scale, needed = session.given.settings.samples_scale, 0.0
    for constraint in session.problem.constraints:
        most = math.inf if constraint.domain.size is None else constraint.domain.size
        needed += 2 * 8 * len(constraint.domain.axes) * min(constraint.count * scale, most)
    there = memory_of_the_machine()
    if needed > there:
        raise ValueError(
            f"The samples of {session.given.problem} need {needed / 2**30:.3g} GiB for their coordinates alone, and "
            f"this machine has {there / 2**30:.3g} GiB. Lower --samples-scale, or samples= in the problem file."
        )
    return session


def stored(session: Session, state: Mapping[str, Any]) -> Solution:
    """The solution at a checkpoint, with nothing computed."""
    from ..run.solve import recall

    return recall(session.problem, state, network=session.recipe, steps=session.given.settings.steps)
