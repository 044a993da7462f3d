"""Colours for values: one scale for all panels that are compared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.colors import Normalize

Array = NDArray[Any]
_DECADES = 6  # of an error that are shown at most
_SIGNED = 0.05  # the least share of the other sign in values that are shown as signed


@dataclass(frozen=True)
class Scale:
    """A colour map, and the values at its ends."""

    colours: str
    low: float
    high: float
    is_logarithmic: bool = False

    @property
    def norm(self) -> Normalize:
        from matplotlib.colors import LogNorm, Normalize

        return (LogNorm if self.is_logarithmic else Normalize)(self.low, self.high)

    def fit(self, values: Array) -> Array:
        """Values as they are drawn: those below a logarithmic scale, such as 0, are at its low end."""
        if not self.is_logarithmic:
            return values
        fitted: Array = np.where(np.isfinite(values), np.maximum(values, self.low), np.nan)
        return fitted


def scale_of(values: Iterable[Array]) -> Scale:
    """Blue to red about zero for values of both signs, viridis for others; what is not finite does not count.

    >>> import numpy as np
    >>> scale_of([np.array([-1.0, 2.0]), np.array([0.5])])
    Scale(colours='RdBu_r', low=-2.0, high=2.0, is_logarithmic=False)
    """
    finite = _finite(values)
    if not len(finite):
        return Scale("viridis", 0.0, 1.0)
    low, high = float(finite.min()), float(finite.max())
    top = max(-low, high)
    if low < 0 < high and min(-low, high) > _SIGNED * top:
        return Scale("RdBu_r", -top, top)
    return Scale("viridis", low, high if high > low else low + 1e-12 + 1e-6 * abs(low))


def error_scale(errors: Iterable[Array]) -> Scale:
    """A logarithmic scale down to the first percentile, of a decade at least and six at most."""
    finite = _finite(errors)
    positive = finite[finite > 0]
    top = float(positive.max()) if len(positive) else 1e-16
    lowest = float(np.percentile(positive, 1)) if len(positive) else top
    bottom = 10.0 ** np.floor(np.log10(min(max(lowest, top * 10.0**-_DECADES), top / 10)))
    return Scale("viridis", float(bottom), top, is_logarithmic=True)


def _finite(values: Iterable[Array]) -> Array:
    found = [np.asarray(v)[np.isfinite(v)].ravel() for v in values]
    return np.concatenate(found) if found else np.zeros(0)
