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
from ..geometry import can
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
    is_measured: bool = False  # its residual is in units of a given standard deviation
    is_prior: bool = False  # it is to be small, and need not vanish

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
    weight: float | None = None,
    loss: Loss = l2,
    name: str | None = None,
    sigma: float | PointFunction | None = None,
    prior: bool = False,
) -> Callable[[PointFunction], Constraint]:
    """Declare that a function of a point vanishes on a domain.

    The objective is the sum over constraints of ``weight`` times the mean over the samples of
    ``loss(residual)``. Where constraints differ in size by more than a hundred, as they come and with their weights,
    as with moduli in pascals or lengths in nanometres, the residuals of each count in units of its largest term, and
    the weights are relative to that. The function's docstring is its equation.

    A residual that measurements leave is no more than noise. Where its standard deviation ``sigma`` is given, the
    residual is divided by it, and the weight is the number of samples if left out, so that the term is chi-square,

        χ² = Σ (residual / sigma)²,

    whatever the table that a measurement is from. Equations without ``sigma`` are exact beside it: all terms with one
    together count 10⁻⁴ of them. Where χ² is no more than noise makes it, the constraint counts as met.

    A ``prior``, or regulariser, such as total variation or the squares of second derivatives, is no equation: of all
    fields that meet the equations it prefers those that make its term small, and it never vanishes. Its value is
    told, and nothing is judged by it: a solution is one that meets the other constraints. It makes the objective
    larger by its declared weight times its mean loss whatever the units: where residuals count in units of their own
    terms, it counts as beside the equation whose declared term is the largest. How closely the equations are met
    depends on it, since both are terms of one objective: a smaller weight lets them be met closer.

    Args:
        domain: where it holds.
        samples: how many points; all of them where the domain is finite and this is left out.
        weight: a positive factor, 1 if left out.
        loss: ``l2`` or ``l1``.
        name: the function's own name if left out.
        sigma: the standard deviation of the residual, a number or a function of a point, such as
            ``probes["temperature_std"]``.
        prior: it is to be small as far as the other constraints allow, and need not vanish.

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

    Measurements that are known to 0.1 and to 0.5:

    >>> from sirenpde import Table
    >>> probes = Table.of({"x": [0.2, 0.7], "y": [0.5, 0.5], "u": [1, 2], "u_std": [0.1, 0.5]}, box)
    >>> @on(probes, sigma=probes["u_std"])
    ... def measured(p):
    ...     return u(p) - probes["u"](p)
    >>> measured.weight
    2.0

    Of all curves through three points, the one that bends the least:

    >>> from sirenpde import D, LeastSquares, PointCloud, Problem, SineFeatures, solve
    >>> line = Box(x=(0, 1))
    >>> v, (x,) = Field("v", line, SineFeatures(60, bandwidth=8.0)), line.axes
    >>> seen = PointCloud([[0.1], [0.5], [0.9]], line, {"v": [0.0, 1.0, 0.0]})
    >>> @on(seen)
    ... def through(p):
    ...     return v(p) - seen["v"](p)
    >>> @on(line, samples=200, weight=1e-11, prior=True)
    ... def bending(p):
    ...     return D(v, x, x)(p)
    >>> solution = solve(Problem(through, bending), [LeastSquares()])
    >>> solution.status, solution.relative_residual < 1e-6 < solution.constraints["bending"]["rms"]
    ('solved', True)
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
    if weight is None:
        weight = 1.0 if sigma is None else float(samples or domain.size or 1)
    if not (isinstance(weight, int | float) and 0 < weight < float("inf")):
        raise ValueError(f"@on({domain.name}) has weight={weight!r}; expected a positive finite number.")
    if not isinstance(loss, Loss):
        raise TypeError(f"@on({domain.name}) has loss={loss!r}; expected l2 or l1, imported from sirenpde.")

    if not isinstance(prior, bool):
        raise TypeError(
            f"@on({domain.name}) has prior={prior!r}; expected True, for what need not vanish, or False."
        )
    _check_sigma(domain, sigma, loss)

    def declare(residual: PointFunction) -> Constraint:
        given = name or name_of(residual)
        scaled = residual if sigma is None else _in_units_of(residual, sigma)
        return Constraint(
            given, in_precision(scaled), domain, samples, float(weight), loss, sigma is not None, prior
        )

    return declare


def _in_units_of(residual: PointFunction, sigma: float | PointFunction) -> PointFunction:
    """The residual divided by its standard deviation; one number of it serves all components."""

    def divided(p: Point) -> Tensor:
        value = residual(p)
        size = sigma(p) if callable(sigma) else sigma
        if isinstance(size, Tensor) and isinstance(value, Tensor) and size.ndim < value.ndim:
            size = size.reshape(*size.shape, *[1] * (value.ndim - size.ndim))
        return value / size

    return wraps(residual)(divided) if inspect.isfunction(residual) else divided


def _check_sigma(domain: Domain, sigma: float | PointFunction | None, loss: Loss) -> None:
    """Raises ValueError for standard deviations that are not positive."""
    if sigma is None:
        return
    if loss is not l2:
        raise ValueError(
            f"@on({domain.name}) has both sigma and loss={loss.name}; a standard deviation belongs to a sum of "
            "squares. Leave out one of them."
        )
    if isinstance(sigma, Data) and isinstance(domain, can.Listed) and sigma.key in domain.data:
        values = domain.data[sigma.key]
        bad = (~(values > 0)).reshape(len(values), -1).any(1).nonzero()[:, 0]
        if len(bad):
            raise ValueError(
                f"@on({domain.name}) has sigma={sigma.key}, which is {values[bad[0]].tolist()} in row {int(bad[0])} "
                f"(and not positive in {len(bad) - 1} more); positive standard deviations are needed. Leave out such "
                "rows, or give the smallest error that the instrument has."
            )
    elif not callable(sigma) and not (isinstance(sigma, int | float) and 0 < sigma < float("inf")):
        raise ValueError(
            f"@on({domain.name}) has sigma={sigma!r}; expected a positive number, or a function of a point. Write "
            'sigma=0.1 or sigma=probes["temperature_std"].'
        )


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
