"""What a verb of the command line is, and the register of all there are."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .interrupts import Interrupts
from .parser import Parser

if TYPE_CHECKING:
    from .session import Session


@dataclass(frozen=True)
class Call:
    """One call of a verb: all words, the flags read from them, and the problem for a verb that takes one."""

    words: Sequence[str]
    flags: argparse.Namespace
    keys: Interrupts
    problem: Session | None = None

    @property
    def session(self) -> Session:
        assert self.problem is not None, "verbs that take a PROBLEM have a session"
        return self.problem


@dataclass(frozen=True)
class Verb:
    """A word that makes a command.

    ``help`` is its line in the help of all. ``takes`` is what stands after it. ``add_flags`` adds what it understands
    beside. ``run`` does it and returns the exit code. ``rank`` is its place in the help of all, from looking at
    problems over solving to what is done with results. ``codes`` says that its exit codes are worth telling.
    """

    name: str
    help: str
    run: Callable[[Call], int]
    takes: Literal["PROBLEM", "DIR", None] = None
    add_flags: Callable[[Parser], None] = lambda _: None
    rank: int = 100
    codes: bool = False


_VERBS: dict[str, Verb] = {}


def register(verb: Verb) -> None:
    """Add a verb to the command line.

    Raises ValueError where there is one of the name.

    >>> from sirenpde.cli.verb import Verb, register
    >>> register(Verb("list", "again", run=lambda call: 0))
    Traceback (most recent call last):
    ...
    ValueError: There is a verb 'list' already; expected a new name. Choose another.
    """
    if verb.name in verbs():
        raise ValueError(f"There is a verb '{verb.name}' already; expected a new name. Choose another.")
    _VERBS[verb.name] = verb


def verbs() -> Mapping[str, Verb]:
    """All verbs in the order of the help: those of the files in ``cli/verbs/``, and what else was registered."""
    return dict(sorted(_VERBS.items(), key=lambda item: (item[1].rank, item[0])))
