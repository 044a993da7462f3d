"""Equations solved by one factor again and again: each correction is taken with what the last ones taught."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor


@dataclass(frozen=True)
class FixedPointPolicy:
    """When corrections are small enough, and when they come too slowly."""

    # Corrections before that are mixed in. Beyond three little is gained where the first few contract at all.
    memory: int = 4
    # Corrections at most.
    most: int = 40
    # Over so many corrections they have to fall by this much, or are too slow.
    window: int = 4
    fall: float = 0.2
    # A correction this small, relative to the solution, that hardly falls any more is rounding.
    rounding: float = 1e-9
    stall: float = 0.5


POLICY = FixedPointPolicy()


@dataclass(frozen=True)
class FixedPoint:
    """Where the corrections ended: ``sizes`` are theirs, relative to the solution."""

    x: Tensor
    sizes: tuple[float, ...]
    end: Literal["arrived", "slow", "late"]


def fixed_point(
    correction: Callable[[Tensor], Tensor],
    x: Tensor,
    arrived: float,
    deadline: float = math.inf,
    policy: FixedPointPolicy = POLICY,
) -> FixedPoint:
    """x with correction(x) = 0, by x + correction(x) from ``x`` on, mixed with earlier ones.

    For residuals r and a factor P of about their derivative the correction is - P⁻¹ r(x): a step costs one residual
    and one solve, no derivative and no basis. Of an evolution whose stiff part P inverts the k-th correction is about
    (L h)^k / k! for a slab of length h and a reaction of rate L, so that few are needed.

    Args:
        correction: of an x, as long as it.
        x: where to start.
        arrived: a correction so small, relative to x, is the last.
        deadline: of ``time.monotonic()``.

    Source: Anderson, Iterative procedures for nonlinear integral equations, 1965; Walker and Ni, Anderson
    acceleration for fixed-point iterations, 2011.

    >>> import torch
    >>> from sirenpde.linear.fixed_point import fixed_point
    >>> fixed_point(lambda x: torch.cos(x) - x, torch.ones(1).double(), 1e-12).x.round(decimals=6)
    tensor([0.7391], dtype=torch.float64)
    """
    steps: list[Tensor] = []  # changes of x + correction, beside those of the correction
    falls: list[Tensor] = []
    sizes: list[float] = []
    best = last = None
    while True:
        change = correction(x)
        size = float(torch.linalg.vector_norm(change)) / (float(torch.linalg.vector_norm(x + change)) or 1.0)
        sizes.append(size)
        if best is None or size < min(sizes[:-1]):
            best = x
        is_rounding = len(sizes) > 1 and policy.rounding > size > policy.stall * sizes[-2]
        if size <= arrived or is_rounding:
            return FixedPoint(x + change, tuple(sizes), "arrived")
        if not math.isfinite(size) or len(sizes) >= policy.most or _is_slow(sizes, policy):
            return FixedPoint(best, tuple(sizes), "slow")
        if time.monotonic() >= deadline:
            return FixedPoint(best, tuple(sizes), "late")
        if last is not None:
            steps = [*steps, x + change - last[0] - last[1]][-policy.memory :]
            falls = [*falls, change - last[1]][-policy.memory :]
        last = x, change
        x = x + change
        if falls:
            for share, step in zip(_shares(falls, change), steps, strict=True):
                x.sub_(step, alpha=share)


def _is_slow(sizes: list[float], policy: FixedPointPolicy) -> bool:
    return len(sizes) > policy.window and sizes[-1] > policy.fall * sizes[-1 - policy.window]


def _shares(falls: list[Tensor], change: Tensor) -> list[float]:
    """Of each of these, so that they sum to nearly the change."""
    products = torch.stack([torch.stack([a @ b for b in falls]) for a in falls])
    target = torch.stack([a @ change for a in falls])
    lengths = products.diagonal().sqrt().clamp(min=1e-300)
    scaled = products / lengths / lengths[:, None]
    found = torch.linalg.lstsq(scaled.cpu(), (target / lengths).cpu(), rcond=1e-12, driver="gelsd").solution
    return [float(share) for share in found / lengths.cpu()]
