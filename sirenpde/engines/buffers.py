"""Memory that an engine uses again for every chunk of points."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

import torch
from torch import Tensor

F = TypeVar("F")


class Take(Protocol):
    """Gives a buffer of a shape."""

    def __call__(self, *shape: int) -> Tensor: ...


def cache_sized(channels: int, width: int, itemsize: int = 4) -> int:
    """How many points make stacked channels of about 1 MB, a multiple of 32 from 128 to 2048.

    >>> cache_sized(4, 128)
    512
    """
    points = 2**20 / (channels * max(width, 1) * itemsize)
    return min(max(32 * math.floor(points / 32), 128), 2048)


class Frames(Generic[F]):
    """Buffers, laid out by ``build(n, take)`` once for each number of points n, all in the same memory."""

    def __init__(self, build: Callable[[int, Take], F]) -> None:
        self._build = build
        self._frames: dict[int, F] = {}
        self._storage = torch.empty(0)
        self._used = 0

    @property
    def size(self) -> int:
        """How many numbers the memory holds."""
        return self._storage.numel()

    def of(self, n: int, like: Tensor) -> F:
        """The frame for n points, with the dtype and device of ``like``."""
        if self._storage.dtype != like.dtype or self._storage.device != like.device:
            self._reserve(0, like)
        frame = self._frames.get(n)
        if frame is None:
            frame = self._lay_out(n)
            if self._used > self.size:
                self._reserve(self._used, like)
                frame = self._lay_out(n)
            if len(self._frames) == 8:  # sizes that keep changing
                self._frames.clear()
            self._frames[n] = frame
        return frame

    def _lay_out(self, n: int) -> F:
        self._used = 0
        with torch.inference_mode(False):  # or nobody outside that mode could write to the buffers
            return self._build(n, self._take)

    def _reserve(self, elements: int, like: Tensor) -> None:
        self._frames.clear()
        with torch.inference_mode(False):
            self._storage = torch.empty(elements, dtype=like.dtype, device=like.device)

    def _take(self, *shape: int) -> Tensor:
        start, stop = self._used, self._used + math.prod(shape)
        self._used = 16 * math.ceil(stop / 16)  # whole cache lines: others cost a third of the speed
        if self._used > self.size:  # only to learn how much is needed
            return self._storage.new_empty(shape)
        return self._storage[start:stop].view(shape)


class Turns:
    """Memory of the way back, which layers use one after the other: one's pull is made from the other's."""

    def __init__(self, take: Take, pull: int, scratch: int = 0, count: int = 0) -> None:
        """``pull`` numbers for the pull on a layer, and ``count`` times ``scratch`` to work in."""
        self._pulls = [take(pull) for _ in range(2)]
        self._scratch = [take(scratch) for _ in range(count)]

    def pull(self, depth: int, *shape: int) -> Tensor:
        return self._pulls[depth % 2][: math.prod(shape)].view(shape)

    def scratch(self, *shape: int) -> Iterator[Tensor]:
        return (room[: math.prod(shape)].view(shape) for room in self._scratch)
