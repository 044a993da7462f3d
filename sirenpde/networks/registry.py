"""The recipes that are known by name: in checkpoints, and on the command line."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import sys
from collections.abc import Mapping
from typing import Any, TypeVar

from .recipe import Recipe

Kind = TypeVar("Kind", bound=type[Any])

_kinds: dict[str, type[Any]] = {}
_offered: dict[str, Recipe] = {}


def known(kind: Kind) -> Kind:
    """A decorator: files hold recipes of this frozen dataclass by its name and fields, and give them back.

    Its fields are numbers, strings, recipes that are known as well, None, or tuples of these. Raises ValueError
    where a recipe of the package has the name.

    >>> from dataclasses import dataclass
    >>> @known
    ... @dataclass(frozen=True)
    ... class Plane:
    ...     slope: float = 1.0
    >>> kind_named("Plane")(slope=2.0)
    Plane(slope=2.0)
    """
    other = _kinds.get(kind.__name__, kind)
    if other.__module__ != kind.__module__ and other.__module__.startswith(f"{__package__}."):
        raise ValueError(
            f"{kind.__module__} declares a recipe '{kind.__name__}', and so does the package; names of recipes must "
            f"differ. Rename the class."
        )
    _kinds[kind.__name__] = kind
    return kind


def offer(name: str, recipe: Recipe) -> None:
    """Let the command line build ``recipe`` where it is given ``--network name``.

    A recipe of the package does so in a line of its own, the name written out: `names` reads it there.
    """
    _offered[name] = recipe


class UnknownKind(ValueError):
    """A file names a kind of recipe that nothing declares."""


def kind_named(name: str) -> type[Any]:
    """The class of recipes of that name. Raises ``UnknownKind`` where none is known."""
    _load()
    if name not in _kinds:
        raise UnknownKind(
            f"The file holds a network of the kind {name!r}; one of "
            f"{', '.join(sorted(_kinds))} was expected. First import the file that declares it, after @known."
        )
    return _kinds[name]


def is_known(recipe: object) -> bool:
    """Whether files can hold the recipe by name and fields."""
    _load()
    return _kinds.get(type(recipe).__name__) is type(recipe)


def offered() -> Mapping[str, Recipe]:
    """The recipes of the command line, by name.

    >>> offered()["mlp"].describe()
    'MLP 3 x 64, tanh'
    """
    _load()
    return dict(sorted(_offered.items()))


@functools.cache
def _load() -> None:
    """Imports every file of this folder and those in it, so that a new one need not be named anywhere else."""
    package = sys.modules[__package__]
    for module in pkgutil.walk_packages(package.__path__, f"{__package__}."):
        importlib.import_module(module.name)
