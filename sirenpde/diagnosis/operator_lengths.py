"""The lengths of an operator: its own waves and layers along each axis, and those that waves along others entail."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..calculus.field import Field
from ..problem.probe import Requests
from .lines import Term, Told

POINTS = 24  # at which an operator is looked at
CLEAN = 1e-9  # of the largest coefficient: less is rounding
REAL = 1e-6  # of a rate: a smaller imaginary part is rounding


@dataclass(frozen=True)
class Operator:
    """The slopes of a constraint by what it reads of each field, (points, components) for each term.

    Along an axis the terms with constant coefficients make a polynomial in a rate λ, the operator on e^(λ s); its
    roots are imaginary where the equation has waves of its own, and real where it has layers. With waves along
    another axis their derivatives are numbers.
    """

    slopes: Mapping[Term, np.ndarray[Any, Any]]

    def waves(self, axis: str) -> float:
        """The largest wavenumber along an axis of waves that the operator carries by itself; 0 for none."""
        return max((abs(r.imag) for r in self._own(axis) if _is_wave(r)), default=0.0)

    def length(self, axis: str) -> float:
        """The width of the thinnest layer that the operator makes by itself; infinite for none.

        Where it carries waves elsewhere along the axis, complex rates are those of the same waves, absorbed: complex
        coefficients or their slopes damp them on the way, and nothing is thin at an end.
        """
        own = list(self._own(axis))
        carries = any(map(_is_wave, own))
        rates = [abs(r.real) for r in own if not (_is_wave(r) or (carries and abs(r.imag) > REAL * abs(r)))]
        return 1 / max(rates) if rates else math.inf

    def entailed(self, axis: str, waves: Mapping[str, float]) -> tuple[float, float]:
        """How fast fields vary along an axis that have these wavenumbers along others, one at a time.

        The wavenumber along this axis, and the rate of decay; 0 for none. Of several rates the slowest counts: the
        others are layers of the operator itself.
        """
        wavenumber, decay = 0.0, 0.0
        for other, given in waves.items():
            if other != axis and given:
                for roots in self._roots(axis, {other: given}):
                    moved = roots[np.abs(roots) > 0]
                    slowest = moved[np.abs(moved).argmin()] if len(moved) else 0.0
                    if _is_wave(slowest):
                        wavenumber = max(wavenumber, abs(slowest))
                    else:
                        decay = max(decay, abs(slowest))
        return float(wavenumber), float(decay)

    def _own(self, axis: str) -> Iterator[complex]:
        for roots in self._roots(axis, {}):
            yield from (complex(r) for r in roots if r != 0)

    def _roots(self, axis: str, waves: Mapping[str, float]) -> Iterator[np.ndarray[Any, Any]]:
        """The roots for each field, component and point; none where an axis is not differentiated."""
        for u in dict.fromkeys(u for u, _ in self.slopes):
            names = [a.name for a in u.axes]
            if axis not in names or any(other not in names for other in waves):
                continue
            terms = {powers: slopes for (v, powers), slopes in self.slopes.items() if v is u}
            order = max(powers[names.index(axis)] for powers in terms)
            if not order:
                continue
            shape = next(iter(terms.values())).shape
            polynomial = np.zeros((order + 1, *shape), complex)
            for powers, slopes in terms.items():
                by_name = dict(zip(names, powers, strict=True))
                along = by_name.pop(axis)
                factors = [(1j * waves.get(other, 0.0)) ** p for other, p in by_name.items()]
                polynomial[along] += math.prod(factors) * slopes
            for coefficients in polynomial.reshape(order + 1, -1).T:
                clean = np.where(np.abs(coefficients) > CLEAN * np.abs(coefficients).max(), coefficients, 0)
                yield np.roots(clean[::-1])


def operator_of(said: Told, requests: Requests) -> Operator:
    """The operator at some of the points at which a constraint was read."""
    count = len(said.source)
    rows = np.unique(np.linspace(0, count - 1, min(POINTS, count)).astype(int))
    parts = said.source.shape[1]
    return Operator(
        {
            (u, powers): _complex(slopes.numpy()[rows].reshape(len(rows), parts, -1), u, requests)
            for (u, powers), slopes in said.slopes.items()
        }
    )


def _complex(slopes: np.ndarray[Any, Any], u: Field, requests: Requests) -> np.ndarray[Any, Any]:
    """Slopes (points, components, outputs) of a complex residual by a complex field as one complex number each."""
    if u.is_complex and requests.is_complex:
        slopes = slopes[:, 0::2, : u.components] + 1j * slopes[:, 1::2, : u.components]
    return slopes.reshape(len(slopes), -1)


def _is_wave(rate: complex) -> bool:
    return abs(rate.imag) >= abs(rate.real)
