"""The residuals of a problem with given networks, as functions of one flat parameter vector."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..calculus.field import Field
from ..geometry.domain import Domain
from ..problem import Problem
from .affine import Rows, linearise
from .batch import Batch, Parameters
from .pullback import PointLoss, Pullback
from .sweep import Sweep, evaluate, flat


@dataclass(frozen=True)
class Group:
    """Constraints that share their samples, and so one pass through the networks."""

    domain: Domain
    samples: int | None
    members: tuple[int, ...]  # positions among the problem's constraints
    place: Tensor  # the same, as an index
    data: tuple[str, ...]
    sweep: Sweep
    pullback: Pullback


@dataclass(frozen=True)
class Evaluation:
    """The objective's weighted terms, one per constraint, and its gradient."""

    terms: Tensor
    gradient: Tensor

    @property
    def loss(self) -> Tensor:
        return self.terms.sum()


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
            pullback = Pullback(sweep, [self._loss(i) for i in members])
            place = torch.tensor(members, device=self.device)
            yield Group(first.domain, first.samples, tuple(members), place, data, sweep, pullback)

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
                self._add_chunk(group, weights, chunk, 1 / len(batch), theta, terms, gradient)
        return Evaluation(terms, gradient)

    def _add_chunk(
        self,
        group: Group,
        weights: Sequence[Any],
        chunk: Batch,
        share: float,
        theta: Tensor,
        terms: Tensor,
        gradient: Tensor,
    ) -> None:
        jets, tapes = group.sweep.jets(weights, chunk.points)
        raw = theta[self.parameters.numbers_slice]
        sums, slopes, by_number = group.pullback(chunk, jets, raw)
        terms[group.place] += share * sums
        gradient[self.parameters.numbers_slice] += share * by_number
        for (u, engine), w, tape, slope in zip(
            group.sweep.engines.items(), weights, tapes, slopes, strict=True
        ):
            engine.backward(w, tape, share * slope, gradient[self.parameters.slices[u]])

    def _loss(self, i: int) -> PointLoss:
        constraint = self.problem.constraints[i]
        return lambda residuals: constraint.weight * constraint.loss.pointwise(residuals)

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
                yield linearise(group.sweep, place, i, batch)

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
