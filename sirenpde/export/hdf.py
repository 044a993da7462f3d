"""Arrays in HDF5 files, packed, and filled some rows at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .sampled import Array

_CHUNK = 1 << 16  # numbers that are packed together


def dataset(group: Any, name: str, shape: tuple[int, ...], dtype: Any) -> Any:
    """An empty array, to be packed in chunks of whole rows."""
    chunk, left = list[int](), _CHUNK
    for n in reversed(shape):
        chunk.append(max(1, min(n, left)))
        left //= chunk[-1]
    packed: dict[str, Any] = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
    return group.create_dataset(name, shape, np.dtype(dtype), chunks=tuple(reversed(chunk)), **packed)


def fill(array: Any, pieces: Iterable[Array]) -> None:
    """Rows one after another, from the first on."""
    fill_together([array], ([piece] for piece in pieces))


def fill_together(arrays: Sequence[Any], rows: Iterable[Sequence[Array]], start: int = 0) -> None:
    """Rows of several arrays that come together, from a row on."""
    done = start
    for pieces in rows:
        for array, piece in zip(arrays, pieces, strict=True):
            array[done : done + len(piece)] = piece
        done += len(pieces[0])
