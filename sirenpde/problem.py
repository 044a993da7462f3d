"""Constraints, their losses, and problems: what must hold, declared and probed before anything is computed."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor

from .calculus.field import Derivative, Field, Unknown
from .calculus.operators import PointFunction
from .geometry.domain import Domain
from .geometry.point import Point

if TYPE_CHECKING:
    from .solvers.stage import Stage


class ConstraintError(ValueError):
    """A constraint that cannot be used as it stands; the message names it, its line and the remedy."""


@dataclass(frozen=True)
class Loss:
    """How residuals count. ``pointwise`` maps real residuals (n, m) to one non-negative number per point."""

    name: str
    pointwise: Callable[[Tensor], Tensor]


l2 = Loss("l2", lambda r: (r * r).sum(-1))
"""The sum of squares over the residual's components; real and imaginary parts are two components."""

l1 = Loss("l1", lambda r: r.abs().sum(-1))
"""The sum of absolute values over the residual's components, real and imaginary parts counted apart."""


@dataclass(frozen=True, eq=False)
class Constraint:
    """ "This vanishes there": a residual, the domain it must vanish on, and how much it counts."""

    name: str
    residual: PointFunction
    domain: Domain
    samples: int | None = None
    weight: float = 1.0
    loss: Loss = l2

    def __call__(self, p: Point) -> Tensor:
        return self.residual(p)

    @property
    def equation(self) -> str:
        """The first line of the residual's docstring."""
        return (self.residual.__doc__ or "").strip().split("\n")[0]

    @property
    def count(self) -> int:
        """How many points it is sampled at."""
        return self.samples or self.domain.size or 0


def on(
    domain: Domain,
    samples: int | None = None,
    weight: float = 1.0,
    loss: Loss = l2,
    name: str | None = None,
) -> Callable[[PointFunction], Constraint]:
    """Declare that a function of a point vanishes on a domain.

    The objective is the sum over constraints of ``weight`` times the mean over the samples of
    ``loss(residual)``. The function's docstring is its equation.

    Args:
        domain: where it holds.
        samples: how many points; all of them where the domain is finite and this is left out.
        weight: a positive factor.
        loss: ``l2`` or ``l1``.
        name: the function's own name if left out.

    Raises:
        TypeError, ValueError: for a domain, number, weight or loss that does not fit.

    >>> from sirenpde import Box, Field, laplacian, on
    >>> box = Box(x=(0, 1), y=(0, 1))
    >>> u = Field("u", box)
    >>> @on(box, samples=100)
    ... def poisson(p):
    ...     \"\"\"Δu = -1\"\"\"
    ...     return laplacian(u)(p) + 1
    >>> poisson.equation
    'Δu = -1'
    """
    if not hasattr(domain, "draw"):
        raise TypeError(
            f"@on was given {domain!r}, a {type(domain).__name__}; expected a domain such as Box(x=(0, 1)), a slice "
            f"of one or its boundary. Write @on(domain, samples=1000) above the function."
        )
    if samples is None and domain.size is None:
        raise ValueError(
            f"@on({domain.name}) has no number of samples; a domain with infinitely many points needs one. "
            f"Write @on(domain, samples=4096)."
        )
    if samples is not None and (not isinstance(samples, int) or samples < 1):
        raise ValueError(f"@on({domain.name}) has samples={samples!r}; expected a positive whole number.")
    if not (isinstance(weight, int | float) and 0 < weight < float("inf")):
        raise ValueError(f"@on({domain.name}) has weight={weight!r}; expected a positive finite number.")
    if not isinstance(loss, Loss):
        raise TypeError(f"@on({domain.name}) has loss={loss!r}; expected l2 or l1, imported from sirenpde.")

    def declare(residual: PointFunction) -> Constraint:
        given = name or name_of(residual)
        return Constraint(given, residual, domain, samples, float(weight), loss)

    return declare


@dataclass(frozen=True, eq=False)
class Reference:
    """What the solution is measured against, and where.

    Args:
        value: a function of a point: an exact solution, or data such as ``grid["exact"]``. It makes no
            statement where it is not a number.
        on: where it is compared: a finite domain's points, or ``samples`` points of an infinite one. Several
            domains, named, give one error each and one for all together. The field's own domain if left out.
        samples: how many points of each infinite domain.
        fit: "affine" compares after the best a u + b, for equations that leave these free.
        peak: the largest value there can be, 1 for a picture; with it the errors include the peak
            signal-to-noise ratio ``psnr_db`` = 10 log10(peak² / mean squared error).
    """

    value: PointFunction
    on: Domain | Mapping[str, Domain] | None = None
    samples: int = 10_000
    fit: Literal["none", "affine"] = "none"
    peak: float | None = None


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
    def size(self) -> int:
        """Real components of the residual."""
        count = 2 if self.is_complex else 1
        for n in self.shape:
            count *= n
        return count


@dataclass(frozen=True, eq=False, init=False)
class Problem:
    """Constraints that must hold together, with what is known about their solution.

    Args:
        constraints: declared with ``@on``. Each is called here, once for its requests and once on several
            points together, so that what is wrong with it shows at once.
        reference: per field or output, an exact solution as a function of a point, or a ``Reference``.
        outputs: what to evaluate, report and export: fields, or functions of a point such as a hard boundary
            condition's ansatz. All fields if left out.
        using: solver stages; chosen from the problem if left out.

    Raises:
        ConstraintError: for a constraint that returns nothing, uses no field, has another shape or dtype than
            a residual can have, asks for an axis or an order there is not, or branches on its values.
    """

    constraints: tuple[Constraint, ...]
    reference: Mapping[PointFunction, Reference]
    outputs: tuple[PointFunction, ...]
    using: tuple[Stage, ...] | None
    requests: tuple[Requests, ...] = field(repr=False)

    def __init__(
        self,
        *constraints: Constraint,
        reference: Mapping[Any, Reference | PointFunction] | None = None,
        outputs: Sequence[PointFunction] = (),
        using: Sequence[Stage] | None = None,
    ) -> None:
        if not constraints:
            raise ValueError("Problem was given no constraint; expected at least one, declared with @on.")
        for constraint in constraints:
            if not isinstance(constraint, Constraint):
                raise TypeError(
                    f"Problem was given {getattr(constraint, '__name__', constraint)!r}, a "
                    f"{type(constraint).__name__}; expected constraints. Declare it with @on(domain, samples=...)."
                )
        names = [constraint.name for constraint in constraints]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(
                f"Problem has several constraints called {', '.join(sorted(twice))}; names must differ, since the "
                f"reports use them. Rename the functions or pass @on(..., name=...)."
            )
        requests = tuple(probe(constraint) for constraint in constraints)
        known = {u: v if isinstance(v, Reference) else Reference(v) for u, v in (reference or {}).items()}
        put = object.__setattr__
        put(self, "constraints", constraints)
        put(self, "requests", requests)
        put(self, "reference", known)
        put(self, "using", None if using is None else tuple(using))
        put(self, "outputs", tuple(outputs) or self.fields)
        field_names = [u.name for u in self.fields]
        if len(set(field_names)) < len(field_names):
            raise ValueError(
                f"Problem has fields of the same name: {', '.join(field_names)}. Rename one of them."
            )
        for u in known:
            if u not in self.outputs and u not in self.fields:
                raise ValueError(
                    f"reference names {name_of(u)}, which is neither a field of the constraints nor an output. "
                    f"Add it to outputs, or use the field itself as the key."
                )

    @property
    def fields(self) -> tuple[Field, ...]:
        return tuple(dict.fromkeys(u for requests in self.requests for u in requests.fields))

    @property
    def unknowns(self) -> tuple[Unknown, ...]:
        return tuple(dict.fromkeys(c for requests in self.requests for c in requests.unknowns))

    def __str__(self) -> str:
        rows = [("constraint", "equation", "on", "samples", "weight", "loss", "derivatives")]
        for constraint, requests in zip(self.constraints, self.requests, strict=True):
            asked = ", ".join([*map(str, requests.derivatives), *(c.name for c in requests.unknowns)])
            rows.append(
                (
                    constraint.name,
                    constraint.equation or "-",
                    constraint.domain.name,
                    f"{constraint.count}",
                    f"{constraint.weight:g}",
                    constraint.loss.name,
                    asked,
                )
            )
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        lines = [
            "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows
        ]
        return "\n".join(lines)


def name_of(f: PointFunction) -> str:
    """A field's name, or a function's."""
    return str(getattr(f, "name", getattr(f, "__name__", type(f).__name__)))


# ------------------------------------------------------------------------------------------ the probe


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
        f for f in frames if not f.filename.startswith((root + "/", "<")) and "site-packages" not in f.filename
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
