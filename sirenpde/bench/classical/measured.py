"""What every classical solver reports, and how it is measured."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Classical:
    """What a classical solver reached: its relative L2 error and its processor seconds."""

    method: str
    error: float
    cpu_s: float


def relative(approximate: Array, exact: Array) -> float:
    return float(np.linalg.norm(approximate - exact) / np.linalg.norm(exact))


def timed(solve: Callable[[], Array]) -> tuple[Array, float]:
    """Values and processor seconds; of a second run where the first is short, and may have loaded code."""
    for last in (False, True):
        start = time.process_time()
        values = solve()
        seconds = time.process_time() - start
        if last or seconds > 1:
            break
    return values, seconds
