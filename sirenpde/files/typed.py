"""Dataclasses as the plain values that files hold, and back.

What a stage remembers from step to step is a dataclass of its own, and so is what its points remember. A checkpoint
holds their fields by name. A field that can be built again from the rest is ``transient()``: it is in no checkpoint.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import field, fields, is_dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor

Kind = TypeVar("Kind")


def transient(make: Callable[[], Any] | None = None) -> Any:
    """A field of a dataclass that no file holds: None, or what ``make`` gives, until it is built again.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Memory:
    ...     losses: list[float]
    ...     factor: object | None = transient()
    >>> plain(Memory([1.0], object()))
    {'losses': [1.0]}
    """
    factory = make or (lambda: None)
    return field(default_factory=factory, repr=False, compare=False, metadata={"transient": True})


def plain(value: Any) -> Any:
    """Copies: dataclasses as mappings of their fields, tensors on the CPU. Raises TypeError for what no file holds.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Memory:
    ...     step: torch.Tensor
    ...     counts: tuple[int, ...] = ()
    >>> plain({"inner": Memory(torch.ones(2), (1, 2))})
    {'inner': {'step': tensor([1., 1.]), 'counts': (1, 2)}}
    """
    if isinstance(value, Tensor):
        return value.detach().cpu().clone()
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in _lasting(type(value))}
    if isinstance(value, Mapping):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(plain(entry) for entry in value)
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise TypeError(
        f"A checkpoint was to hold a {type(value).__name__}; expected tensors, numbers, strings, and lists, tuples, "
        f"dictionaries and dataclasses of these. Declare what can be built again as transient()."
    )


def typed(kind: type[Kind], values: Mapping[str, Any], device: torch.device | None = None) -> Kind:
    """The dataclass that ``plain`` gave these values of, its tensors copied to the device.

    Raises TypeError or ValueError for values of another dataclass.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Memory:
    ...     losses: list[float]
    >>> typed(Memory, {"losses": [1.0]})
    Memory(losses=[1.0])
    """
    if not isinstance(values, Mapping) or set(values) != {f.name for f in _lasting(kind)}:
        raise ValueError(
            f"{kind.__qualname__} was given {sorted(values)}; expected {[f.name for f in _lasting(kind)]}"
        )
    hints = typing.get_type_hints(kind)
    return kind(**{name: _typed(hints[name], value, device) for name, value in values.items()})


def _lasting(kind: type) -> list[Any]:
    return [f for f in fields(kind) if not f.metadata.get("transient")]


def _typed(hint: Any, value: Any, device: torch.device | None) -> Any:
    """A value as its annotation says; where that names no dataclass, as it is."""
    if isinstance(value, Tensor):
        return value.to(device, copy=True)
    inner = typing.get_args(hint)
    if isinstance(value, Mapping):
        options = [option for option in (hint, *inner) if is_dataclass(option)]
        if options and isinstance(options[0], type) and typing.get_origin(hint) is not dict:
            return typed(options[0], value, device)
        entry = _entries(hint, dict)
        return {key: _typed(entry[-1], item, device) for key, item in value.items()}
    if isinstance(value, list | tuple):
        entry = _entries(hint, type(value))
        each = [entry[min(i, len(entry) - 1)] for i in range(len(value))]
        return type(value)(_typed(e, item, device) for e, item in zip(each, value, strict=True))
    return value


def _entries(hint: Any, container: type) -> tuple[Any, ...]:
    """The annotations of what a container holds, one or more; ``Any`` where there is none."""
    options = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    entries = [typing.get_args(option) for option in options if typing.get_origin(option) is container]
    return tuple(e for e in entries[0] if e is not Ellipsis) if entries and entries[0] else (Any,)
