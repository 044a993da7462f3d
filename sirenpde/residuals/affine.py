"""Constraints that are affine in the fields: found by trying, and written as rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..calculus.evaluate import over_known
from ..calculus.field import Derivative, Field
from ..problem.constraint import Constraint
from ..problem.probe import Requests
from ..problem.problem import Problem
from .batch import Batch
from .chunks import mapped
from .pullback import RowPullback
from .scaling import natural_size, power_of_two, scales_of
from .sweep import Sweep, flat

TRIED = 200  # points at which constraints are tried
SIZES = (1e-6, 1e-3, 1.0, 1e3, 1e6)  # of usual jets, that they are tried with
ROUNDING = 1e-11  # of a component's size, for what is affine
CHUNK = 4096  # points whose slopes are found together; of nodes fewer, since each is moved beside all others
STEP = 1024.0  # of the differences, times usual jets: large, so that a large offset costs no digits of the slopes


@dataclass(frozen=True)
class Rows:
    """A constraint's residuals as an affine function of the jets at each point: r = offset + Σ G jets."""

    constraint: int
    place: int  # of the constraint among the sweep's functions
    batch: Batch
    sweep: Sweep
    offset: Tensor  # (n, m)
    slopes: tuple[Tensor, ...]  # per field (n, m, requests, outputs)


def is_affine(problem: Problem) -> bool:
    """Whether every constraint is affine in the fields, found by trying: r(a) + r(b) - r(0) = r(a + b).

    It is tried at many points, with jets from 1e-6 to 1e6 times their usual size. What is finite for some jets
    only, as 1/u and log(u) are, is not affine. Unknown numbers count as not affine, and so does any loss but ``l2``.
    """
    if problem.unknowns or any(not constraint.loss.is_square for constraint in problem.constraints):
        return False
    sizes = scales_of(problem).sizes
    pairs = zip(problem.constraints, problem.requests, strict=True)
    return all(_affine(constraint, requests, sizes) for constraint, requests in pairs)


def _affine(constraint: Constraint, requests: Requests, sizes: Mapping[Field, float]) -> bool:
    generator = torch.Generator().manual_seed(1)
    count = min(TRIED, constraint.domain.size or TRIED)
    points, data = constraint.domain.draw(count, generator)
    batch = Batch(points, {key: data[key] for key in requests.data})

    axes = tuple(axis.name for axis in constraint.domain.axes)

    def at(jets: Mapping[Derivative, Tensor]) -> Tensor:
        return flat(over_known(constraint.residual, axes, batch.points, batch.data, jets))

    def random(size: float) -> dict[Derivative, Tensor]:
        return {
            d: size
            * sizes[d.field]
            * natural_size(d)
            * torch.randn(
                len(points),
                *d.shape,
                dtype=torch.complex128 if d.field.is_complex else torch.float64,
                generator=generator,
            )
            for d in requests.derivatives
        }

    zero = {d: torch.zeros_like(value) for d, value in random(0.0).items()}
    nothing = at(zero)
    for size in SIZES:
        a, b = random(size), random(3.0 * size)
        values = [at(a), at(b), nothing, at({d: a[d] + b[d] for d in a})]
        if not _adds_up(torch.stack(values)):
            return False
    return True


def _adds_up(values: Tensor) -> bool:
    """Whether r(a) + r(b) - r(0) = r(a + b) where any of the four (4, n, m) is finite, component by component."""
    finite = values.isfinite()
    known = finite.all(0)
    if bool((finite.any(0) & ~known).any()) or not bool(known.any()):
        return False
    values = torch.where(known, values, 0.0)
    error = (values[0] + values[1] - values[2] - values[3]).abs()
    size = values.abs().sum(0).amax(0)  # of a component, over the points
    return bool((error <= ROUNDING * size).all())


def linearise(sweep: Sweep, place: int, constraint: int, batch: Batch, sizes: Mapping[Field, float]) -> Rows:
    """A constraint's rows by differences of jets as large as those of networks of these sizes."""
    numbers = batch.points.new_zeros(0)

    def residuals(chunk: Batch, jets: Sequence[Tensor]) -> Tensor:
        return flat(sweep.over_same(place, chunk, jets, numbers))

    zero = [batch.points.new_zeros(len(sweep.asked[u]), u.outputs) for u in sweep.fields]

    def slope(field: int, chunk: Batch, offset: Tensor) -> Tensor:
        """Differences from zero, which are exact for an affine function and need no derivative."""
        shape, u = zero[field].shape, sweep.fields[field]
        steps = [
            STEP * power_of_two(sizes[u] * natural_size(d)) for d in sweep.asked[u] for _ in range(shape[1])
        ]
        each = offset.new_tensor(steps)
        units = torch.diag(each)

        def moved(unit: Tensor) -> Tensor:
            jets = [unit.reshape(shape) if f == field else jet for f, jet in enumerate(zero)]
            return residuals(chunk, jets)

        differences = (torch.func.vmap(moved)(units) - offset) / each[
            :, None, None
        ]  # (requests * outputs, n, m)
        return differences.movedim(0, -1).reshape(*offset.shape, *shape)

    def rows(chunk: Batch) -> list[Tensor]:
        offset = residuals(chunk, zero)
        return [offset, *(slope(f, chunk, offset) for f in range(len(zero)))]

    offset, *slopes = mapped(rows, batch, max(1, CHUNK // sweep.nodes**2))
    return Rows(constraint, place, batch, sweep, offset, tuple(slopes))


def tangents(
    sweep: Sweep,
    rows: RowPullback,
    members: Sequence[int],
    batch: Batch,
    theta: Tensor,
    device: torch.device,
) -> Iterator[Rows]:
    """The same about the fields of ``theta``: r(jets + d) = offset + Σ G d to first order."""
    weights, raw = sweep.load(theta), theta[sweep.parameters.numbers_slice]

    def linear(chunk: Batch) -> list[Tensor]:
        jets, _ = sweep.jets(weights, chunk)
        components, each = rows.slopes(chunk, jets, raw)
        by_field = [torch.stack([by_jet[f] for _, by_jet in each]) for f in range(len(jets))]
        return [components, *(slopes.permute(2, 0, 1, 3) for slopes in by_field)]

    offset, *slopes = mapped(linear, batch, sweep.chunk(device))
    first = 0
    for place, i in enumerate(members):
        own = slice(first, first + sweep.requests[place].size)
        yield Rows(i, place, batch, sweep, offset[:, own], tuple(slope[:, own] for slope in slopes))
        first = own.stop
