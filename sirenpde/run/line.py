"""How far a run has got: one line on a terminal, written over again; elsewhere lines that stay."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TextIO

from .summary import duration

if TYPE_CHECKING:
    from .progress import Progress

_REDRAWN, _LOGGED = 1.0, 10.0  # seconds after which a line comes even if no step ends
_QUICKEST = 0.2  # seconds between two lines on a terminal


class ProgressLine:
    """On a terminal one line; where the output goes elsewhere, a line every ten seconds and at every event.

    ``quiet`` says nothing at all. ``budget`` is what the whole run may take in seconds, for the time left.
    """

    def __init__(self, quiet: bool, budget: float | None = None, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.on = not quiet and self.stream is not None  # it is None where it was closed before
        self.live = self.on and self.stream.isatty()
        self.budget, self.started = budget, time.monotonic()
        self.head = ""
        self.parts: list[str] = []  # of the line, the most important first
        self.reached: list[str] = []  # of the stage
        self.stage: str | None = None
        self.first = (0, 0.0)  # step and seconds of the stage's first report
        self.drawn, self.last = 0, 0.0  # width on the screen, and when
        self.lock = threading.RLock()  # a signal's handler writes too
        self.over = threading.Event()
        if self.on:
            threading.Thread(target=self._tick, daemon=True).start()

    def __call__(self, progress: Progress) -> None:
        if not self.on:
            return
        with self.lock:
            stage = f"[{progress.stage_index + 1}/{progress.stage_count}] {progress.stage}"
            if stage != self.stage:
                self._end_stage()
                self.stage, self.first = stage, (progress.step, progress.seconds)
                self._event(f"{stage} begins")
            left = self._left(progress)
            self.reached = self._numbers(progress)
            self.parts = [stage, *self.reached[:1], *left, *self.reached[1:]]
            self._draw()

    def write(self, text: str) -> None:
        """A few words in place of the steps, which the next step brings back."""
        if self.on:
            with self.lock:
                self._end_stage()
                self.parts, self.last = [text], 0.0
                self._draw()

    def note(self, text: str) -> None:
        """An event of its own, said at once."""
        with self.lock:
            self.parts, self.last = [text], 0.0
            self._event(text)
            self._draw()

    def say(self, text: str) -> None:
        """A line that stays: above the one that is written over, or before the first event."""
        with self.lock:
            self.head = text + "\n"
            if self.live:
                self._clear()
                self._log("")

    def close(self) -> None:
        with self.lock:
            if self.on:
                self._end_stage()
                self._clear()
            self.on = False
            self.over.set()

    def _numbers(self, progress: Progress) -> list[str]:
        """Step, what decides, what is sought, and the rest."""
        numbers = [f"step {progress.step}/{progress.steps}"]
        numbers += [] if progress.held_out is None else [f"held out {progress.held_out:.1e}"]
        numbers += [f"{name} {value:.5g}" for name, value in progress.unknowns.items()]
        if progress.psnr is not None:
            numbers.append(f"PSNR {progress.psnr:.1f} dB")
        numbers.append(f"loss {progress.loss:.2e}")
        return numbers if progress.error is None else [*numbers, f"error {progress.error:.1e}"]

    def _left(self, progress: Progress) -> list[str]:
        """Seconds until the stage's last step at the pace so far, or until the budget is spent."""
        (step, seconds), ends = self.first, []
        if progress.step > step:
            pace = (progress.seconds - seconds) / (progress.step - step)
            ends.append(pace * (progress.steps - progress.step))
        if self.budget is not None:
            ends.append(self.budget - progress.seconds)
        return [f"{duration(max(0.0, min(ends)))} left"] if ends else []

    # ----------------------------------------------------------------------------------------- drawing

    def _tick(self) -> None:
        while not self.over.wait(_REDRAWN if self.live else _LOGGED):
            with self.lock:
                self.last = 0.0
                if self.live:
                    self._draw()
                elif self.parts:
                    self._log(self._line() + "\n")

    def _draw(self) -> None:
        now = time.monotonic()
        if not self.live or not self.on or not self.parts or now - self.last < _QUICKEST:
            return
        text = _fitted(self._line(), self._width() - 1)
        self._print("\r" + text.ljust(self.drawn))
        self.drawn, self.last = len(text), now

    def _line(self) -> str:
        stage, *numbers = self.parts
        return "  ".join([stage, duration(time.monotonic() - self.started), *numbers])

    def _clear(self) -> None:
        if self.live and self.drawn:
            self._print("\r" + " " * self.drawn + "\r")
        self.drawn = 0

    def _end_stage(self) -> None:
        if self.stage is not None:
            self._event(f"{self.stage} ends: {', '.join(self.reached)}")
        self.stage = None

    def _event(self, text: str) -> None:
        if not self.live:
            self._log(text + "\n")

    def _log(self, text: str) -> None:
        self._print(self.head + text)
        self.head = ""

    def _width(self) -> int:
        try:
            return os.get_terminal_size(self.stream.fileno()).columns or 80
        except (OSError, AttributeError, ValueError):
            return 80

    def _print(self, text: str) -> None:
        if not self.on:
            return
        # A closed pipe, or a signal in the midst of another line.
        with contextlib.suppress(OSError, RuntimeError):
            self.stream.write(text)
            self.stream.flush()


@contextlib.contextmanager
def watching(
    progress: Callable[[Progress], None] | bool | None, budget: float | None
) -> Iterator[Callable[[Progress], None] | None]:
    """What is told of every step: a function as it is, a line on standard error for True, nothing for False."""
    if not isinstance(progress, bool):
        yield progress
        return
    line = ProgressLine(quiet=not progress, budget=budget)
    try:
        yield line if progress else None
    finally:
        line.close()


def _fitted(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(0, width - 1)].rstrip() + "…"
