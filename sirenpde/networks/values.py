"""Recipes as plain values, for checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from .registry import is_known, kind_named


def recipe_to_value(recipe: object) -> dict[str, Any] | None:
    """A recipe's name and fields, as JSON could hold them; None for one of the user's own that is not known.

    One that differs from another in its start alone is held as that, which it names as ``held_as``.

    >>> from sirenpde import SineFeatures
    >>> recipe_to_value(SineFeatures(40, (3.0, 8.0)))
    {'name': 'SineFeatures', 'count': 40, 'bandwidth': [3.0, 8.0], 'interaction': None, 'around': [], 'singular': []}
    """
    recipe = getattr(recipe, "held_as", recipe)
    if not is_known(recipe):
        return None
    value: dict[str, Any] = {"name": type(recipe).__name__}
    for field in fields(recipe):  # type: ignore[arg-type]
        entry = getattr(recipe, field.name)
        if _is_plain(entry):
            value[field.name] = list(entry) if isinstance(entry, tuple) else entry
            continue
        recipes = [recipe_to_value(inner) for inner in (entry if isinstance(entry, tuple) else (entry,))]
        if None in recipes:
            return None
        value[field.name] = recipes if isinstance(entry, tuple) else recipes[0]
    return value


def recipe_from_value(value: Mapping[str, Any]) -> Any:
    """The recipe again. Raises KeyError, TypeError or ValueError where the value is none.

    >>> recipe_from_value({"name": "Siren", "width": 32, "depth": 2})
    Siren(width=32, depth=2, omega=30.0, omega_hidden=30.0, bias='torch', trainable_omega=False)
    """
    entries = {name: _entry(entry) for name, entry in value.items() if name != "name"}
    return kind_named(value["name"])(**entries)


def _is_plain(entry: object) -> bool:
    if isinstance(entry, tuple):
        return all(map(_is_plain, entry))
    return entry is None or isinstance(entry, str | int | float)


def _entry(entry: Any) -> Any:
    if isinstance(entry, Mapping):
        return recipe_from_value(entry)
    return tuple(map(_entry, entry)) if isinstance(entry, list) else entry
