"""The cases of the accuracy benchmark, from ``accuracy_cases.toml``: problems, flags, budgets, published figures."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True)
class Published:
    """One figure: who reached which relative L2 error with what.

    ``kind`` is "primary" where the figure was read in the authors' own text or code, "secondary" where it was
    read in somebody else's table of it. ``seconds`` is None where no time is reported.
    """

    method: str
    error: float
    hardware: str
    network: str
    source: str
    kind: Literal["primary", "secondary"]
    seconds: float | None = None


@dataclass(frozen=True)
class Case:
    """One problem as the benchmark runs it.

    ``problem`` is a bundled problem's name or the path of a problem file, ``flags`` are its parameters; ``network``
    is "siren" for the trained one that the ladder sizes, and None for what the problem declares.
    ``budget`` is in seconds of the solver's clock for one seed, ``quick`` the same of the quick benchmark,
    which leaves a ``slow`` case out. ``classical`` names one of `classical.SOLVERS`. ``published`` is the best
    figure of a trained network; where there is none ``unpublished`` says why.
    """

    name: str
    problem: str
    definition: str
    flags: Mapping[str, Any] = field(default_factory=dict)
    network: Literal["siren"] | None = None
    budget: float = 600.0
    quick: float = 15.0
    slow: bool = False
    classical: str | None = None
    published: Published | None = None
    unpublished: str = "none is known"


def read_cases(file: Path, published: Mapping[str, Any] | None = None) -> tuple[Case, ...]:
    """The cases of a table in TOML; ``published`` is what all its published figures have in common."""
    entries = tomllib.loads(file.read_text(encoding="utf-8"))["case"]
    figures = [entry.pop("published", None) for entry in entries]
    known = [None if figure is None else Published(**{**(published or {}), **figure}) for figure in figures]
    return tuple(Case(**entry, published=figure) for entry, figure in zip(entries, known, strict=True))


CASES = read_cases(Path(__file__).with_suffix(".toml"))


class UnknownCase(ValueError):
    """A name that no case has."""


def chosen(names: Sequence[str], quick: bool, cases: Sequence[Case] = CASES) -> list[Case]:
    """The cases of these names, or of these problems; all of them where no name is given.

    The quick benchmark leaves the slow ones out, unless they are named. Raises UnknownCase.
    """
    known = {word for case in cases for word in (case.name, case.problem)}
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, sorted(known), n=2, cutoff=0.5)
            hint = f"did you mean {' or '.join(close)}?" if close else f"it has {', '.join(sorted(known))}."
            raise UnknownCase(f"The benchmark has no case '{name}'; {hint}")
    if names:
        return [case for case in cases if {case.name, case.problem} & set(names)]
    return [case for case in cases if not (quick and case.slow)]
