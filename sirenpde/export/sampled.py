"""Values of functions at many points, computed when a writer asks for them: whole, or piece by piece."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Function = Callable[[Array], Array]  # points (N, d) -> values (N, *shape)
Blocks = Callable[[], Iterable[Array]]  # the points (n, d) of a carrier, some at a time and in order

CHUNK = 1 << 16


class Sampled(Mapping[str, Array]):
    """Functions of a point at the points of a carrier: a mapping from names to values of its shape.

    ``sampled[name]`` evaluates a function everywhere and keeps nothing; ``pieces(name)`` gives its values in the
    order of the points, flat and some at a time, so that a file larger than memory can be written.

    >>> import numpy as np
    >>> halves = lambda: iter([np.arange(4.0)[:2, None], np.arange(4.0)[2:, None]])
    >>> sampled = Sampled({"u": lambda p: p[:, 0] ** 2}, (2, 2), halves)
    >>> sampled["u"].tolist(), [piece.tolist() for piece in sampled.pieces("u")]
    ([[0.0, 1.0], [4.0, 9.0]], [[0.0, 1.0], [4.0, 9.0]])
    """

    def __init__(self, functions: Mapping[str, Function], shape: tuple[int, ...], blocks: Blocks) -> None:
        self.functions, self.shape, self._blocks = dict(functions), shape, blocks

    def __getitem__(self, name: str) -> Array:
        values = np.concatenate(list(self.pieces(name)))
        return values.reshape(self.shape + values.shape[1:])

    def __iter__(self) -> Iterator[str]:
        return iter(self.functions)

    def __len__(self) -> int:
        return len(self.functions)

    def __contains__(self, name: object) -> bool:  # asking for a name computes nothing
        return name in self.functions

    def pieces(self, name: str) -> Iterator[Array]:
        """The values (n, *shape) at one block of points after another."""
        function = self.functions[name]
        return (np.asarray(function(points)) for points in self._blocks())

    @cached_property
    def kinds(self) -> dict[str, tuple[tuple[int, ...], np.dtype[Any]]]:
        """The shape and dtype of each function's values at one point, found at the first."""
        first = next(iter(self._blocks()))[:1]
        probed = {name: np.asarray(function(first)) for name, function in self.functions.items()}
        return {name: (value.shape[1:], value.dtype) for name, value in probed.items()}


class Carrier(Protocol):
    """A grid or mesh with values, each of its shape and then the field's."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def values(self) -> Mapping[str, Array]: ...


def pieces_of(carrier: Carrier, name: str) -> Iterator[Array]:
    """The values of one name in the order of the carrier's points, flat, some at a time, however they are held."""
    if isinstance(carrier.values, Sampled):
        return carrier.values.pieces(name)
    held = np.asarray(carrier.values[name])
    flat = held.reshape(math.prod(carrier.shape), *held.shape[len(carrier.shape) :])
    return (flat[i : i + CHUNK] for i in range(0, len(flat), CHUNK))


def kinds_of(carrier: Carrier) -> dict[str, tuple[tuple[int, ...], np.dtype[Any]]]:
    """The shape and dtype of the values at one point, by name, without evaluating them everywhere."""
    if isinstance(carrier.values, Sampled):
        return carrier.values.kinds
    held = {name: np.asarray(values) for name, values in carrier.values.items()}
    return {name: (values.shape[len(carrier.shape) :], values.dtype) for name, values in held.items()}
