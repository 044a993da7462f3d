"""The account of a run: how it ended, its stages, and its history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["solved", "rough", "budget", "interrupted", "not finite"]


@dataclass(frozen=True)
class Record:
    """One stage of a run, over."""

    name: str
    steps: int
    seconds: float
    loss: float
    reason: str
    residuals: int | None = None  # that it made small, where these were not those of the declared samples
    difference: float | None = None  # of its last two resolutions, relative to the fields


@dataclass(frozen=True)
class Row:
    """One line of a run's history."""

    stage: str
    step: int
    seconds: float
    loss: float
    terms: dict[str, float]
