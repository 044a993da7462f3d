"""Arrays on their way into a file, kept outside memory where they are large."""

from __future__ import annotations

import itertools
import math
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from ..sampled import CHUNK, Array

_HELD = 1 << 23  # bytes of an array that stay in memory
_BLOCK = 1 << 18  # bytes that are compressed together
_LEVEL = 1  # of compression: higher ones take up to twice the time for the last hundredth


class Spool:
    """Bytes of one array, compressed block by block as VTK's XML files have them.

    ``add`` takes them in any pieces, ``end`` says how many bytes there are, ``pour`` writes them: the table of
    blocks, then the blocks.

    >>> import io, tempfile
    >>> target = io.BytesIO()
    >>> with spools(Path(tempfile.mkdtemp())) as new:
    ...     spool = new()
    ...     spool.add(np.arange(3.0))
    ...     size = spool.end()
    ...     spool.pour(target)
    >>> size == len(target.getvalue()), np.frombuffer(zlib.decompress(target.getvalue()[32:])).tolist()
    (True, [0.0, 1.0, 2.0])
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._rest, self._sizes, self._last = b"", list[int](), 0

    def add(self, values: Array) -> None:
        data = self._rest + values.tobytes()
        whole = len(data) - len(data) % _BLOCK
        for i in range(0, whole, _BLOCK):
            self._compress(data[i : i + _BLOCK])
        self._rest = data[whole:]

    def end(self) -> int:
        self._last = len(self._rest)
        if self._rest:
            self._compress(self._rest)
            self._rest = b""
        return 8 * (3 + len(self._sizes)) + sum(self._sizes)

    def pour(self, target: IO[bytes]) -> None:
        table = [len(self._sizes), _BLOCK if self._sizes else 0, self._last, *self._sizes]
        target.write(np.array(table, "<u8").tobytes())
        self._file.seek(0)
        shutil.copyfileobj(self._file, target)

    def _compress(self, block: bytes) -> None:
        self._sizes.append(self._file.write(zlib.compress(block, _LEVEL)))


@contextmanager
def spools(folder: Path) -> Iterator[Callable[[], Spool]]:
    """Makes spools, whose temporary files in the folder are gone at the end."""
    with ExitStack() as stack:
        yield lambda: Spool(stack.enter_context(tempfile.SpooledTemporaryFile(_HELD, dir=str(folder))))


def first_axis_fastest(pieces: Iterable[Array], shape: tuple[int, ...], folder: Path) -> Iterator[Array]:
    """Rows (n,) or (n, c) on a tensor grid whose last axis runs fastest, in the order in which the first one does.

    They come and go some at a time; a large array is turned round in a temporary file of the folder.

    >>> import tempfile
    >>> list(first_axis_fastest([np.arange(6)], (2, 3), Path(tempfile.mkdtemp())))
    [array([0, 3, 1, 4, 2, 5])]
    """
    rows = iter(pieces)
    first = next(rows)
    full = (math.prod(shape), *first.shape[1:])
    with tempfile.TemporaryFile(dir=folder) as file:
        size = math.prod(full) * first.itemsize
        held: Array = (
            np.empty(full, first.dtype) if size <= _HELD else np.memmap(file, first.dtype, "w+", shape=full)
        )
        done = 0
        for piece in itertools.chain([first], rows):
            held[done : done + len(piece)] = piece
            done += len(piece)
        cube = held.reshape(*shape, -1)
        width = max(1, CHUNK // math.prod(shape[:-1]))
        order = (*range(len(shape))[::-1], len(shape))
        for i in range(0, shape[-1], width):
            yield np.ascontiguousarray(cube[..., i : i + width, :].transpose(order)).reshape(-1, *full[1:])
