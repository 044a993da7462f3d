"""What a run tells of itself on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..solvers.stage import Report
from .checkpoint import snapshot
from .errors import errors_of
from .run import Run


@dataclass(frozen=True)
class Progress:
    """Where a run stands after one advance of a stage."""

    stage: str
    stage_index: int
    stage_count: int
    step: int
    steps: int
    loss: float
    terms: Mapping[str, float]
    seconds: float
    error: float | None  # the worst relative L2 error against the references, measured now and then
    held_out: float | None  # the relative held-out residual of the best fields, measured with it
    unknowns: Mapping[str, float]  # the unknown numbers
    psnr: float | None  # in decibels, the least against references with a peak, measured with them
    snapshot: Callable[[], dict[str, Any]]


class Meter:
    """The true error and the held-out residual on the way, so rarely that it takes a few percent of the time."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.error: float | None = None
        self.psnr: float | None = None
        self.residual: float | None = None
        self.next = time.monotonic() + 2.0

    def read(self) -> None:
        """Measure again if it is time."""
        started = time.monotonic()
        if started < self.next:
            return
        best = self.run.shown()
        self.residual = best.residual
        errors = errors_of(self.run.problem, best.system, best.theta, self.run.state.seed)
        self.error = max((float(each["relative_l2"]) for each in errors.values()), default=None)
        self.psnr = min(
            (float(each["psnr_db"]) for each in errors.values() if "psnr_db" in each), default=None
        )
        now = time.monotonic()
        self.next = now + max(2.0, 30 * (now - started))

    def progress(self, report: Report) -> Progress:
        """Where the run stands after this report."""
        self.read()
        run = self.run
        stage, layout = run.at_work, run.state.system.parameters
        numbers = zip(layout.unknowns, layout.numbers(run.state.theta), strict=True)
        return Progress(
            stage=stage.name,
            stage_index=run.number,
            stage_count=sum(len(rung.stages) for rung in run.choice.rungs),
            step=run.state.step,
            steps=stage.steps,
            loss=report.loss,
            terms=run.terms(report),
            seconds=run.seconds,
            error=self.error,
            psnr=self.psnr,
            held_out=self.residual,
            unknowns={unknown.name: float(value) for unknown, value in numbers},
            snapshot=partial(snapshot, run),
        )
