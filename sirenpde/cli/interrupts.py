"""Ctrl-C and SIGTERM: obeyed at once, and while a problem is solved after the step at hand."""

from __future__ import annotations

import signal
import time
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# Seconds in which a second signal is the same wish: a key that bounces, a shell that repeats it.
_ONE_PRESS = 1.0


class Interrupts:
    """What the signals of this process have asked for so far.

    A first one raises KeyboardInterrupt where it arrives; within ``between_steps`` it is only noted, so that a
    checkpoint is exact to the bit. A later one raises in any case, but not within ``undisturbed``, at the end of
    which it does.
    """

    def __init__(self) -> None:
        self.asked: float | None = None  # when, by the monotonic clock
        self._noted: Callable[[], None] | None = None
        self._shielded = self._waiting = False

    def check(self) -> None:
        """Raise KeyboardInterrupt if it was asked for: some code swallows the one that was raised in it."""
        if self.asked is not None:
            raise KeyboardInterrupt

    @contextmanager
    def between_steps(self, noted: Callable[[], None]) -> Iterator[None]:
        """Leave the first signal to ``check``; ``noted`` says so to the user."""
        self.check()
        self._noted = noted
        try:
            yield
        finally:
            self._noted = None

    def hold(self) -> None:
        """Hold signals back until the next block that is ``undisturbed`` is over."""
        self._shielded = True

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Hold a signal back until the block is over, such as a checkpoint being written."""
        self._shielded = True
        try:
            yield
        finally:
            self._shielded = False
        if self._waiting:
            self._waiting = False
            raise KeyboardInterrupt

    def _handle(self, number: int, frame: types.FrameType | None) -> None:
        first, now = self.asked is None, time.monotonic()
        if self.asked is not None and now - self.asked < _ONE_PRESS:
            return
        self.asked = self.asked or now
        if first and self._noted is not None:
            self._noted()
        elif self._shielded:
            self._waiting = True
        else:
            raise KeyboardInterrupt


@contextmanager
def interrupts() -> Iterator[Interrupts]:
    """Handle the signals while a command runs; outside the main thread, where none arrive, there is nothing to do."""
    keys = Interrupts()
    try:
        before = {number: signal.signal(number, keys._handle) for number in _SIGNALS}
    except ValueError:
        yield keys
        return
    try:
        yield keys
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
