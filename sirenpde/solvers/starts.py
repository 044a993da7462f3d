"""Where a run begins when vanishing fields, the usual start, have no finite residual or cannot move: at constants."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from ..calculus.field import Field
from ..calculus.symbols import Symbol
from ..residuals import Batch, Evaluator, System
from ..sampling.drawing import HELD_OUT, generator

Constants = Mapping[Field, tuple[float, ...]]  # one number per real output of a field's network

TRIED = (1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 0.1, -0.1, 10.0, -10.0, 1e3, -1e3)
POINTS = 256  # of each domain, at which constants are tried
STEPS = 20  # of Gauss-Newton, from the best constant tried
HALVINGS = 20
BETTER = 0.999  # of the residuals' norm, for a step to count


def constant_start(system: System, seed: int) -> Constants:
    """Constant fields with finite residuals and slopes, where vanishing ones have none or cannot move; else empty.

    With sqrt(u), log(u) or 1/u in a constraint nothing can start from u = 0, and with u² only no step leaves it,
    since all slopes vanish there. Of a few numbers the one with the smallest objective is taken, and improved by
    Gauss-Newton steps over one constant per field: the boundary and initial data say how large. Fields that can
    move begin at zero. Empty too where no constant tried is finite.
    """
    few, fields = _samples(system, seed), system.problem.fields
    moved = set(fields)
    if _is_finite(system, few, {u: (0.0,) * u.outputs for u in fields}):
        moved = _stuck(system, few, seed)
    if not moved:
        return {}
    tried = [_all_at(system, size, moved) for size in TRIED]
    finite = [constants for constants in tried if _is_finite(system, few, constants)]
    if not finite:
        return {}
    sizes = [float(_rows(system, few, constants)[0].norm()) for constants in finite]
    return _improved(system, few, finite[sizes.index(min(sizes))])


def _stuck(system: System, batches: Sequence[Batch], seed: int) -> set[Field]:
    """Fields whose slopes vanish where they do, whatever the others are; all, where all slopes vanish together.

    Fields whose constraints are met where they vanish are where they should be.
    """
    fields = [u for u in system.problem.fields if u.initial is None]
    if not fields or _slopes(system, batches, fields, set(), seed) is None:
        return set()
    still = {u for u in fields if not _slopes(system, batches, [u], set(system.problem.fields) - {u}, seed)}
    everything = _slopes(system, batches, system.problem.fields, set(), seed)
    return still if everything else set(fields)


def _slopes(
    system: System, batches: Sequence[Batch], by: Sequence[Field], random: set[Field], seed: int
) -> float | None:
    """The largest slope of a residual by the jets of some fields, all zero but those of ``random``.

    None where all residuals vanish.
    """
    raw, source = system.initial()[system.parameters.numbers_slice], generator(seed, HELD_OUT)
    largest, size = 0.0, 0.0
    for group, batch in zip(system.groups, batches, strict=True):
        jets = []
        for u in group.evaluator.fields:
            shape = len(group.evaluator.asked[u]), len(batch), u.outputs
            values = torch.randn(shape, generator=source, dtype=torch.float64) * (u in random)
            jets.append(values.to(batch.points))
        components, each, _ = group.residual_slopes.sketched(batch, jets, raw)
        size = max(size, float(components.abs().max()))
        for _, by_jet in each:
            by_field = [slope for u, slope in zip(group.evaluator.fields, by_jet, strict=True) if u in by]
            largest = max([largest, *(float(slope.abs().max()) for slope in by_field if slope.numel())])
    return largest if size > 0 else None


def number_start(system: System, seed: int) -> Tensor:
    """The networks' first parameters, with unknown numbers moved by one that cannot move by themselves.

    Where a number enters squared and starts at zero, no residual has a slope by it, whatever the fields are.
    """
    theta, source = system.initial(), generator(seed, HELD_OUT)
    numbers = system.parameters.numbers_slice
    if numbers.stop == numbers.start:
        return theta
    raw, sizes = theta[numbers], torch.zeros(numbers.stop - numbers.start, dtype=torch.float64)
    for group, batch in zip(system.groups, _samples(system, seed), strict=True):
        shapes = [(len(group.evaluator.asked[u]), len(batch), u.outputs) for u in group.evaluator.fields]
        jets = [torch.rand(s, generator=source, dtype=torch.float64).to(batch.points) + 0.5 for s in shapes]
        for by_number, _ in group.residual_slopes.sketched(batch, jets, raw)[1]:
            sizes = sizes.maximum(by_number.abs().amax(0).double().cpu())
    theta[numbers] = raw + (sizes == 0).to(raw)
    return theta


def describe_start(constants: Constants, units: Mapping[Field, float]) -> str:
    """For example ``u = 1, v = (0.5, 0.5)``, for fields that are these units times their networks."""
    constants = {u: tuple(units[u] * value for value in values) for u, values in constants.items()}
    return ", ".join(
        f"{u.name} = {values[0]:.4g}"
        if len(values) == 1
        else f"{u.name} = ({', '.join(f'{v:.4g}' for v in values)})"
        for u, values in constants.items()
    )


def _samples(system: System, seed: int) -> list[Batch]:
    """A few points of every domain."""
    random, batches = generator(seed, HELD_OUT), []
    for group in system.groups:
        count = None if group.samples is None else min(group.samples, POINTS)
        points, data = group.domain.draw(count, random)
        batches.append(system.batch(points[:POINTS], {key: data[key][:POINTS] for key in group.data}))
    return batches


def _all_at(system: System, size: float, moved: set[Field]) -> Constants:
    """This number for every component of some fields, imaginary parts and other fields zero."""
    return {
        u: (size * (u in moved),) * u.components + (0.0,) * (u.outputs - u.components)
        for u in system.problem.fields
    }


def _jets(evaluator: Evaluator, batch: Batch, constants: Constants) -> list[Tensor]:
    """The derivatives that are asked for of constant fields: multiples of their values, and zero."""
    jets = []
    for u in evaluator.fields:
        factors = _factors(evaluator, u, batch)
        values = batch.points.new_tensor(constants[u])
        jets.append((factors[:, None, None] * values).repeat(1, len(batch), 1))
    return jets


def _factors(evaluator: Evaluator, u: Field, batch: Batch) -> Tensor:
    """What each request multiplies a constant by, (requests,)."""
    asked = evaluator.asked[u]
    return asked.spread(batch.points.new_tensor([_factor(d.symbol) for d in asked.requests]))


def _factor(symbol: Symbol) -> float:
    """What an operator multiplies a constant by."""
    return symbol.terms[0][1] if symbol.order == 0 else 0.0


def _is_finite(system: System, batches: Sequence[Batch], constants: Constants) -> bool:
    """Whether the losses are finite, and their slopes by the jets."""
    raw = system.initial()[system.parameters.numbers_slice]
    for group, batch in zip(system.groups, batches, strict=True):
        values = group.loss_slopes.plain(batch, _jets(group.evaluator, batch, constants), raw)
        if not all(bool(value.isfinite().all()) for value in values):
            return False
    return True


def _rows(system: System, batches: Sequence[Batch], constants: Constants) -> tuple[Tensor, Tensor]:
    """All residuals, scaled so that their squares sum to the objective, and their slopes by the constants."""
    raw = system.initial()[system.parameters.numbers_slice]
    vectors, matrices = [], []
    for group, batch in zip(system.groups, batches, strict=True):
        evaluator = group.evaluator
        jets = _jets(evaluator, batch, constants)
        components, each, owners = group.residual_slopes.sketched(batch, jets, raw)
        factors = [_factors(evaluator, u, batch) for u in evaluator.fields]
        for component, (_, by_jet), member in zip(components.unbind(1), each, owners, strict=True):
            i = group.members[member]
            slopes = dict(zip(evaluator.fields, by_jet, strict=True))
            scale = math.sqrt(system.row_weight(i) / len(batch))
            by_constant = [
                torch.einsum("r,rno->no", factors[evaluator.fields.index(u)], slopes[u])
                if u in slopes
                else component.new_zeros(len(batch), u.outputs)
                for u in system.problem.fields
            ]
            vectors.append(scale * component)
            matrices.append(scale * torch.cat(by_constant, dim=1))
    return torch.cat(vectors), torch.cat(matrices)


def _improved(system: System, batches: Sequence[Batch], constants: Constants) -> Constants:
    """Gauss-Newton steps over the constants, halved until the objective falls and stays finite."""
    vector, matrix = _rows(system, batches, constants)
    for _ in range(STEPS):
        step = -(torch.linalg.pinv(matrix) @ vector)
        for halving in range(HALVINGS):
            trial = _moved(system, constants, 0.5**halving * step)
            if _is_finite(system, batches, trial):
                tried = _rows(system, batches, trial)
                if float(tried[0].norm()) < BETTER * float(vector.norm()):
                    break
        else:
            return constants
        constants, (vector, matrix) = trial, tried
    return constants


def _moved(system: System, constants: Constants, step: Tensor) -> Constants:
    changes = step.tolist()
    moved, first = {}, 0
    for u in system.problem.fields:
        step_of = changes[first : first + u.outputs]
        moved[u] = tuple(a + b for a, b in zip(constants[u], step_of, strict=True))
        first += u.outputs
    return moved
