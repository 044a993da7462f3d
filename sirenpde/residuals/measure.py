"""How well each constraint is met, measured against its own terms."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from ..calculus.field import Field
from ..calculus.symbols import Powers, Symbol
from ..engines.registry import engine_for
from ..engines.series import on_shared_coordinates
from ..geometry import can
from ..problem.scaling import inverse_length
from .batch import Batch
from .chunks import mapped
from .evaluator import jets_on_grid
from .slopes import SIGNS, signs
from .system import Group, System

POINTS = 1024  # of a group of constraints, at which its terms are measured
# Standard deviations, the root of twice its mean, that a chi-square may be above the number of its terms.
LARGEST = 3.1
# Of a field's size: its derivatives count as no smaller, so that a constant may solve an equation.
FLOOR = 1e-3
NODES = 1 << 16  # at which fields are read for a group's terms, where samples have more than one each
# Points that an engine takes at once, below which those of a whole grid are sooner had by a transform.
FEW = 64
NOTHING = 1e-9  # of a constraint's terms: data as small as that are rounding

Usual = Mapping[Field, Mapping[Powers, Tensor]]  # sizes of partial derivatives, each (outputs,)


def relative_residuals(system: System, theta: Tensor, batches: Sequence[Batch]) -> Tensor:
    """ρ_i = rms(r_i) / S_i for every constraint, (constraints,): 0 is solved, 1 is as bad as one term left out.

    S_i is the largest of the constraint's own terms at these fields: for every derivative ∂^a u in it
    rms|∂r_i/∂(∂^a u)| V, for every unknown number the same, and what is left of r_i beside these linear terms.
    V is the largest root mean square of the derivative over any of the sample sets, so that u = 0 on a wall is
    measured against u inside, and the derivatives of an operator count one by one: u_xx + u_yy may vanish, u_xx does
    not. It is at least 1e-3 of the field's own size, or of that which the data ask for, over the lengths of its axes,
    so that constants and fields that vanish may be solutions. In conditions, which hold on less than the whole, it is
    also at least 1e-3 of the field's largest derivative of that order: a slope of 0 at a wall is measured against
    slopes elsewhere, along other axes too. In equations without data, all of whose fields are below 1e-3 of what the
    data ask for, it rises from there on as such fields fall, to that size at 1e-6 of it: fields that vanish, as the
    data of other constraints have it, are as well known as those beside which they stand there. Measurements with a
    given standard deviation count as met where what they leave is no more than noise.
    """
    residuals = system.residuals(theta, batches)
    usual, vanishing = _usual(system, theta, batches)
    sizes = theta.new_zeros(len(residuals))
    for group, batch in system.paired(batches):
        found = _term_sizes(system, theta, group, batch, usual, vanishing)
        for i, size in zip(group.members, found, strict=True):
            sizes[i] = size
    rms = torch.stack([r.square().sum(1).mean().sqrt() for r in residuals])
    for i, (constraint, r) in enumerate(zip(system.problem.constraints, residuals, strict=True)):
        if constraint.is_measured and is_noise(r):
            rms[i] = 0.0
    return torch.where(rms > 0, rms / sizes, rms)


def is_noise(residuals: Tensor) -> bool:
    """Whether residuals in units of their standard deviations have a chi-square that one in a thousand exceeds."""
    count = residuals.numel()
    return float(residuals.square().sum()) <= count + LARGEST * math.sqrt(2 * count)


def _some(batch: Batch, group: Group) -> slice:
    """Points evenly spread over a batch."""
    most = min(POINTS, max(1, NODES // group.evaluator.nodes))
    stride = max(1, -(-len(batch) // most))
    return slice(None, None, stride)


def _values_at_some(
    system: System, theta: Tensor, group: Group, batch: Batch, u: Field, symbols: Sequence[Symbol]
) -> list[Tensor]:
    """Derivatives of a field's network at some points of a batch, each (symbols, points, outputs).

    Where a single point takes long they are those of all points, by a transform.
    """
    evaluator, network = group.evaluator, system.parameters.networks[u]
    engine, rows = engine_for(network, symbols, len(u.axes)), _some(batch, group)
    if engine.chunk < FEW and evaluator.is_plain:
        weights, x = system.parameters.of(u, theta), evaluator.coordinates(u, batch)
        every = on_shared_coordinates(network, symbols, weights, x)
        if every is not None:
            return [every[:, rows]]
    return list(evaluator.values_by(engine, u, theta, batch.part(rows)))


def _jets_at_some(system: System, theta: Tensor, group: Group, batch: Batch) -> list[Tensor]:
    """What a group's residuals ask for, at some points of a batch; so too."""
    evaluator, rows = group.evaluator, _some(batch, group)
    size = evaluator.chunk(system.device)
    every = jets_on_grid(evaluator, theta, batch) if size < FEW else None
    if every is not None:
        return [jet[:, rows] for jet in every]
    weights = evaluator.load(theta)
    return mapped(lambda chunk: evaluator.jets(weights, chunk)[0], batch.part(rows), size, dim=1)


def _usual(system: System, theta: Tensor, batches: Sequence[Batch]) -> tuple[Usual, Usual]:
    """The largest root mean square of every partial derivative in the problem, over any of the sample sets.

    And what these count as at least in equations of fields that vanish beside what the data ask for, for such fields.
    """
    usual, vanishing = {}, {}
    for u in system.parameters.networks:
        zero = (0,) * len(u.axes)
        asked = [d.symbol for requests in system.problem.requests for d in requests.of(u)]
        partials = list(dict.fromkeys([zero, *(powers for symbol in asked for powers, _ in symbol.terms)]))
        if any(sum(powers) == 1 for powers in partials):  # slopes are compared with each other
            slopes = (tuple(int(i == j) for j in range(len(u.axes))) for i in range(len(u.axes)))
            partials = list(dict.fromkeys([*partials, *slopes]))
        symbols = [Symbol.of({powers: 1.0}) for powers in partials]
        most = theta.new_zeros(len(partials), u.outputs)
        for group, batch in system.paired(batches):
            if u in group.evaluator.fields:
                read = _values_at_some(system, theta, group, batch, u, symbols)
                squares = torch.stack([values.square().sum(1) for values in read]).sum(0)
                most = torch.maximum(most, (squares / sum(values.shape[1] for values in read)).sqrt())
        least = FLOOR * max(float(most[0].max()), system.sizes[u])
        usual[u] = {
            powers: size.clamp(min=least * inverse_length(u, powers))
            for powers, size in zip(partials, most, strict=True)
        }
        own, most_asked = float(most[0].max()), system.sizes[u]
        if own < FLOOR * most_asked:
            share = min(1.0, FLOOR**2 * most_asked / own) if own else 1.0
            vanishing[u] = {
                powers: size.clamp(min=share * most_asked * inverse_length(u, powers))
                for powers, size in usual[u].items()
            }
    return usual, vanishing


def _beside_others(u: Field, sizes: Mapping[Powers, Tensor]) -> Mapping[Powers, Tensor]:
    """Sizes of derivatives, none of which is below a share of the largest of its order, over the axes' lengths."""
    even = {powers: size / inverse_length(u, powers) for powers, size in sizes.items()}
    most: dict[int, Tensor] = {}
    for powers, size in even.items():
        order = sum(powers)
        most[order] = torch.maximum(most[order], size) if order in most else size
    return {
        powers: torch.maximum(size, FLOOR * most[sum(powers)] * inverse_length(u, powers))
        for powers, size in sizes.items()
    }


def _term_sizes(
    system: System, theta: Tensor, group: Group, batch: Batch, usual: Usual, vanishing: Usual
) -> Iterator[Tensor]:
    """S of every constraint of a group."""
    evaluator = group.evaluator
    jets, batch = _jets_at_some(system, theta, group, batch), batch.part(_some(batch, group))
    whole = can.dimension_of(group.domain)
    measure = _wide if group.residual_slopes.is_wide else _narrow
    measured = measure(system, theta, group, batch, jets)
    for requests, (rest, by_field, numbers) in zip(evaluator.requests, measured, strict=True):
        largest, absent = [theta.new_zeros(())], [theta.new_zeros(())]
        for u, rms in zip(evaluator.fields, by_field, strict=True):
            # The nodes of a site make one term together.
            sizes = dict(zip(evaluator.asked[u].requests, evaluator.asked[u].gathered(rms), strict=True))
            known = usual[u] if whole >= len(u.axes) else _beside_others(u, usual[u])
            for d, size in sizes.items():
                largest += [(size * abs(c) * known[powers]).max() for powers, c in d.symbol.terms]
                if u in vanishing:
                    absent += [(size * abs(c) * vanishing[u][powers]).max() for powers, c in d.symbol.terms]
        data = [_rms(rest), *numbers]
        largest += data
        alone = all(u in vanishing for u in requests.fields) and whole == len(group.domain.axes)
        if alone and float(torch.stack(data).max()) <= NOTHING * float(torch.stack(largest).max()):
            largest += absent
        yield torch.stack(largest).max()


# Of one constraint: what is left of it beside its linear terms (n, m), the root mean squares of its slopes by the
# jets of every field, (requests, outputs), and the sizes of its terms in the unknown numbers.
Terms = tuple[Tensor, list[Tensor], list[Tensor]]


def _narrow(
    system: System, theta: Tensor, group: Group, batch: Batch, jets: Sequence[Tensor]
) -> Iterator[Terms]:
    raw, first = theta[system.parameters.numbers_slice], 0
    components, slopes = group.residual_slopes.slopes(batch, jets, raw)
    for requests in group.evaluator.requests:
        rows = slice(first, first + requests.size)
        rest, by_field = components[:, rows], []
        for f, jet in enumerate(jets):
            by_request = torch.stack([by_jet[f] for _, by_jet in slopes[rows]])  # (m, requests, n, outputs)
            rest = rest - torch.einsum("msno,sno->nm", by_request, jet)
            by_field.append(by_request.square().sum(0).mean(1).sqrt())
        yield rest, by_field, list(_by_numbers(system, raw, torch.stack([s for s, _ in slopes[rows]])))
        first = rows.stop


def _wide(
    system: System, theta: Tensor, group: Group, batch: Batch, jets: Sequence[Tensor]
) -> Iterator[Terms]:
    """The same where a sample has very many components, such as all numbers of a transform.

    A sum of the components with random signs has slopes whose squares are in the mean the sums of theirs.
    """
    raw, random = theta[system.parameters.numbers_slice], torch.Generator().manual_seed(0)
    for index, requests in enumerate(group.evaluator.requests):
        factors = signs(random, theta, SIGNS, len(batch), requests.size)
        found = [group.residual_slopes.pulled(index, batch, jets, raw, each) for each in factors]
        squares = [torch.stack([slopes[f] for *_, slopes in found]).square() for f in range(len(jets))]
        components, linear, _ = found[0]
        yield components - linear, [by.mean((0, 2)).sqrt() for by in squares], []


def _by_numbers(system: System, raw: Tensor, slopes: Tensor) -> Iterator[Tensor]:
    """∂r/∂c · c of every unknown number c, from the slopes by the parameters, (m, n, unknowns)."""
    for k, c in enumerate(system.parameters.unknowns):
        parameter = raw[k].detach().double().requires_grad_()
        with torch.enable_grad():
            value = c.value(parameter)
            (speed,) = torch.autograd.grad(value, parameter)
        if float(speed) != 0:
            yield _rms(slopes[..., k].T) * (value.detach() / speed).abs().to(raw)


def _rms(rows: Tensor) -> Tensor:  # (n, m)
    return rows.square().sum(1).mean().sqrt()
