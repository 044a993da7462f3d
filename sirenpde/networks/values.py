"""Recipes as plain values, for checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from .registry import is_known, kind_named


def to_value(recipe: object) -> dict[str, Any] | None:
    """A recipe's name and fields, as JSON could hold them; None for one of the user's own that is not known.

    >>> from sirenpde import SineFeatures
    >>> to_value(SineFeatures(40, (3.0, 8.0)))
    {'name': 'SineFeatures', 'count': 40, 'bandwidth': [3.0, 8.0], 'interaction': None}
    """
    if not is_known(recipe):
        return None
    value: dict[str, Any] = {"name": type(recipe).__name__}
    for field in fields(recipe):  # type: ignore[arg-type]
        part = getattr(recipe, field.name)
        if _is_plain(part):
            value[field.name] = list(part) if isinstance(part, tuple) else part
            continue
        several = [to_value(own) for own in (part if isinstance(part, tuple) else (part,))]
        if None in several:
            return None
        value[field.name] = several if isinstance(part, tuple) else several[0]
    return value


def from_value(value: Mapping[str, Any]) -> Any:
    """The recipe again. Raises KeyError, TypeError or ValueError where the value is none.

    >>> from_value({"name": "Siren", "width": 32, "depth": 2})
    Siren(width=32, depth=2, omega=30.0, omega_hidden=30.0, bias='torch', trainable_omega=False)
    """
    parts = {name: _part(part) for name, part in value.items() if name != "name"}
    return kind_named(value["name"])(**parts)


def _is_plain(part: object) -> bool:
    if isinstance(part, tuple):
        return all(map(_is_plain, part))
    return part is None or isinstance(part, str | int | float)


def _part(part: Any) -> Any:
    if isinstance(part, Mapping):
        return from_value(part)
    return tuple(map(_part, part)) if isinstance(part, list) else part
