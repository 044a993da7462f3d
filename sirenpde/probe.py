"""Calling a function of a point once, at declaration, to see what it asks for and what is wrong with it."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .calculus.field import Derivative, Field, Unknown
from .calculus.plan import jet_plan
from .constraint import Constraint
from .geometry.point import Point


class ConstraintError(ValueError):
    """A constraint that cannot be used as it stands; the message names it, its line and the remedy."""


@dataclass(frozen=True)
class Requests:
    """What one constraint asked for when it was called at declaration."""

    derivatives: tuple[Derivative, ...]
    unknowns: tuple[Unknown, ...]
    data: tuple[str, ...]
    shape: tuple[int, ...]
    is_complex: bool

    @property
    def fields(self) -> tuple[Field, ...]:
        return tuple(dict.fromkeys(derivative.field for derivative in self.derivatives))

    def of(self, u: Field) -> tuple[Derivative, ...]:
        return tuple(derivative for derivative in self.derivatives if derivative.field is u)

    @property
    def channels(self) -> int:
        """How many channels forward jets push through the networks of the fields, all together."""
        plans = [jet_plan([d.symbol for d in self.of(u)], len(u.axes)) for u in self.fields]
        return sum(len(plan.channels) for plan in plans)

    @property
    def size(self) -> int:
        """Real components of the residual."""
        count = 2 if self.is_complex else 1
        for n in self.shape:
            count *= n
        return count


class Recorder:
    """Hands out plausible values of what a function of a point asks for, and remembers the asking.

    The values are kept as arrays: a tensor made inside a derivative belongs to it and may not be used again.
    """

    def __init__(self, dtype: torch.dtype = torch.float64, device: torch.device | None = None) -> None:
        self.real = dtype
        self.device = device
        self.asked: dict[Hashable, np.ndarray[Any, Any]] = {}
        self._random = np.random.default_rng(0)

    def read(self, key: Hashable) -> Tensor:
        if key not in self.asked:
            self.asked[key] = self._value(key)
        dtype = self.real.to_complex() if np.iscomplexobj(self.asked[key]) else self.real
        return torch.tensor(self.asked[key], dtype=dtype, device=self.device)

    def _value(self, key: Hashable) -> np.ndarray[Any, Any]:
        if isinstance(key, Unknown):
            return np.asarray(key.initial)
        assert isinstance(key, Derivative)
        value = self._random.uniform(0.5, 1.5, key.field.shape)
        return value + 1j * self._random.uniform(0.5, 1.5, key.field.shape) if key.field.is_complex else value

    def requests(self, value: Tensor, data: Sequence[str]) -> Requests:
        return Requests(
            tuple(key for key in self.asked if isinstance(key, Derivative)),
            tuple(key for key in self.asked if isinstance(key, Unknown)),
            tuple(data),
            tuple(value.shape),
            value.is_complex(),
        )


def probe(constraint: Constraint) -> Requests:
    """Call a constraint on one recording point, then on several points at once, and say what it asked for."""
    points, data = constraint.domain.draw(
        min(3, constraint.domain.size or 3), torch.Generator().manual_seed(0)
    )
    axes = tuple(axis.name for axis in constraint.domain.axes)
    recorder = Recorder()
    sampled: dict[str, Tensor] = {}

    def read(key: Hashable) -> Tensor:
        _check_axes(key, axes, constraint)
        return recorder.read(key)

    def sample(key: str) -> Tensor:
        if key not in data:
            raise KeyError(
                f"The points of '{constraint.domain.name}' carry no data '{key}'; they carry "
                f"{', '.join(data) or 'none'}. Declare the constraint on the domain that has them."
            )
        sampled[key] = data[key]
        return data[key][0]

    residual = _call(constraint, Point(axes, points[0], read, sample))
    _check(constraint, residual, recorder.asked)
    recorded = {key: recorder.read(key) for key in recorder.asked}
    _call_together(constraint, axes, points, recorded, sampled)
    return recorder.requests(residual, tuple(sampled))


def _check_axes(key: Hashable, axes: tuple[str, ...], constraint: Constraint) -> None:
    missing = [a.name for a in key.field.axes if a.name not in axes] if isinstance(key, Derivative) else []
    if missing:
        assert isinstance(key, Derivative)
        raise ValueError(
            f"Field '{key.field.name}' needs the axes {', '.join(missing)}, which the points of "
            f"'{constraint.domain.name}' (axes {', '.join(axes)}) do not have. Declare the constraint on a domain "
            f"with these axes, or the field on one without."
        )


def _call(constraint: Constraint, p: Point) -> Tensor:
    try:
        return constraint.residual(p)
    except ConstraintError:
        raise
    except Exception as error:
        raise ConstraintError(
            f"Constraint '{constraint.name}' failed at {_line(error)}: {type(error).__name__}: "
            f"{_sentence(error)}{_advice(error)}"
        ) from error


def _check(constraint: Constraint, residual: object, asked: Mapping[Hashable, object]) -> None:
    where = f"Constraint '{constraint.name}'"
    if not isinstance(residual, Tensor):
        given = "nothing" if residual is None else f"a {type(residual).__name__}"
        raise ConstraintError(
            f"{where} returned {given}; expected a tensor, the residual that must vanish. End the function with "
            f"'return left-hand side - right-hand side', and evaluate operators at the point: laplacian(u)(p)."
        )
    if not (residual.is_floating_point() or residual.is_complex()):
        raise ConstraintError(
            f"{where} returned a tensor of {residual.dtype}; expected real or complex numbers. Return the "
            f"difference of the two sides, not a comparison of them."
        )
    if not any(isinstance(key, Derivative | Unknown) for key in asked):
        raise ConstraintError(
            f"{where} uses no field, so nothing could satisfy it; expected at least one field or unknown. "
            f"Evaluate a field at the point, as in u(p)."
        )
    if residual.numel() == 0:
        raise ConstraintError(
            f"{where} returned an empty tensor of shape {tuple(residual.shape)}; expected values."
        )


def _call_together(
    constraint: Constraint,
    axes: tuple[str, ...],
    points: Tensor,
    recorded: Mapping[Hashable, Tensor],
    sampled: Mapping[str, Tensor],
) -> None:
    """The same call under vmap, where a branch on a value shows."""

    def at(coords: Tensor, values: list[Tensor], data: dict[str, Tensor]) -> Tensor:
        known = dict(zip(recorded, values, strict=True))
        return constraint.residual(Point(axes, coords, known.__getitem__, data.__getitem__))

    values = [value.expand(len(points), *value.shape) for value in recorded.values()]
    try:
        torch.func.vmap(at)(points, values, dict(sampled))
    except Exception as error:
        raise ConstraintError(
            f"Constraint '{constraint.name}' works on one point but not on many at once, at {_line(error)}: "
            f"{type(error).__name__}: {_sentence(error)}{_advice(error)}"
        ) from error


def _line(error: Exception) -> str:
    """The innermost line of the user's own code, or of the call itself."""
    package = __name__.rpartition(".")[0]
    frames = traceback.extract_tb(error.__traceback__)
    own = sys.modules[package].__file__ or ""
    root = own.rpartition("/")[0].rpartition("\\")[0] or own.rpartition("/")[0]
    outside = [
        f
        for f in frames
        if not f.filename.startswith((root + "/", "<")) and "site-packages" not in f.filename
    ]
    frame = (outside or list(frames))[-1]
    return f"line {frame.lineno} of {frame.filename} ({(frame.line or '').strip()})"


def _sentence(error: Exception) -> str:
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    return " ".join(text.split())


def _advice(error: Exception) -> str:
    text = str(error)
    if "data-dependent control flow" in text or ("vmap" in text and ".item()" in text):
        return (
            " A constraint is evaluated on many points at once, so it cannot branch on a value. Use "
            "torch.where(condition, a, b) in place of if."
        )
    if isinstance(error, RuntimeError) and "size of tensor" in text:
        return " The shapes of two terms do not fit; give both the residual's shape, or take the components apart."
    if isinstance(error, KeyError) and "Derivative" in text:
        return " Ask for every derivative on every path through the constraint; one was asked for on one path only."
    return ""
