"""Values as VTK's arrays: scalars, vectors of three components, tensors of six or nine, each component named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np

from ...geometry.point import Axis
from ..about import About
from ..components import component_names, parts_of
from ..sampled import Array, Carrier, kinds_of, pieces_of

_SYMMETRIC = ("XX", "YY", "ZZ", "XY", "YZ", "XZ")
_FULL = tuple(a + b for a in "XYZ" for b in "XYZ")
_ROUNDING = 1e-9  # by how much of its largest entry a matrix may miss its transpose
_FILLER = "-"  # the name of a component that is there to make three

Result = TypeVar("Result")


@dataclass(frozen=True)
class VtkArray:
    """A point array of a file: the function it shows, and how its rows are read off a piece of the values."""

    name: str
    function: str
    components: tuple[str, ...]  # none for a scalar
    dtype: np.dtype[np.generic]
    role: str  # Vectors, Tensors, or neither
    rows: Callable[[Array], Array]  # (n, *shape) -> (n,) or (n, number of components)

    @property
    def inner(self) -> tuple[int, ...]:
        """The shape of the values at one point."""
        return (len(self.components),) if self.components else ()


class _Layout(NamedTuple):
    components: tuple[str, ...]
    role: str
    rows: Callable[[Array], Array]


class _Asymmetric(Exception):
    """A matrix that was taken for symmetric is not so at some point."""


def with_arrays(
    carrier: Carrier,
    axes: Sequence[Axis],
    about: About,
    write: Callable[[list[VtkArray]], Result],
    *,
    symmetric: bool = True,
) -> Result:
    """Write with the carrier's arrays; a matrix that is symmetric everywhere has six components, another nine.

    Whether it is, its first points say; where a later one disagrees, everything is written anew with nine. A format
    without symmetric tensors has nine anyhow.
    """
    full = set[str]() if symmetric else set(kinds_of(carrier))
    while True:
        try:
            return write(_arrays(carrier, axes, about, full))
        except _Asymmetric as found:
            full.add(str(found))


def _arrays(carrier: Carrier, axes: Sequence[Axis], about: About, full: set[str]) -> list[VtkArray]:
    arrays = []
    for name, (shape, dtype) in kinds_of(carrier).items():
        names = component_names(shape, axes, about.components.get(name))
        space = sum(not axis.is_time for axis in axes)
        if shape in ((2, 2), (3, 3)) and shape[0] == space:
            symmetric = name not in full and _looks_symmetric(next(pieces_of(carrier, name)))
            layout = (
                _Layout(_SYMMETRIC, "Tensors", _six(name)) if symmetric else _Layout(_FULL, "Tensors", _nine)
            )
        elif shape in ((1,), (2,), (3,)) and shape[0] == space:
            layout = _Layout(_three_names(names), "Vectors", _three)
        else:
            layout = _Layout(tuple(names), "", _flat) if len(names) > 1 else _Layout((), "", _single)
        kept = np.dtype(np.float32 if dtype in (np.float32, np.complex64) else np.float64)
        for part in parts_of(name, dtype):
            rows = _after(part.of, layout.rows, kept)
            arrays.append(VtkArray(part.name, name, layout.components, kept, layout.role, rows))
    return arrays


def active(arrays: Sequence[VtkArray]) -> Mapping[str, str]:
    """What a viewer shows before anybody chooses: the first vector, the first tensor, as scalars the first of all."""
    roles = {array.role: array.name for array in reversed(arrays) if array.role}
    return {**roles, "Scalars": arrays[0].name} if arrays else {}


def together(
    carrier: Carrier, arrays: Sequence[VtkArray]
) -> Iterator[tuple[list[VtkArray], Iterator[list[Array]]]]:
    """The arrays of one function after another with pieces of their rows, so that it is evaluated once."""
    for name in dict.fromkeys(array.function for array in arrays):
        some = [array for array in arrays if array.function == name]
        yield some, ([array.rows(piece) for array in some] for piece in pieces_of(carrier, name))


def _after(
    part: Callable[[Array], Array], rows: Callable[[Array], Array], dtype: np.dtype[np.generic]
) -> Callable[[Array], Array]:
    return lambda values: np.ascontiguousarray(rows(part(values)), dtype=dtype)


def _single(values: Array) -> Array:
    return values.reshape(len(values))


def _flat(values: Array) -> Array:
    return values.reshape(len(values), -1)


def _three(values: Array) -> Array:
    return np.pad(values, ((0, 0), (0, 3 - values.shape[1])))


def _three_names(names: Sequence[str]) -> tuple[str, ...]:
    spare = [c for c in "xyz" if c not in names] if set(names) <= set("xyz") else [_FILLER]
    return (*names, *spare[: 3 - len(names)])


def _nine(values: Array) -> Array:
    k = 3 - values.shape[1]
    return np.pad(values, ((0, 0), (0, k), (0, k))).reshape(-1, 9)


def _six(name: str) -> Callable[[Array], Array]:
    def rows(values: Array) -> Array:
        if not _looks_symmetric(values):
            raise _Asymmetric(name)
        full = _nine((values + values.swapaxes(1, 2)) / 2)
        return full[:, [0, 4, 8, 1, 5, 2]]

    return rows


def _looks_symmetric(values: Array) -> bool:
    with np.errstate(invalid="ignore"):
        missed = np.abs(values - values.swapaxes(1, 2))
        size = np.abs(values)
    known = np.isfinite(missed)
    return not known.any() or bool(missed[known].max() <= _ROUNDING * size[np.isfinite(size)].max())
