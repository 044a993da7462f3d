"""The real columns that values of any shape make, and what each is called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..geometry.point import Axis
from .sampled import Array


@dataclass(frozen=True)
class Part:
    """A real array made of a function's values: its name, how it is read off values (n, *shape), its components.

    Of a complex function there are three, ``_real``, ``_imag`` and ``_abs``.
    """

    name: str
    of: Callable[[Array], Array]  # (n, *shape) -> (n, *shape), real


def parts_of(name: str, dtype: np.dtype[np.generic]) -> list[Part]:
    """The real arrays of a function whose values have this dtype.

    >>> [part.name for part in parts_of("u", np.dtype(complex))]
    ['u_real', 'u_imag', 'u_abs']
    """
    if dtype.kind != "c":
        return [Part(name, np.asarray)]
    return [
        Part(f"{name}_real", lambda values: values.real),
        Part(f"{name}_imag", lambda values: values.imag),
        Part(f"{name}_abs", np.abs),
    ]


def component_names(
    shape: tuple[int, ...], axes: Sequence[Axis], given: Sequence[str] | None = None
) -> list[str]:
    """Names of the components of values of a shape, in their order; none for a scalar.

    Those that are given, else the axes' where there is one for each (time last, as gradients have it), else
    numbers.

    >>> from sirenpde import Box
    >>> axes = Box(t=(0, 1), x=(0, 1), y=(0, 1)).axes
    >>> component_names((2,), axes), component_names((3,), axes), component_names((2, 2), axes)
    (['x', 'y'], ['x', 'y', 't'], ['xx', 'xy', 'yx', 'yy'])
    >>> component_names((5,), axes)
    ['0', '1', '2', '3', '4']
    """
    if not shape:
        return []
    count = int(np.prod(shape))
    if given is not None and len(given) == count:
        return list(given)
    space = [axis.name for axis in axes if not axis.is_time]
    everywhere = space + [axis.name for axis in axes if axis.is_time]
    labels = [next((known for known in (space, everywhere) if len(known) == n), None) for n in shape]
    separator = "" if max(map(len, everywhere), default=1) == 1 else "_"
    if all(label is not None for label in labels):
        chosen = [label or [] for label in labels]
        return [separator.join(chosen[d][i] for d, i in enumerate(index)) for index in np.ndindex(*shape)]
    return ["_".join(map(str, index)) for index in np.ndindex(*shape)]


def flat_names(name: str, components: Sequence[str]) -> list[str]:
    """The names of a function's columns in a table: ``u``, or ``u_x``, ``u_y``."""
    return [f"{name}_{component}" for component in components] or [name]
