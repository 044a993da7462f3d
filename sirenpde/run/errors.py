"""How far fields are from what is known of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..calculus.operators import PointFunction
from ..geometry.domain import Domain
from ..problem.constraint import name_of
from ..problem.problem import Problem
from ..problem.reference import Reference, exact_values
from ..residuals import System
from ..residuals.known import holds_until
from ..sampling.drawing import generator
from .fields import values

COMPARED = 7  # the draw number of the points of infinite domains


def errors_of(problem: Problem, system: System, theta: Tensor, seed: int) -> dict[str, dict[str, Any]]:
    """Per output with a reference: relative L2 and maximum error, and the same for each named domain."""
    return {
        name_of(u): _errors(problem, system, theta, seed, u, known) for u, known in problem.reference.items()
    }


def _errors(
    problem: Problem, system: System, theta: Tensor, seed: int, u: PointFunction, known: Reference
) -> dict[str, Any]:
    where = problem.compared_on(u)
    by_domain = {name: _compared(system, theta, seed, u, known, domain) for name, domain in where.items()}
    errors = _together(list(by_domain.values()), known)
    if len(by_domain) > 1:
        errors["on"] = {name: _together([comparison], known) for name, comparison in by_domain.items()}
    return errors


def _compared(
    system: System, theta: Tensor, seed: int, u: PointFunction, known: Reference, domain: Domain
) -> Comparison:
    """The fields and the reference side by side, where the reference makes a statement."""
    count = None if domain.size is not None else known.samples
    points, data = domain.draw(count, generator(seed, COMPARED))
    approximate = values(system, theta, [u], domain.axes, points, data)[0].cpu()
    exact = exact_values(known.value, domain.axes, points, data)
    exact = exact.to(approximate.dtype.to_complex() if exact.is_complex() else approximate.dtype)
    stated = exact.isfinite().reshape(len(exact), -1).all(1)
    end, names = holds_until(system), [axis.name for axis in domain.axes]
    if end is not None and end[0].name in names:
        stated &= points[:, names.index(end[0].name)] <= end[1]
    elif not stated.any():
        raise ValueError(
            f"The reference of {name_of(u)} makes no statement on '{domain.name}': it is not finite there."
        )
    return Comparison(_rows(approximate[stated]), _rows(exact[stated]), int(stated.sum()), len(points))


def _rows(values: Tensor) -> Tensor:
    return values.reshape(len(values), -1) if values.ndim > 1 else values[:, None]


@dataclass(frozen=True)
class Comparison:
    """Values found and exact ones, (n, components), at those of the points where the reference makes a statement."""

    approximate: Tensor
    exact: Tensor
    stated: int
    points: int


def _together(comparisons: Sequence[Comparison], known: Reference) -> dict[str, Any]:
    """The errors on all parts; how many points they rest on, where the reference says nothing at others."""
    errors: dict[str, Any] = measured(
        torch.cat([each.approximate for each in comparisons]),
        torch.cat([each.exact for each in comparisons]),
        known,
    )
    stated, points = sum(each.stated for each in comparisons), sum(each.points for each in comparisons)
    return errors if stated == points else {**errors, "points": stated, "of_points": points}


def measured(approximate: Tensor, exact: Tensor, known: Reference) -> dict[str, float]:
    """The errors of values (n,) or (n, components) as their reference asks for them; not numbers for none."""
    if not approximate.numel():
        return {"relative_l2": math.nan, "max": math.nan}
    approximate, exact = compared(approximate, exact, known)
    difference = (approximate - exact).abs()
    size = float(torch.linalg.vector_norm(exact))
    errors = {
        "relative_l2": float(torch.linalg.vector_norm(difference)) / (size or 1.0),
        "max": float(difference.max()),
    }
    if known.fit == "sign":
        either = int(((approximate < 0) | (exact < 0)).sum())
        errors["iou"] = int(((approximate < 0) & (exact < 0)).sum()) / either if either else 1.0
    if known.peak is not None:
        errors["psnr_db"] = decibels(float(difference.square().mean()), known.peak)
    return errors


def decibels(mean_square: float, peak: float = 1.0) -> float:
    """The peak signal-to-noise ratio of a mean squared error, in decibels: 10 log10(peak² / mean squared error).

    No more than 313 dB, an error of one rounding of the peak in float64, which a perfect fit has too.

    >>> decibels(1e-4, peak=10), round(decibels(0.0), 1)
    (60.0, 313.1)
    """
    rounding = torch.finfo(torch.float64).eps
    return -10 * math.log10(max(mean_square / peak**2, rounding**2))


def compared(approximate: Tensor, exact: Tensor, known: Reference) -> tuple[Tensor, Tensor]:
    """Values and exact ones, (n,) or (n, components), as their reference compares them: fitted, or their signs."""
    if known.fit == "affine":
        return fitted(approximate, exact), exact
    return (approximate.sgn(), exact.sgn()) if known.fit == "sign" else (approximate, exact)


def fitted(approximate: Tensor, exact: Tensor) -> Tensor:
    """The best a u + b of values u, (n,) or (n, components), for each component its own."""
    columns = approximate.reshape(len(approximate), -1).T, exact.reshape(len(exact), -1).T
    bases = [torch.stack([column, torch.ones_like(column)], dim=1) for column in columns[0]]
    best = [
        basis @ torch.linalg.lstsq(basis, known[:, None]).solution[:, 0]
        for basis, known in zip(bases, columns[1], strict=True)
    ]
    return torch.stack(best, dim=1).reshape(approximate.shape)
