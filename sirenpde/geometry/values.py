"""Shapes as plain values, for files."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from .box import Box


def domain_to_value(domain: object) -> dict[str, Any] | None:
    """A shape of this package by its module, name and fields, as JSON could hold them; None for any other domain.

    >>> from sirenpde import Disk, Interval
    >>> domain_to_value(Disk(radius=2))
    {'kind': 'plane.disk.Disk', 'center': [0.0, 0.0], 'radius': 2, 'names': ['x', 'y']}
    """
    if isinstance(domain, Box):
        ends = {axis.name: [axis.low, axis.high] for axis in domain.axes}
        return {"kind": "box", "axes": ends, "fixed": dict(domain.fixed)}
    module = type(domain).__module__
    if not module.startswith(f"{__package__}.") or not is_dataclass(domain):
        return None
    value: dict[str, Any] = {"kind": f"{module.removeprefix(f'{__package__}.')}.{type(domain).__name__}"}
    for field in fields(domain):
        content = getattr(domain, field.name)
        plain = _plain(content)
        if plain is None:
            return None
        value[field.name] = plain
    return value


def domain_from_value(value: Mapping[str, Any]) -> Any:
    """The shape again. Raises KeyError, TypeError, ValueError or AttributeError where the value is none.

    >>> domain_from_value({'kind': 'plane.disk.Disk', 'center': [0.0, 0.0], 'radius': 2, 'names': ['r', 'z']})
    Disk(center=(0.0, 0.0), radius=2, names=('r', 'z'))
    """
    kind, contents = value["kind"], {key: _content(v) for key, v in value.items() if key != "kind"}
    if kind == "box":
        return Box(**{name: tuple(ends) for name, ends in value["axes"].items()}).at(**value["fixed"])
    module, _, name = kind.rpartition(".")
    unknown = f"{kind!r} was given as the kind of a shape; expected a module and a class of it."
    if not all(part.isidentifier() for part in (*module.split("."), name)):
        raise ValueError(unknown)
    try:
        home = importlib.import_module(f"{__package__}.{module}")
    except ModuleNotFoundError:
        raise ValueError(unknown) from None
    return getattr(home, name)(**contents)


def _plain(content: object) -> Any:
    """Numbers and names, tuples of these as lists, and shapes; None for anything else."""
    if isinstance(content, str | int | float):
        return content
    if isinstance(content, tuple):
        values = [_plain(entry) for entry in content]
        return None if None in values else values
    return domain_to_value(content)


def _content(value: Any) -> Any:
    if isinstance(value, Mapping):
        return domain_from_value(value) if "kind" in value else value
    return tuple(map(_content, value)) if isinstance(value, list) else value
