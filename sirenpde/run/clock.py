"""The time of a run, and the share of its budget that a rung may use."""

from __future__ import annotations

import math
import time

from .run import Run

# Relative residual of fields that leave half of the equations, or more: another rung can only do better.
HALF = 0.5
# Of the time left, for a rung that is not the last.
SHARE = 0.5


class Clock:
    """The seconds of a run, those before a checkpoint included, and the share of its budget that a rung may use.

    While another rung follows, a rung may use half of what is left, so that the plan is made before; all of it where
    its fields are so good that no other would be tried.
    """

    def __init__(self, run: Run, budget: float | None) -> None:
        self.run, self.budget = run, budget
        self.started = time.monotonic() - run.seconds
        self.longest = 0.0  # advance of this call

    def tick(self) -> None:
        seconds = time.monotonic() - self.started
        self.longest, self.run.seconds = max(self.longest, seconds - self.run.seconds), seconds

    @property
    def is_over(self) -> bool:
        """Whether there is no time for another rung: what is left may be less than its first step takes.

        Where the best fields leave more than half of the equations, any time is worth a try.
        """
        best = self.run.best
        step = 0.0 if best is None or best.residual > HALF else self.longest
        return self.budget is not None and self.run.seconds + step >= self.budget

    def share(self) -> None:
        """Set the deadline of the rung that begins or goes on now."""
        self.run.state.deadline = math.inf
        if self.budget is not None:
            self.tick()
            left = self.budget - self.run.seconds
            share = left if self.run.in_last_rung else SHARE * left
            self.run.state.deadline = time.monotonic() + share

    def extend(self) -> None:
        """Leave all the time there is to the rung at work."""
        if self.budget is not None:
            self.run.state.deadline = self.started + self.budget
