"""Words for figures and files: names of components, and units of values and axes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..calculus.operators import PointFunction
from ..geometry.point import Axis
from .constraint import name_of


@dataclass(frozen=True, eq=False)
class Labels:
    """What the components of fields and outputs are called, row by row; units of their values, and of axes by name.

    Units are words: nothing is converted.
    """

    components: Mapping[PointFunction, tuple[str, ...]] = field(default_factory=dict)
    units: Mapping[PointFunction, str] = field(default_factory=dict)
    axes: Mapping[str, str] = field(default_factory=dict)


def labels_of(
    components: Mapping[Any, Sequence[str]] | None,
    units: Mapping[Any, str] | None,
    shapes: Mapping[PointFunction, tuple[int, ...]],
    axes: Sequence[Axis],
) -> Labels:
    """The labels of the fields and outputs that have these shapes; TypeError, ValueError for what does not fit."""
    known = {axis.name for axis in axes}
    named = {f: _names(f, names, shapes) for f, names in _mapping("components", components).items()}
    of_values: dict[PointFunction, str] = {}
    of_axes: dict[str, str] = {}
    for key, unit in _mapping("units", units).items():
        if not isinstance(unit, str) or not unit.strip():
            raise TypeError(
                f"units gives {unit!r} for {_word(key)}; expected a unit as a word, such as 'm/s'. Leave out what "
                f"has none."
            )
        if isinstance(key, Axis) and key.name in known:
            of_axes[key.name] = unit
        elif not isinstance(key, Axis) and key in shapes:
            of_values[key] = unit
        else:
            raise ValueError(
                f"units names {_word(key)}, which is no axis, field or output of the problem. Use one of the axes "
                f"{', '.join(sorted(known))}, or of {', '.join(map(name_of, shapes))}, itself as the key."
            )
    return Labels(named, of_values, of_axes)


def _names(
    function: PointFunction, names: Sequence[str], shapes: Mapping[PointFunction, tuple[int, ...]]
) -> tuple[str, ...]:
    if function not in shapes:
        raise ValueError(
            f"components names {_word(function)}, which is no field or output of the problem. Use one of "
            f"{', '.join(map(name_of, shapes))} itself as the key."
        )
    given, shape = tuple(names), shapes[function]
    fit = not isinstance(names, str) and all(isinstance(name, str) and name.strip() for name in given)
    if not fit or len(set(given)) < len(given):
        raise TypeError(
            f"components gives {names!r} for {_word(function)}; expected different names. Write "
            f"components={{v: ('vx', 'vy')}}."
        )
    if len(given) != math.prod(shape) or not shape:
        raise ValueError(
            f"components gives {len(given)} names for {_word(function)}, whose shape is {shape}; expected "
            f"{math.prod(shape) if shape else 'none'}, one for each component, row by row. Add or leave out some."
        )
    return given


def _mapping(word: str, given: Any) -> Mapping[Any, Any]:
    if given is not None and not isinstance(given, Mapping):
        raise TypeError(
            f"Problem was given {word}={given!r:.60}, a {type(given).__name__}; expected a dictionary whose keys are "
            f"fields, outputs{' or axes' * (word == 'units')} themselves."
        )
    return given or {}


def _word(key: object) -> str:
    return f"the axis {key}" if isinstance(key, Axis) else name_of(key) if callable(key) else repr(key)
