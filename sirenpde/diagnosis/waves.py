"""Smooth fields to try constraints with: a few waves, whose derivatives are known in closed form."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..calculus.field import Derivative, Field, Unknown
from ..geometry.point import Axis

WAVES = 3


def smooth_fields(axes: tuple[str, ...], seed: int) -> Callable[[Tensor], Callable[[Hashable], Tensor]]:
    """Coordinates (d,) along the axes -> what a point reads there: one smooth, positive field for every field.

    With ξ in [0, 1] along the axes of a field, each component is c + Σ a cos(κ·ξ + φ), between 0.4 and 1.6.
    """
    made: dict[Field, np.ndarray[Any, Any]] = {}  # a tensor made inside a derivative may not be used again

    def wave(u: Field) -> tuple[Tensor, Tensor]:
        if u not in made:
            random = np.random.default_rng((seed, len(made)))
            made[u] = random.uniform(size=(u.outputs, WAVES, len(u.axes) + 1))
        draw = torch.tensor(made[u])
        return 0.5 + 2.5 * draw[..., :-1], 2 * math.pi * draw[..., -1]

    def reader(coords: Tensor) -> Callable[[Hashable], Tensor]:
        def read(key: Hashable) -> Tensor:
            if isinstance(key, Unknown):
                return coords.new_tensor(key.initial)
            assert isinstance(key, Derivative)
            if key.site is not None:
                raise KeyError(key)  # these waves are known at one point alone
            return _value(key, coords, axes, *wave(key.field))

        return read

    return reader


def _value(d: Derivative, coords: Tensor, axes: tuple[str, ...], slopes: Tensor, phases: Tensor) -> Tensor:
    u = d.field
    lengths = [axis.high - axis.low for axis in u.axes]
    xi = torch.stack([_unit(coords[axes.index(axis.name)], axis) for axis in u.axes])
    angles = slopes @ xi + phases  # (outputs, WAVES)
    value = torch.zeros(u.outputs, dtype=coords.dtype)
    for powers, factor in d.symbol.terms:
        order = sum(powers)
        amplitude = math.prod((1 / length) ** p for length, p in zip(lengths, powers, strict=True))
        rates = torch.stack([slopes[..., i] ** p for i, p in enumerate(powers)]).prod(0)
        terms = 0.6 / WAVES * rates * torch.cos(angles + 0.5 * math.pi * order)
        value = value + factor * amplitude * terms.sum(-1) + (1.0 if order == 0 else 0.0)
    if u.is_complex:
        return torch.complex(value[: u.components], value[u.components :]).reshape(u.shape)
    return value.reshape(u.shape)


def _unit(x: Tensor, axis: Axis) -> Tensor:
    return (x - axis.low) / (axis.high - axis.low)
