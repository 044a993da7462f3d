"""Problem + parameters -> residuals: their losses, gradients and linear rows. Points are mapped here only.

A residual depends on the parameters only through the jets (the requested derivatives) at its point. So the
engines push the points through the networks, the user's function maps jets to residuals point by point, and
the small derivative of the one by the other goes back through the engines.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from .calculus.engine import Engine
from .calculus.engines import engine_for
from .calculus.field import Derivative, Field, Unknown
from .calculus.layout import flatten
from .calculus.operators import PointFunction
from .calculus.separable import on_shared_coordinates
from .geometry.domain import Domain
from .geometry.point import Point
from .problem import Constraint, Problem, Recorder, Requests, name_of

GPU_CHUNK = 1 << 17


@dataclass(frozen=True)
class Batch:
    """The samples of one group of constraints: points (n, d) and their data, each (n, ...)."""

    points: Tensor
    data: Mapping[str, Tensor]

    def __len__(self) -> int:
        return len(self.points)

    def chunks(self, size: int) -> Iterator[Batch]:
        for start in range(0, len(self), size):
            rows = slice(start, start + size)
            yield Batch(self.points[rows], {key: value[rows] for key, value in self.data.items()})


class Parameters:
    """Where each field's network and each unknown number lies in the flat vector theta."""

    def __init__(self, networks: Mapping[Field, nn.Module], unknowns: Sequence[Unknown]) -> None:
        self.networks = dict(networks)
        self.unknowns = tuple(unknowns)
        self.slices: dict[Hashable, slice] = {}
        start = 0
        for u, module in self.networks.items():
            count = sum(q.numel() for q in module.parameters() if q.requires_grad)
            self.slices[u] = slice(start, start + count)
            start += count
        for c in self.unknowns:
            self.slices[c] = slice(start, start + 1)
            start += 1
        self.count = start

    def initial(self) -> Tensor:
        parts = [flatten(module) for module in self.networks.values()]
        like = parts[0] if parts else torch.zeros(0, dtype=torch.float64)
        return torch.cat([*parts, *(c.raw().to(like).reshape(1) for c in self.unknowns)])

    def of(self, key: Field | Unknown, theta: Tensor) -> Tensor:
        return theta[self.slices[key]]

    def numbers(self, theta: Tensor) -> Tensor:
        """The values of the unknown numbers, (len(unknowns),)."""
        values = [c.value(self.of(c, theta)) for c in self.unknowns]
        return torch.cat(values) if values else theta.new_zeros(0)


class Sweep:
    """Functions of a point evaluated over many: one engine per field, each request computed once."""

    def __init__(
        self,
        functions: Sequence[PointFunction],
        requests: Sequence[Requests],
        axes: tuple[str, ...],
        parameters: Parameters,
    ) -> None:
        self.functions = tuple(functions)
        self.requests = tuple(requests)
        self.axes = axes
        self.parameters = parameters
        self.fields = tuple(dict.fromkeys(u for asked in requests for u in asked.fields))
        self.asked = {
            u: tuple(dict.fromkeys(d for asked in requests for d in asked.of(u))) for u in self.fields
        }
        self.columns = {u: [axes.index(axis.name) for axis in u.axes] for u in self.fields}
        self.engines: dict[Field, Engine] = {
            u: engine_for(parameters.networks[u], [d.symbol for d in self.asked[u]], len(u.axes))
            for u in self.fields
        }
        self.places: dict[Hashable, tuple[int, int]] = {
            d: (i, s) for i, u in enumerate(self.fields) for s, d in enumerate(self.asked[u])
        }

    def chunk(self, device: torch.device) -> int:
        if device.type != "cpu":
            return GPU_CHUNK
        return min((engine.chunk for engine in self.engines.values()), default=4096)

    def load(self, theta: Tensor) -> list[Any]:
        return [engine.load(self.parameters.of(u, theta)) for u, engine in self.engines.items()]

    def jets(self, weights: Sequence[Any], points: Tensor) -> tuple[list[Tensor], list[Any]]:
        """The requested derivatives of every field, each (requests, n, outputs), and the engines' tapes."""
        pairs = [
            engine.forward(w, points[:, self.columns[u]])
            for (u, engine), w in zip(self.engines.items(), weights, strict=True)
        ]
        return [jet for jet, _ in pairs], [tape for _, tape in pairs]

    def at(
        self, coords: Tensor, jets: Sequence[Tensor], data: Mapping[str, Tensor], numbers: Tensor
    ) -> list[Tensor]:
        """The functions' values at one point, from its jets, each (requests, outputs)."""

        def read(key: Hashable) -> Tensor:
            if isinstance(key, Unknown):
                return numbers[self.parameters.unknowns.index(key)]
            if key not in self.places:
                raise KeyError(
                    f"{key} is not planned here; the plan holds {', '.join(map(str, self.places))}. A plan is made "
                    f"by calling the function once, so ask for every derivative on every path through it."
                )
            field, row = self.places[key]
            return _assemble(jets[field][row], self.fields[field])

        p = Point(self.axes, coords, read, lambda key: data[key])
        return [function(p) for function in self.functions]

    def over(self, batch: Batch, jets: Sequence[Tensor], numbers: Tensor) -> list[Tensor]:
        """The functions' values over a batch: each (n, *shape)."""
        mapped = torch.func.vmap(self.at, in_dims=(0, [1] * len(jets), 0, None))
        values: list[Tensor] = mapped(batch.points, list(jets), dict(batch.data), numbers)
        return values


def _assemble(jet: Tensor, u: Field) -> Tensor:
    """A request's value at one point from the network's real outputs."""
    if u.is_complex:
        return torch.complex(jet[: u.components], jet[u.components :]).reshape(u.shape)
    return jet.reshape(u.shape)


def flat(residual: Tensor) -> Tensor:
    """Residuals (n, *shape) as real components (n, m), real and imaginary parts side by side."""
    rows = residual.reshape(len(residual), -1)
    return torch.view_as_real(rows).flatten(1) if rows.is_complex() else rows


@dataclass(frozen=True)
class Group:
    """Constraints that share their samples, and so one pass through the networks."""

    domain: Domain
    samples: int | None
    members: tuple[int, ...]  # positions among the problem's constraints
    data: tuple[str, ...]
    sweep: Sweep


@dataclass(frozen=True)
class Evaluation:
    """The objective's weighted terms, one per constraint, and its gradient."""

    terms: Tensor
    gradient: Tensor

    @property
    def loss(self) -> Tensor:
        return self.terms.sum()


@dataclass(frozen=True)
class Rows:
    """A constraint's residuals as an affine function of the jets at each point: r = offset + Σ G jets."""

    constraint: int
    place: int  # of the constraint among the sweep's functions
    batch: Batch
    sweep: Sweep
    offset: Tensor  # (n, m)
    slopes: tuple[Tensor, ...]  # per field (n, m, requests, outputs)


class NotFinite(ArithmeticError):
    """A residual that is not a finite number; the message names the constraint and the point."""


class System:
    """The residuals of a problem with given networks, as functions of one flat parameter vector.

    Everything here is a pure function of ``theta`` and the batches; nothing is stored between calls.
    """

    def __init__(
        self, problem: Problem, networks: Mapping[Field, nn.Module], device: torch.device, dtype: torch.dtype
    ):
        self.problem = problem
        self.device = device
        self.dtype = dtype
        modules = {u: networks[u].to(device=device, dtype=dtype) for u in problem.fields}
        self.parameters = Parameters(modules, problem.unknowns)
        self.groups = tuple(self._groups())

    def _groups(self) -> Iterator[Group]:
        shared: dict[tuple[int, int | None], list[int]] = {}
        for i, constraint in enumerate(self.problem.constraints):
            shared.setdefault((id(constraint.domain), constraint.samples), []).append(i)
        for members in shared.values():
            first = self.problem.constraints[members[0]]
            asked = [self.problem.requests[i] for i in members]
            sweep = Sweep(
                [self.problem.constraints[i].residual for i in members],
                asked,
                tuple(axis.name for axis in first.domain.axes),
                self.parameters,
            )
            data = tuple(dict.fromkeys(key for requests in asked for key in requests.data))
            yield Group(first.domain, first.samples, tuple(members), data, sweep)

    def initial(self) -> Tensor:
        return self.parameters.initial().to(device=self.device, dtype=self.dtype)

    def draw(self, generator: torch.Generator, scale: float = 1.0) -> tuple[Batch, ...]:
        """Samples for every group; ``scale`` multiplies how many, except where all points are used."""
        return tuple(self.draw_group(group, generator, scale) for group in self.groups)

    def draw_group(self, group: Group, generator: torch.Generator, scale: float = 1.0) -> Batch:
        count = None if group.samples is None else max(1, round(group.samples * scale))
        points, data = group.domain.draw(count, generator)
        return self.batch(points, {key: data[key] for key in group.data})

    def batch(self, points: Tensor, data: Mapping[str, Tensor]) -> Batch:
        """Samples in the run's precision, on its device."""
        convert = {key: self._convert(value) for key, value in data.items()}
        return Batch(points.to(device=self.device, dtype=self.dtype), convert)

    def _convert(self, value: Tensor) -> Tensor:
        dtype = self.dtype.to_complex() if value.is_complex() else self.dtype
        return value.to(device=self.device, dtype=dtype)

    def gradient(self, theta: Tensor, batches: Sequence[Batch]) -> Evaluation:
        """The objective's terms and gradient, chunk by chunk: memory does not grow with the points."""
        theta = theta.detach()
        terms = theta.new_zeros(len(self.problem.constraints))
        gradient = torch.zeros_like(theta)
        for group, batch in zip(self.groups, batches, strict=True):
            weights = group.sweep.load(theta)
            for chunk in batch.chunks(group.sweep.chunk(self.device)):
                self._add_chunk(group, weights, chunk, len(batch), theta, terms, gradient)
        return Evaluation(terms, gradient)

    def _add_chunk(
        self,
        group: Group,
        weights: Sequence[Any],
        chunk: Batch,
        total: int,
        theta: Tensor,
        terms: Tensor,
        gradient: Tensor,
    ) -> None:
        sweep = group.sweep
        jets, tapes = sweep.jets(weights, chunk.points)
        leaves = [jet.detach().requires_grad_() for jet in jets]
        raw = [self.parameters.of(c, theta).detach().requires_grad_() for c in self.parameters.unknowns]
        with torch.enable_grad():
            numbers = (
                torch.cat([c.value(q) for c, q in zip(self.parameters.unknowns, raw, strict=True)])
                if raw
                else theta
            )
            values = sweep.over(chunk, leaves, numbers)
            losses = [
                self._term(i, value).sum() / total for i, value in zip(group.members, values, strict=True)
            ]
            slopes = torch.autograd.grad(sum(losses[1:], losses[0]), [*leaves, *raw], allow_unused=True)
        for i, loss in zip(group.members, losses, strict=True):
            terms[i] += loss.detach()
        for (u, engine), w, tape, slope in zip(sweep.engines.items(), weights, tapes, slopes, strict=False):
            if slope is not None:
                engine.backward(w, tape, slope, gradient[self.parameters.slices[u]])
        for c, slope in zip(self.parameters.unknowns, slopes[len(leaves) :], strict=True):
            if slope is not None:
                gradient[self.parameters.slices[c]] += slope

    def _term(self, i: int, value: Tensor) -> Tensor:
        constraint = self.problem.constraints[i]
        return constraint.weight * constraint.loss.pointwise(flat(value))

    def residuals(self, theta: Tensor, batches: Sequence[Batch]) -> list[Tensor]:
        """Every constraint's residuals as real components, (n, m), unweighted, in the problem's order."""
        found: dict[int, Tensor] = {}
        for group, batch in zip(self.groups, batches, strict=True):
            values = evaluate(group.sweep, theta, batch, self.device)
            found.update(zip(group.members, map(flat, values), strict=True))
        return [found[i] for i in range(len(self.problem.constraints))]

    def losses(self, theta: Tensor, batches: Sequence[Batch]) -> Tensor:
        """The objective's weighted terms, one per constraint, without gradients."""
        residuals = self.residuals(theta, batches)
        return torch.stack(
            [
                c.weight * c.loss.pointwise(r).mean()
                for c, r in zip(self.problem.constraints, residuals, strict=True)
            ]
        )

    def linear_rows(self, batches: Sequence[Batch]) -> Iterator[Rows]:
        """Each constraint's residuals as affine functions of the jets. Meaningful where ``is_affine``."""
        for group, batch in zip(self.groups, batches, strict=True):
            for place, i in enumerate(group.members):
                yield _linearise(group.sweep, place, i, batch)

    def check_finite(self, theta: Tensor, batches: Sequence[Batch]) -> None:
        """Raise ``NotFinite``, naming the first constraint and point, if a residual is not finite."""
        for group, batch in zip(self.groups, batches, strict=True):
            values = evaluate(group.sweep, theta, batch, self.device)
            for i, value in zip(group.members, values, strict=True):
                bad = ~flat(value).isfinite().all(1)
                if bad.any():
                    place = batch.points[int(bad.nonzero()[0])]
                    where = ", ".join(
                        f"{a} = {x:.6g}" for a, x in zip(group.sweep.axes, place.tolist(), strict=True)
                    )
                    raise NotFinite(
                        f"The residual of constraint '{self.problem.constraints[i].name}' is not finite at {where}."
                    )


def evaluate(sweep: Sweep, theta: Tensor, batch: Batch, device: torch.device) -> list[Tensor]:
    """The sweep's functions over all points of a batch, without gradients."""
    with torch.no_grad():
        numbers = sweep.parameters.numbers(theta)
        shared = _jets_on_grid(sweep, theta, batch)
        if shared is not None:
            return sweep.over(batch, shared, numbers)
        weights = sweep.load(theta)
        parts = [
            sweep.over(chunk, [jet.clone() for jet in sweep.jets(weights, chunk.points)[0]], numbers)
            for chunk in batch.chunks(sweep.chunk(device))
        ]
        return [torch.cat(part) for part in zip(*parts, strict=True)]


def _jets_on_grid(sweep: Sweep, theta: Tensor, batch: Batch) -> list[Tensor] | None:
    """All jets at once, where every field is a series and the points fill a grid; else None."""
    jets = []
    for u in sweep.fields:
        symbols = [d.symbol for d in sweep.asked[u]]
        own, x = sweep.parameters.of(u, theta), batch.points[:, sweep.columns[u]]
        jet = on_shared_coordinates(sweep.parameters.networks[u], symbols, own, x)
        if jet is None:
            return None
        jets.append(jet)
    return jets


# ------------------------------------------------------------------------------------ affine constraints


def is_affine(problem: Problem) -> bool:
    """Whether every constraint is affine in the fields, found by trying: r(a) + r(b) - r(0) = r(a + b).

    Unknown numbers count as not affine, and so does any loss but ``l2``.
    """
    if problem.unknowns or any(constraint.loss.name != "l2" for constraint in problem.constraints):
        return False
    return all(_affine(*pair) for pair in zip(problem.constraints, problem.requests, strict=True))


def _affine(constraint: Constraint, requests: Requests) -> bool:
    generator = torch.Generator().manual_seed(1)
    points, data = constraint.domain.draw(min(16, constraint.domain.size or 16), generator)
    batch = Batch(points, {key: data[key] for key in requests.data})

    def at(jets: Mapping[Derivative, Tensor]) -> Tensor:
        def one(coords: Tensor, local: dict[Derivative, Tensor], own: dict[str, Tensor]) -> Tensor:
            axes = tuple(axis.name for axis in constraint.domain.axes)
            return constraint.residual(Point(axes, coords, lambda key: local[key], lambda key: own[key]))  # type: ignore[index]

        value: Tensor = torch.func.vmap(one)(batch.points, dict(jets), dict(batch.data))
        return flat(value)

    def random(size: float) -> dict[Derivative, Tensor]:
        return {
            d: size
            * torch.randn(
                len(points),
                *d.field.shape,
                dtype=torch.complex128 if d.field.is_complex else torch.float64,
                generator=generator,
            )
            for d in requests.derivatives
        }

    a, b = random(1.0), random(3.0)
    zero = {d: torch.zeros_like(value) for d, value in a.items()}
    both = {d: a[d] + b[d] for d in a}
    error = at(a) + at(b) - at(zero) - at(both)
    scale = at(a).abs() + at(b).abs() + at(zero).abs()
    return bool((error.abs() <= 1e-11 * scale.max().clamp(min=1e-300)).all())


def _linearise(sweep: Sweep, place: int, constraint: int, batch: Batch) -> Rows:
    numbers = batch.points.new_zeros(0)

    def residual(jets: list[Tensor], coords: Tensor, data: dict[str, Tensor]) -> Tensor:
        value = sweep.at(coords, jets, data, numbers)[place]
        value = torch.view_as_real(value) if value.is_complex() else value
        return value.reshape(-1)

    zero = [batch.points.new_zeros(len(sweep.asked[u]), u.outputs) for u in sweep.fields]
    one = torch.func.vmap(residual, in_dims=(None, 0, 0))
    slope = torch.func.vmap(torch.func.jacrev(residual), in_dims=(None, 0, 0))
    parts = [
        (one(zero, c.points, dict(c.data)), slope(zero, c.points, dict(c.data))) for c in batch.chunks(4096)
    ]
    slopes = tuple(torch.cat([jacobian[i] for _, jacobian in parts]) for i in range(len(sweep.fields)))
    return Rows(constraint, place, batch, sweep, torch.cat([offset for offset, _ in parts]), slopes)


# ----------------------------------------------------------------------- any function of a point, recorded


def record(functions: Sequence[PointFunction], batch: Batch, axes: tuple[str, ...]) -> list[Requests]:
    """What functions of a point ask for, found by calling each once on the batch's first point."""
    return [_record(function, batch, axes) for function in functions]


def _record(function: PointFunction, batch: Batch, axes: tuple[str, ...]) -> Requests:
    recorder = Recorder(batch.points.dtype, batch.points.device)
    used: dict[str, None] = {}

    def sample(key: str) -> Tensor:
        if key not in batch.data:
            raise KeyError(f"{name_of(function)} reads the data '{key}', which these points do not carry.")
        used[key] = None
        return batch.data[key][0]

    value = function(Point(axes, batch.points[0], recorder.read, sample))
    return recorder.requests(value, tuple(used))
