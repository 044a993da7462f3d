"""Constraints: a residual that vanishes on a domain, and how its values count."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

import torch
from torch import Tensor

from ..calculus.field import Derivative
from ..calculus.operators import PointFunction
from ..geometry.domain import Data, Domain
from ..geometry.point import Point
from .loss import Loss, l2


@dataclass(frozen=True, eq=False)
class Constraint:
    """ "This vanishes there": a residual, the domain it must vanish on, and how much it counts.

    ``on`` makes it of a function, which it remains:

    >>> from sirenpde import Box, D, Field, on
    >>> box = Box(t=(0, 1))
    >>> u, (t,) = Field("u", box), box.axes
    >>> @on(box, samples=100, weight=2.0)
    ... def decay(p):
    ...     '''u' = -u'''
    ...     return D(u, t)(p) + u(p)
    >>> decay.name, decay.equation, decay.count, decay.weight
    ('decay', "u' = -u", 100, 2.0)
    """

    name: str
    residual: PointFunction
    domain: Domain
    samples: int | None = None
    weight: float = 1.0
    loss: Loss = l2

    def __call__(self, p: Point) -> Tensor:
        return self.residual(p)

    @property
    def equation(self) -> str:
        """The first line of the residual's docstring, where it is a function."""
        declared = inspect.unwrap(self.residual)
        return ((inspect.isfunction(declared) and declared.__doc__) or "").strip().split("\n")[0]

    @property
    def count(self) -> int:
        """How many points it is sampled at."""
        return self.samples or self.domain.size or 0


def on(
    domain: Domain,
    samples: int | None = None,
    weight: float = 1.0,
    loss: Loss = l2,
    name: str | None = None,
) -> Callable[[PointFunction], Constraint]:
    """Declare that a function of a point vanishes on a domain.

    The objective is the sum over constraints of ``weight`` times the mean over the samples of
    ``loss(residual)``. Where constraints differ in size by more than a hundred, as they come and with their weights,
    as with moduli in pascals or lengths in nanometres, the residuals of each count in units of its largest term, and
    the weights are relative to that. The function's docstring is its equation.

    Args:
        domain: where it holds.
        samples: how many points; all of them where the domain is finite and this is left out.
        weight: a positive factor.
        loss: ``l2`` or ``l1``.
        name: the function's own name if left out.

    Raises:
        TypeError, ValueError: for a domain, number, weight or loss that does not fit.

    >>> from sirenpde import Box, Field, laplacian, on
    >>> box = Box(x=(0, 1), y=(0, 1))
    >>> u = Field("u", box)
    >>> @on(box, samples=100)
    ... def poisson(p):
    ...     \"\"\"Δu = -1\"\"\"
    ...     return laplacian(u)(p) + 1
    >>> poisson.equation
    'Δu = -1'
    """
    if not hasattr(domain, "draw"):
        raise TypeError(
            f"@on was given {domain!r}, a {type(domain).__name__}; expected a domain such as Box(x=(0, 1)), a slice "
            f"of one or its boundary. Write @on(domain, samples=1000) above the function."
        )
    if samples is None and domain.size is None:
        raise ValueError(
            f"@on({domain.name}) has no number of samples; a domain with infinitely many points needs one. "
            f"Write @on(domain, samples=4096)."
        )
    if samples is not None and (not isinstance(samples, int) or samples < 1):
        raise ValueError(f"@on({domain.name}) has samples={samples!r}; expected a positive whole number.")
    if not (isinstance(weight, int | float) and 0 < weight < float("inf")):
        raise ValueError(f"@on({domain.name}) has weight={weight!r}; expected a positive finite number.")
    if not isinstance(loss, Loss):
        raise TypeError(f"@on({domain.name}) has loss={loss!r}; expected l2 or l1, imported from sirenpde.")

    def declare(residual: PointFunction) -> Constraint:
        given = name or name_of(residual)
        return Constraint(given, in_precision(residual), domain, samples, float(weight), loss)

    return declare


def in_precision(function: PointFunction) -> PointFunction:
    """The function with the point's own precision for the numbers that torch makes tensors of in it.

    Otherwise ``torch.where(x(p) < 0.5, 0.1, 0.7)`` and ``0.1 * (x(p) < 0.5)`` would have seven digits.
    """

    @wraps(function)
    def evaluated(p: Point) -> Tensor:
        usual = torch.get_default_dtype()
        torch.set_default_dtype(p.place.dtype)
        try:
            return function(p)
        finally:
            torch.set_default_dtype(usual)

    return evaluated


def name_of(f: PointFunction) -> str:
    """A field's name, an operator's, such as u_xx + u_yy, or a function's."""
    if isinstance(f, Derivative | Data):
        return str(f)
    return str(getattr(f, "name", getattr(f, "__name__", type(f).__name__)))
