"""What a checkpoint belongs to: a problem and its stages as plain values, and how two of them differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..calculus.field import Field
from ..problem.constraint import Constraint
from ..problem.probe import Requests
from ..problem.problem import Problem
from ..problem.scaling import residuals
from ..solvers.ladder import Choice

POINTS = 4096  # of a domain; all of them where it has no more
_ONE = {"fields": "field", "unknown numbers": "unknown number", "constraints": "constraint"}
NEAR = 1e-8  # relative difference of values that count as equal, on any machine


def fingerprint(problem: Problem) -> dict[str, Any]:
    """Constraints, fields and unknown numbers, with values of the residuals at fixed points and derivatives."""
    pairs = zip(problem.constraints, problem.requests, strict=True)
    return {
        "fields": {u.name: _field(u) for u in problem.fields},
        "unknown numbers": {c.name: {"low": c.low, "high": c.high} for c in problem.unknowns},
        "constraints": {constraint.name: _constraint(constraint, asked) for constraint, asked in pairs},
    }


def stages(choice: Choice) -> list[dict[str, Any]]:
    """The networks and stages of every rung, as text."""
    return [
        {
            "networks": {u.name: described(recipe) for u, recipe in rung.recipes.items()},
            "stages": [described(stage) for stage in rung.stages],
        }
        for rung in choice.rungs
    ]


def described(chosen: object) -> str:
    """A recipe or stage with its numbers; of a module of the user's own, its type and size."""
    if isinstance(chosen, nn.Module):
        return f"{type(chosen).__name__} with {sum(q.numel() for q in chosen.parameters())} parameters"
    return repr(chosen) if is_dataclass(chosen) else type(chosen).__name__


def differences(there: Any, here: Any, path: str = "") -> Iterator[str]:
    """What two fingerprints do not agree in, one phrase each: what the checkpoint has, and what is here."""
    if isinstance(there, Mapping) and isinstance(here, Mapping):
        for key in dict.fromkeys((*there, *here)):
            where = f"{_ONE[path]} '{key}'" if path in _ONE else f"{path}, {key}".removeprefix(", ")
            if key not in here or key not in there:
                yield f"{where} is {'there' if key in there else 'here'} only"
            else:
                yield from differences(there[key], here[key], where)
    elif _are_rungs(there) and _are_rungs(here) and len(there) == len(here):
        for number, (one, other) in enumerate(zip(there, here, strict=True), 1):
            yield from differences(one, other, path if len(there) == 1 else f"{path} {number}")
    elif _is_numbers(there) and _is_numbers(here):
        if not _alike(there, here):
            yield f"{path} differ"
    elif there != here:
        yield f"{path}: {_short(there)} there, {_short(here)} here"


def _field(u: Field) -> dict[str, Any]:
    return {
        "axes": [f"{axis.name} in ({axis.low!r}, {axis.high!r})" for axis in u.axes],
        "shape": str(u.shape),
        "kind": "complex" if u.is_complex else "real",
        "periodic along": [axis.name for axis in u.periodic],
    }


def _constraint(constraint: Constraint, asked: Requests) -> dict[str, Any]:
    points, data = _points(constraint)
    used = {key: data[key].double() if data[key].is_floating_point() else data[key] for key in asked.data}
    generator = torch.Generator().manual_seed(1)
    jets = {
        d: torch.randn(len(points), *d.jet_shape, dtype=torch.float64, generator=generator)
        for d in asked.derivatives
    }
    values = residuals(constraint, asked, points, used, jets)
    return {
        "on": constraint.domain.name,
        "samples": constraint.samples,
        "weight": constraint.weight,
        "loss": constraint.loss.name + ", prior" * constraint.is_prior,
        "asks for": sorted([*map(str, asked.derivatives), *(c.name for c in asked.unknowns), *asked.data]),
        "its points": _told(points, generator),
        "its values": _told(values, generator),
    }


def _points(constraint: Constraint) -> tuple[Tensor, Mapping[str, Tensor]]:
    size, generator = constraint.domain.size, torch.Generator().manual_seed(0)
    points, data = constraint.domain.draw(None if size is not None and size <= POINTS else POINTS, generator)
    return points.double(), data


def _told(values: Tensor, generator: torch.Generator) -> list[float]:
    """A few numbers that change with any of many: their count and size, a weighted sum, and what is not finite."""
    flat = values.detach().double().flatten()
    weights = torch.rand(len(flat), dtype=torch.float64, generator=generator)
    finite = flat.isfinite()
    known = torch.where(finite, flat, 0.0)
    return [float(len(flat)), float(finite.sum()), float(known.norm()), float(weights @ known)]


def _are_rungs(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(rung, Mapping) for rung in value) and bool(value)


def _is_numbers(value: object) -> bool:
    return isinstance(value, list) and len(value) == 4 and all(isinstance(x, float) for x in value)


def _alike(there: list[float], here: list[float]) -> bool:
    size = max(abs(x) for x in (*there[2:], *here[2:]))
    pairs = zip(there[2:], here[2:], strict=True)
    return there[:2] == here[:2] and all(a == b or abs(a - b) <= NEAR * size for a, b in pairs)


def _short(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
