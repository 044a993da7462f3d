"""Constraints as functions of what they read at one point: fields, their derivatives term by term, and numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ..calculus.evaluate import Read, over_points
from ..calculus.field import Derivative, Field, Unknown
from ..calculus.symbols import Powers
from ..problem.constraint import Constraint
from ..problem.probe import Requests

Key = tuple[Field, Powers] | Unknown


def keys_of(several: Sequence[Requests]) -> list[Key]:
    """What the conditions are conditions on: fields, their derivatives term by term, and unknown numbers."""
    keys: dict[Key, None] = {}
    for requests in several:
        keys.update({(d.field, powers): None for d in requests.derivatives for powers, _ in d.symbol.terms})
        keys.update({c: None for c in requests.unknowns})
    # One entry per real output, so that keys and columns of a matrix are the same thing.
    return [key for key in keys for _ in range(1 if isinstance(key, Unknown) else key[0].outputs)]


def name_of_key(key: Key) -> str:
    if isinstance(key, Unknown):
        return key.name
    u, powers = key
    letters = "".join(axis.name * n for axis, n in zip(u.axes, powers, strict=True))
    return f"{u.name}_{letters}" if letters else u.name


def _residuals(
    constraint: Constraint, keys: Sequence[Key], points: Tensor, values: Tensor, data: dict[str, Tensor]
) -> Tensor:
    """A constraint's real components (n, m) at points, from the values (n, keys) and data there."""
    names = tuple(axis.name for axis in constraint.domain.axes)
    first: dict[Key, int] = {}
    for i, key in enumerate(keys):
        first.setdefault(key, i)

    def reader(coords: Tensor, values: Tensor) -> Read:
        def read(key: object) -> Tensor:
            if isinstance(key, Unknown):
                return values[first[key]]
            assert isinstance(key, Derivative)
            u = key.field
            terms = [
                factor * values[(i := first[u, powers]) : i + u.outputs]
                for powers, factor in key.symbol.terms
            ]
            value = torch.stack(terms).sum(0)
            if u.is_complex:
                value = torch.complex(value[: u.components], value[u.components :])
            return value.reshape(u.shape)

        return read

    r: Tensor = over_points(constraint.residual, names, points, data, reader, values)
    return (torch.view_as_real(r) if r.is_complex() else r).reshape(len(points), -1)


Stacked = Callable[[Tensor], tuple[Tensor, Tensor]]


def stacked(samples: Sequence[tuple[Constraint, Tensor, dict[str, Tensor]]], keys: Sequence[Key]) -> Stacked:
    """Values (n, keys) -> the residuals of several constraints at n points side by side, and their slopes."""

    def both(values: Tensor) -> tuple[Tensor, Tensor]:
        leaf = values.detach().requires_grad_()
        with torch.enable_grad():
            each = [_residuals(c, keys, points, leaf, data) for c, points, data in samples]
            residuals = torch.cat(each, 1)
        return residuals.detach(), torch.stack([_slope(r, leaf) for r in residuals.unbind(1)], 1)

    return both


def _slope(component: Tensor, values: Tensor) -> Tensor:
    """Of one component at every point by the values there.

    Not by torch.func.jacfwd, whose first slice in a process imports a compiler: a second, and 100 MB.
    """
    if not component.requires_grad:
        return torch.zeros_like(values)
    (slope,) = torch.autograd.grad(component.sum(), values, retain_graph=True, allow_unused=True)
    return torch.zeros_like(values) if slope is None else slope
