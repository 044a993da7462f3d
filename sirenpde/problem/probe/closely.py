"""Whether a constraint is a function of its point and of the fields there, with all its digits and slopes."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor

from ...calculus.evaluate import point
from ...geometry import can
from ...geometry.domain import Deferred, Domain
from ...geometry.point import Axis
from ..constraint import Constraint
from .calling import call, call_together, few
from .messages import ConstraintError, declared_at
from .recorder import Recorder, Requests
from .watch import DerivativeWatch, is_rounded

FEW = 16  # components, up to which a residual may have as many as there are samples
EACH = 4  # numbers for each that is read: a voxel has thirteen pairs of neighbours, and its data beside it
SAME = 1e-9  # relative difference of two calls that is rounding
STEPS = (1e-4, 1e-3)  # of the differences that slopes are compared with
MANY = 2000  # points at which a sampled coefficient has to have values
SEVERAL = 1000  # values of a cloud that tell their precision
SINGLE = (torch.float32, torch.complex64)

Jets = Mapping[Hashable, Tensor]


def look_closely(constraint: Constraint, requests: Requests) -> None:
    """Raises ConstraintError where values differ from call to call or hide their slopes, where digits are lost,
    for residuals with as many components as there are samples, and for data that are not numbers.
    """
    who = f"Constraint '{constraint.name}'"
    points, data = few(constraint.domain)
    axes = tuple(axis.name for axis in constraint.domain.axes)
    recorder = Recorder()
    asked = [*requests.derivatives, *requests.unknowns]
    known = {key: recorder.read(key).requires_grad_() for key in asked}
    watch = DerivativeWatch(_lengths(constraint, requests, data), _is_single(requests))
    read: list[can.Cover] = []

    def observe(function: object, axis: Axis | None) -> None:
        read.extend([function] if axis is None and isinstance(function, can.Cover) else [])

    p = point(axes, points[0], known.__getitem__, lambda key: data[key][0], observe)
    once, again = (call(constraint.residual, who, p, watch) for _ in range(2))
    _check_same(constraint, once.detach(), again.detach(), 0.0)
    if once.dtype in SINGLE and not _is_single(requests):
        raise ConstraintError(
            f"{who}{declared_at(constraint.residual)} returned {str(once.dtype).removeprefix('torch.')}, seven "
            f"digits of sixteen; expected float64, the precision of its point. Leave out .float(), and give tensors "
            f"dtype=torch.float64."
        )
    _check_components(constraint, requests, once, data)
    jets = {
        key: value.detach().expand(len(points), *value.shape).clone().requires_grad_()
        for key, value in known.items()
    }
    sampled = {key: data[key] for key in requests.data}
    together = partial(_residual, constraint, axes, points, sampled)
    several = together(jets)
    _check_same(constraint, once.detach(), several[0].detach(), SAME)
    _check_slopes(constraint, jets, several, together)
    _check_data(constraint, requests, jets, axes)
    for coefficient in dict.fromkeys(read):
        _check_covered(constraint, coefficient)


def _is_single(requests: Requests) -> bool:
    """Whether the problem asks for single precision itself."""
    return any(u.dtype in SINGLE for u in requests.fields)


def _lengths(constraint: Constraint, requests: Requests, data: Mapping[str, Tensor]) -> set[int]:
    """Numbers of samples that a tensor at one point has no reason to have."""
    counts = {constraint.count, constraint.domain.size or 0}
    shapes = [d.shape for d in requests.derivatives] + [tuple(data[key].shape[1:]) for key in requests.data]
    usual = {len(constraint.domain.axes), *(n for shape in shapes for n in shape)}
    return {n for n in counts - usual if n > FEW}


def _residual(
    constraint: Constraint, axes: tuple[str, ...], points: Tensor, sampled: Mapping[str, Tensor], jets: Jets
) -> Tensor:
    who = f"Constraint '{constraint.name}'"
    return call_together(constraint.residual, who, axes, points, jets, sampled)


def _check_same(constraint: Constraint, one: Tensor, other: Tensor, digits: float) -> None:
    size = float(one.abs().max())
    slack = digits * size if math.isfinite(size) else 0.0
    if torch.allclose(one, other, rtol=digits, atol=slack, equal_nan=True):
        return
    raise ConstraintError(
        f"Constraint '{constraint.name}'{declared_at(constraint.residual)} gave {_shown(one)} and then "
        f"{_shown(other)} at one point with one value of the fields; expected a function of the point, which gives "
        f"the same at every call. Leave out random numbers, counters, clocks and tensors that are changed in place; "
        f"give noise to the points as data."
    )


def _shown(value: Tensor) -> str:
    return ", ".join(f"{v:.12g}" for v in value.detach().reshape(-1)[:3].tolist())


def _check_components(
    constraint: Constraint, requests: Requests, value: Tensor, data: Mapping[str, Tensor]
) -> None:
    read = sum(math.prod(d.shape) for d in requests.derivatives) + len(requests.unknowns)
    read += sum(data[key][0].numel() for key in requests.data)
    batch = _lengths(constraint, requests, data).intersection(value.shape)
    if batch or value.numel() > FEW + EACH * read:
        many = f"as many as there are samples ({min(batch)})" if batch else f"and reads {read} at each"
        raise ConstraintError(
            f"Constraint '{constraint.name}'{declared_at(constraint.residual)} returned {value.numel()} numbers of "
            f"shape {tuple(value.shape)} at every point, {many}; expected the residual at one point, since p is "
            f"one point. Leave the number of samples out of the function: 1 in place of torch.ones(n), and values "
            f"known at the points as data, PointCloud(points, box, {{'f': values}}) and cloud['f'](p)."
        )


def _check_slopes(constraint: Constraint, jets: Jets, residual: Tensor, together: partial[Tensor]) -> None:
    """Slopes by automatic differentiation against differences, along one direction in all fields and unknowns.

    Differences of two steps that disagree say nothing: there is a kink or a pole nearby.
    """
    generator = torch.Generator().manual_seed(1)
    weights = torch.rand(residual.shape, dtype=torch.float64, generator=generator) + 0.5
    along = {
        key: torch.randn(value.shape, dtype=value.dtype, generator=generator) for key, value in jets.items()
    }
    known: Sequence[Tensor | None] = [None] * len(jets)
    if residual.requires_grad:
        target = (weights * _real(residual)).sum()
        known = torch.autograd.grad(target, list(jets.values()), allow_unused=True)
    pairs = zip(known, along.values(), strict=True)
    slope = sum(float((g.conj() * way).real.sum()) for g, way in pairs if g is not None)

    def difference(h: float) -> tuple[float, float]:
        """And how far off it may be."""
        moved = [{key: value + s * h * along[key] for key, value in jets.items()} for s in (1, -1)]
        above, below = (weights * _real(together(other)).detach() for other in moved)
        change, rounding = (above - below) / (2 * h), 1e-13 * float((above.abs() + below.abs()).sum()) / h
        return float(change.sum()), 0.05 * float(change.abs().sum()) + rounding

    fine, slack = difference(STEPS[0])
    if abs(fine - slope) <= slack or not math.isfinite(fine):
        return
    coarse, _ = difference(STEPS[1])
    if abs(fine - coarse) <= 0.2 * slack:
        raise ConstraintError(
            f"Constraint '{constraint.name}'{declared_at(constraint.residual)} changes by {fine:.3g} per unit of "
            f"the fields, while automatic differentiation says {slope:.3g}; a solver would go astray. Leave out "
            f".detach(), .data, torch.no_grad(), rounding, and values that pass through NumPy or plain numbers."
        )


def _real(value: Tensor) -> Tensor:
    return value.real + 0.7 * value.imag if value.is_complex() else value


def _check_data(constraint: Constraint, requests: Requests, jets: Jets, axes: tuple[str, ...]) -> None:
    """Data that are not numbers at some points, where the residual is none either."""
    if not requests.data or constraint.domain.size is None:
        return
    points, data = constraint.domain.draw(None, torch.Generator())
    for key in requests.data:
        bad = ~data[key].reshape(len(points), -1).isfinite().all(1)
        rows = bad.nonzero()[:4, 0]
        if not len(rows):
            continue
        known = {k: value[:1].expand(len(rows), *value.shape[1:]) for k, value in jets.items()}
        sampled = {k: data[k][rows] for k in requests.data}
        value = _residual(constraint, axes, points[rows].double(), sampled, known)
        if not value.isfinite().all():
            where = ", ".join(f"{a} = {c:.6g}" for a, c in zip(axes, points[rows[0]].tolist(), strict=True))
            raise ConstraintError(
                f"Constraint '{constraint.name}'{declared_at(constraint.residual)} reads the data '{key}', which "
                f"are not finite numbers at {int(bad.sum())} of the {len(points)} points of "
                f"'{constraint.domain.name}', the first at {where}; expected a number at every one. Declare it on "
                f"the others: domain.where(mask), with the mask false there."
            )


def _check_covered(constraint: Constraint, coefficient: can.Cover) -> None:
    """Raises ConstraintError for a sampled coefficient that has no values on all of the domain."""
    domain = constraint.domain
    names = [axis.name for axis in domain.axes]
    count = min(MANY, domain.size or MANY)
    points = domain.draw(count, torch.Generator().manual_seed(3))[0].double()
    places = points[:, [names.index(name) for name in coefficient.names]]
    bad = (~coefficient.covers(places)).nonzero()[:, 0]
    if not len(bad):
        return
    where = ", ".join(
        f"{n} = {c:.6g}" for n, c in zip(coefficient.names, places[bad[0]].tolist(), strict=True)
    )
    raise ConstraintError(
        f"Constraint '{constraint.name}'{declared_at(constraint.residual)} reads the coefficient "
        f"'{coefficient.name}', which has no values at {len(bad)} of {count} points of '{domain.name}', such as "
        f"{where}: {coefficient}. Give values on all of the domain, or continue those of the border by "
        f"outside='clamp'."
    )


def has_seven_digits(domain: Domain, keys: Sequence[str]) -> bool:
    """Whether data of a cloud, or the points that they belong to, were given in float32 and have all its digits."""
    if not keys or not isinstance(domain, can.Listed) or isinstance(domain.data, Deferred):
        return False
    values = [domain.points[:SEVERAL], *(domain.data[key][:SEVERAL] for key in keys)]
    return any(_is_single_precision(value.detach()) for value in values)


def _is_single_precision(value: Tensor) -> bool:
    if not value.is_floating_point():
        return False
    single = value.float()
    return bool((single.double() == value).all()) and is_rounded(single)
