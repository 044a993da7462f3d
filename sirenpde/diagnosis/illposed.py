"""Problems whose short waves grow without bound from one end of an axis: the heat equation run backward."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from ..calculus.field import Unknown
from ..geometry import can
from ..geometry.point import Axis
from ..problem.constraint import Constraint
from ..problem.problem import Problem
from .conditions import sides
from .local import Key, keys_of, stacked
from .pieces import pieces

WAVES = (16, 32, 64, 128)  # half waves along an axis
# Growth from one of these to the next: faster than bounded, slower than the root of their number.
FASTER = 1.3
MUCH = 20.0  # e-foldings of the shortest along the axis
POINTS = 3  # and jets, about which constraints are linearised
CLEAN = 1e-3  # of a growth rate's own size: less is rounding


@dataclass(frozen=True)
class Growth:
    """Along ``axis``, from the one end that has conditions, waves of ``length`` grow by e^``folds``."""

    axis: Axis
    end: float
    length: float
    folds: float

    def __str__(self) -> str:
        name = self.axis.name
        return (
            f"The problem is ill-posed: along {name} there are conditions at {name} = {self.end:g} alone, and from "
            f"there waves grow the faster the shorter they are, those of length {self.length:.2g} by a factor of "
            f"e^{self.folds:.0f}. Rounding, noise and what a network leaves of the equations grow with them, so that "
            f"an answer with small residuals may be far from the truth. Put a condition at the other end in place of "
            f"one here, or turn the direction of {name} around."
        )


def ill_posed(problem: Problem) -> list[str]:
    """A paragraph for the axis along which short waves grow without bound; nothing for most problems.

    About some points and values the constraints are A(∂) u = f with constant coefficients. With e^(λs + i k·x) along
    an axis s, det A(λ, ik) = 0 gives rates λ; a problem with as many conditions at one end as there are rates is
    ill-posed where Re λ has no bound as k grows (Hadamard; Petrovsky). Said only where this is so about all points.
    """
    growth = next(
        (candidate for axis in _axes(problem) for candidate in [_growth(problem, axis)] if candidate), None
    )
    return [] if growth is None else [str(growth)]


def _axes(problem: Problem) -> list[Axis]:
    """The axes that all fields have, where nothing but equations and conditions on faces is given."""
    measured = any(set(requests.data) - {"normal"} for requests in problem.requests)
    elsewhere = any(not requests.is_plain for requests in problem.requests)
    if problem.unknowns or measured or elsewhere or len({u.axes for u in problem.fields}) != 1:
        return []
    u = problem.fields[0]
    return (
        [axis for axis in u.axes if all(axis not in v.periodic for v in problem.fields)]
        if len(u.axes) > 1
        else []
    )


def _growth(problem: Problem, axis: Axis) -> Growth | None:
    counts, inside = {"low": 0, "high": 0}, []
    for constraint, requests in zip(problem.constraints, problem.requests, strict=True):
        of_domain = pieces(constraint, requests.data)
        touched = {side for piece in of_domain for side in sides(piece, axis)}
        for side in touched & set(counts):
            counts[side] += requests.size
        if touched == {"inside"} and all(piece.dimension == len(piece.names) for piece in of_domain):
            inside.append((constraint, requests))
        elif not touched and constraint.domain.size is not None:
            return None
        elif not touched and can.dimension_of(constraint.domain) == len(constraint.domain.axes):
            inside.append((constraint, requests))  # a shape; of its sides none is an end of the axis
    if (counts["low"] > 0) == (counts["high"] > 0) or not inside:
        return None
    sign, end = (1, axis.low) if counts["low"] else (-1, axis.high)
    keys = keys_of([requests for _, requests in inside])
    slopes = _slopes([constraint for constraint, _ in inside], keys)
    if slopes is None or slopes.shape[1] != sum(u.outputs for u in problem.fields):
        return None
    each = [_fastest(problem, a, keys, axis, sign, sum(counts.values())) for a in slopes.numpy()]
    grown = [one for one in each if one is not None]
    if len(grown) < len(each):
        return None
    folds, length = min(grown)
    return Growth(axis, end, length, folds)


def _slopes(constraints: Sequence[Constraint], keys: Sequence[Key]) -> Tensor | None:
    """The constraints' derivatives by what they read, (POINTS, rows, keys), about different points and values."""
    points, data = constraints[0].domain.draw(POINTS, torch.Generator().manual_seed(7))
    draw = torch.rand(POINTS, len(keys), dtype=torch.float64, generator=torch.Generator().manual_seed(8))
    try:
        _, slopes = stacked([(c, points, dict(data)) for c in constraints], keys)(0.5 + draw)
    except (RuntimeError, KeyError):
        return None
    return slopes if bool(slopes.isfinite().all()) else None


def _fastest(
    problem: Problem, slopes: np.ndarray, keys: Sequence[Key], axis: Axis, sign: int, conditions: int
) -> tuple[float, float] | None:
    """How far the fastest of the shortest waves grows, in e-foldings, and its length; None where that is bounded."""
    others = [a for a in problem.fields[0].axes if a != axis]
    directions = [(a,) for a in others] + ([tuple(others)] if len(others) > 1 else [])
    growths = []
    for along in directions:
        rates = [
            _rates(problem, slopes, keys, axis, {a: n * math.pi / (a.high - a.low) for a in along})
            for n in WAVES
        ]
        if any(rate is None or not len(rate) or len(rate) > conditions for rate in rates):
            continue
        fastest = [max(rate, key=lambda x: sign * x.real) for rate in rates if rate is not None]
        growth = [sign * x.real for x in fastest]
        clean = all(g > CLEAN * abs(x) for g, x in zip(growth, fastest, strict=True))
        if clean and all(b > FASTER * a for a, b in pairwise(growth)):
            length = min(2 * (a.high - a.low) / WAVES[-1] for a in along)
            growths.append((growth[-1] * (axis.high - axis.low), length))
    return max((one for one in growths if one[0] > MUCH), default=None)


def _rates(
    problem: Problem, slopes: np.ndarray, keys: Sequence[Key], axis: Axis, waves: dict[Axis, float]
) -> np.ndarray | None:
    """The finite λ with det A(λ, ik) = 0, from the companion pencil of the polynomial in λ."""
    from scipy.linalg import eig

    columns, first = {}, 0
    for u in problem.fields:
        columns[u], first = first, first + u.outputs
    order = max(0 if isinstance(key, Unknown) else key[1][key[0].position(axis)] for key in keys)
    coefficients = np.zeros((order + 1, len(slopes), first), complex)
    seen: dict[Key, int] = {}
    for column, key in enumerate(keys):
        assert not isinstance(key, Unknown)
        u, powers = key
        output, seen[key] = seen.get(key, 0), seen.get(key, 0) + 1
        factor = math.prod(
            (1j * waves.get(a, 0.0)) ** p for a, p in zip(u.axes, powers, strict=True) if a != axis
        )
        coefficients[powers[u.position(axis)], :, columns[u] + output] += factor * slopes[:, column]
    if order == 0:
        return None
    # λ in units that make its powers alike, so that the pencil is balanced.
    sizes = [np.abs(coefficient).max() for coefficient in coefficients]
    unit = max((sizes[0] / sizes[-1]) ** (1 / order), 1.0) if sizes[-1] > 0 and sizes[0] > 0 else 1.0
    coefficients *= (unit ** np.arange(order + 1))[:, None, None]
    rows = np.abs(coefficients).max((0, 2), keepdims=True)
    coefficients /= np.where(rows > 0, rows, 1.0)
    n = first
    a, b = np.eye(order * n, dtype=complex), np.eye(order * n, dtype=complex)
    a[:-n] = np.eye(order * n, k=n)[:-n]
    a[-n:] = -np.concatenate(list(coefficients[:-1]), axis=1)
    b[-n:, -n:] = coefficients[-1]
    alpha, beta = eig(a, b, right=False, homogeneous_eigvals=True)
    finite = np.abs(beta) > 1e-9 * np.abs(alpha)
    return np.asarray(unit * alpha[finite] / beta[finite])
