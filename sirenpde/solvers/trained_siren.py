"""The SIREN that is trained where none is declared: its size and its first factor, from the problem."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ..calculus.field import Derivative
from ..geometry import can
from ..geometry.point import Axis
from ..networks.siren import Siren
from ..problem.constraint import Constraint
from ..problem.probe import Requests
from ..problem.problem import Problem
from ..problem.scaling import natural_size, residuals


@dataclass(frozen=True)
class Sizes:
    """What the sizes of trained networks follow from, each figure with what it rests on."""

    # Of the fastest wave in the data: layers of sines after the first reach beyond their factor. Half to two thirds
    # were best on Helmholtz (1, 4), four waves at once, a plucked string and convection.
    first_factor: float = 0.64
    slowest: float = 4.0  # radians per half side; slower first layers are nearly linear
    fastest: float = 40.0  # faster ones are noise before they are trained
    # Two layers are trained to the last digit sooner than three where few slow waves are all there is, on Poisson's
    # equation in the square to 4e-16 in 11 s against 2e-15 in 18 s; and beyond so many axes.
    few_axes: int = 3
    # Samples that are given, such as pixels: a picture of 100 x 100 has more to tell than a dense Jacobian can hold.
    measurements: int = 10_000
    points: int = 500  # at which data are looked at
    step: float = 1e-3  # of the differences, in half sides: second ones keep nine digits
    jump: float = 0.1  # of the data's size in a step: no wave that a network could begin with
    rounding: float = 1e-9  # of a difference, for data that do not vary


SIZES = Sizes()


def siren_of(problem: Problem) -> Siren:
    """The SIREN for a problem, small and as fast as its data; the paper's for pictures, scans and recordings.

    The first factor for recordings is their root mean square frequency.

    >>> import torch
    >>> from sirenpde import Box, Field, Problem, laplacian, on
    >>> box = Box(x=(-1, 1), y=(-1, 1))
    >>> u = Field("u", box)
    >>> @on(box, samples=100)
    ... def poisson(p):
    ...     return laplacian(u)(p) - torch.sin(30 * box.axes[0](p))
    >>> siren_of(Problem(poisson)).describe()
    'SIREN 3 x 37, omega 19'
    """
    fastest = [c.domain.bandwidth for c in problem.constraints if isinstance(c.domain, can.Banded)]
    if fastest:
        return Siren(omega=max(Siren().omega, float(f"{max(fastest):.2g}")))
    if any((c.domain.size or 0) >= SIZES.measurements for c in problem.constraints):
        return Siren()
    if max(len(u.axes) for u in problem.fields) > SIZES.few_axes:
        return Siren(width=48, depth=2, omega=2.5)
    factor = SIZES.first_factor * bandwidth(problem, problem.traits.time)
    if factor <= SIZES.slowest and problem.traits.affine:
        return Siren(width=32, depth=2, omega=SIZES.slowest)
    return siren_for(factor)


def siren_for(factor: float | None) -> Siren:
    """A small trained network for this first factor, in radians per half side; None where it is not known.

    Faster fields have more to tell, and get a wider network, of less than 4000 parameters still.
    """
    if factor is None:
        return Siren(width=24, depth=3, omega=6.0, omega_hidden=1.0)
    omega = min(max(factor, SIZES.slowest), SIZES.fastest)
    width = round(min(max(24.0, 24.0 * math.sqrt(omega / 8)), 40.0))
    return Siren(width=width, depth=3, omega=float(f"{omega:.2g}"), omega_hidden=1.0)


def bandwidth(problem: Problem, time: Axis | None = None) -> float:
    """How fast the data of a problem vary along their fastest axis, in radians per half side.

    Data are what the constraints leave of vanishing fields, and a sine varies as fast as |∂²f| / |∂f| in the median.
    In time fields vary as fast as the equation makes waves of these data: for u_t + c u_x = 0, c times as fast.
    """
    pairs = list(zip(problem.constraints, problem.requests, strict=True))
    along: dict[str, float] = {}
    for constraint, requests in pairs:
        for name, fast in _of_data(constraint, requests).items():
            along[name] = max(along.get(name, 0.0), fast)
    if time is not None:
        in_time = [_in_time(constraint, requests, along, time) for constraint, requests in pairs]
        along[time.name] = max([along.get(time.name, 0.0), *in_time])
    return max(along.values(), default=0.0)


def _of_data(constraint: Constraint, requests: Requests) -> dict[str, float]:
    """The median of |∂²f| / |∂f| along each axis, in radians per half side; 0 where the data do not vary.

    Points count by √|∂f ∂²f|, by which the median of a sine is its frequency; a corner or a jump is one point.
    """
    points, at = _residuals(constraint, requests)
    data = at(points)
    largest = float(data.abs().nan_to_num(0.0, 0.0, 0.0).max())
    frequencies = {}
    for i, axis in enumerate(constraint.domain.axes):
        half = (axis.high - axis.low) / 2
        step = torch.zeros_like(points)
        step[:, i] = SIZES.step * half
        above, below = at(points + step) - data, at(points - step) - data
        slope, bend = (above - below).abs() / 2, (above + below).abs() / SIZES.step
        told = torch.maximum(above.abs(), below.abs()) < SIZES.jump * largest
        told &= slope > SIZES.rounding * largest
        # Data hold on a face, not across it.
        inside = (points[:, i] - axis.low - half).abs() < (1 - SIZES.step) * half
        told &= inside[:, None]
        frequencies[axis.name] = _median(bend[told] / slope[told], (slope[told] * bend[told]).sqrt())
    return frequencies


def _in_time(constraint: Constraint, requests: Requests, along: Mapping[str, float], time: Axis) -> float:
    """How fast waves as fast as ``along`` are in time: where c ω^m is as large as the largest other term."""
    points, at = _residuals(constraint, requests)
    data, fastest, others = at(points), 0.0, 0.0
    order, highest_slope = 0, 0.0
    for d in requests.derivatives:
        slope = _rms(at(points, d) - data) * natural_size(d)
        for powers, _ in d.symbol.terms:
            steps = dict(zip((axis.name for axis in d.field.axes), powers, strict=True))
            if steps.get(time.name, 0) > order:
                order, highest_slope = steps[time.name], slope
            elif not steps.get(time.name):
                waves = math.prod(max(along.get(name, 0.0), 1.0) ** n for name, n in steps.items())
                others = max(others, slope * waves)
    if highest_slope > 0 and math.isfinite(others):
        fastest = (others / highest_slope) ** (1 / order)
    return fastest


def _residuals(constraint: Constraint, requests: Requests) -> tuple[Tensor, Callable[..., Tensor]]:
    """Points of a constraint, and its residuals at points for vanishing fields, one derivative 1 if it is given."""
    count = min(SIZES.points, constraint.domain.size or SIZES.points)
    points, data = constraint.domain.draw(count, torch.Generator().manual_seed(3))
    used = {key: data[key] for key in requests.data}

    def at(where: Tensor, raised: Derivative | None = None) -> Tensor:
        jets = {
            d: where.new_full((len(where), *d.jet_shape), float(d is raised)) for d in requests.derivatives
        }
        return residuals(constraint, requests, where, used, jets)

    return points, at


def _rms(values: Tensor) -> float:
    finite = values[values.isfinite()]
    return math.sqrt(float(finite.square().mean())) if finite.numel() else math.nan


def _median(values: Tensor, weights: Tensor) -> float:
    """The value below which half of the weight lies; 0 where there is none."""
    if not float(weights.sum()) > 0:
        return 0.0
    order = values.argsort()
    half = weights[order].cumsum(0) >= weights.sum() / 2
    return float(values[order][half][0])
