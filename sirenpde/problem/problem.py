"""Problems: constraints that must hold together, declared and probed before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from torch import nn

from ..calculus.field import Field, Unknown
from ..calculus.modules import drops
from ..calculus.operators import PointFunction
from ..geometry.domain import Domain
from ..geometry.mesh import TriangleMesh
from .constraint import Constraint, name_of
from .probe import (
    Output,
    Requests,
    check_names,
    check_smooth,
    has_seven_digits,
    look_closely,
    probe,
    try_output,
    try_reference,
)
from .stage import Stage, stages_of


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
        surface: the mesh that the zero level should be; with it the report of a run compares the two.
    """

    value: PointFunction
    on: Domain | Mapping[str, Domain] | None = None
    samples: int = 10_000
    fit: Literal["none", "affine"] = "none"
    peak: float | None = None
    surface: TriangleMesh | None = None

    def __post_init__(self) -> None:
        if not callable(self.value):
            raise TypeError(
                f"Reference was given {type(self.value).__name__} {self.value!r:.60}; expected a function of a "
                f"point. Write def exact(p): return torch.sin(x(p)), or name the data of points: cloud['measured']."
            )
        domains = [*self.on.values()] if isinstance(self.on, Mapping) else [self.on]
        for domain in domains if self.on is not None else ():
            if not hasattr(domain, "draw"):
                raise TypeError(
                    f"Reference(on=...) was given {domain!r}, a {type(domain).__name__}; expected a domain, or "
                    f"several by name. Write on=box, or on={{'wall': box.boundary()}}."
                )
        if self.on is not None and not domains:
            raise ValueError("Reference(on={}) names no domain; expected at least one. Write on=box.")
        if isinstance(self.samples, bool) or not isinstance(self.samples, int) or self.samples < 1:
            raise ValueError(f"Reference has samples={self.samples!r}; expected a positive whole number.")
        if self.fit not in ("none", "affine"):
            raise ValueError(f"Reference has fit={self.fit!r}; expected 'none' or 'affine'.")
        if self.peak is not None and not (isinstance(self.peak, int | float) and self.peak > 0):
            raise ValueError(
                f"Reference has peak={self.peak!r}; expected a positive number, 1 for a picture."
            )


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
            a residual can have, asks for an axis or an order there is not, branches on its values, is no function
            of its point (random numbers, counters), hides its slopes (``.detach()``), or reads a field elsewhere;
            for an output or reference that cannot be evaluated, or that does not fit the other; for a network
            without the derivatives that are asked for.
        TypeError, ValueError: for outputs, references and stages that are none, and names unfit for files.
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
        self._gather(constraints)
        chosen = _functions(outputs) or self.fields
        known = _references(reference, chosen, self.fields)
        put = object.__setattr__
        put(self, "using", stages_of(using))
        put(self, "outputs", chosen)
        put(self, "reference", known)
        shown = tuple(dict.fromkeys([*chosen, *known]))
        check_names(shown)
        for pair in zip(self.constraints, self.requests, strict=True):
            look_closely(*pair)
        for own in self.fields:
            check_smooth(own, [d for requests in self.requests for d in requests.of(own)])
        tried = {u: self.output(u) for u in shown}
        for u in known:
            for domain in self.compared_on(u).values():
                try_reference(known[u].value, tried[u], domain, known[u].samples)

    @classmethod
    def derived(cls, *constraints: Constraint) -> Problem:
        """A problem made of constraints of another, which were looked at closely when that was declared."""
        problem = cls.__new__(cls)
        problem._gather(constraints)
        return problem

    def _gather(self, constraints: tuple[Constraint, ...]) -> None:
        """The constraints and what they ask for; nothing more is asked for or known."""
        _check_constraints(constraints)
        put = object.__setattr__
        put(self, "constraints", constraints)
        put(self, "requests", tuple(probe(constraint) for constraint in constraints))
        put(self, "using", None)
        put(self, "outputs", self.fields)
        put(self, "reference", {})
        names = [u.name for u in self.fields]
        if len(set(names)) < len(names):
            raise ValueError(f"Problem has fields of the same name: {', '.join(names)}. Rename one of them.")

    @property
    def notes(self) -> tuple[str, ...]:
        """What was changed or noticed at declaration and is no error, a paragraph each."""
        dropped = [
            f"The network of field '{u.name}' holds Dropout, which is off in the copy that is solved for: a field "
            f"has one value at a point."
            for u in self.fields
            if isinstance(u.network, nn.Module) and drops(u.network)
        ]
        rounded = [
            f"The points or data of '{c.domain.name}', which the constraint '{c.name}' reads, have the seven digits "
            f"of float32, and so has what is fitted to them. Give float64 arrays if they were computed."
            for c, requests in zip(self.constraints, self.requests, strict=True)
            if has_seven_digits(c.domain, requests.data)
        ]
        return (*dropped, *rounded)

    def output(self, function: PointFunction) -> Output:
        """What a function of a point gives, and on which domain; ConstraintError where it cannot be evaluated."""
        on = [d for known in self.reference.values() for d in _domains(known.on)]
        carriers = [u.domain for u in self.fields if hasattr(u.domain, "draw")]
        return try_output(
            function,
            self.fields,
            self.unknowns,
            [*carriers, *(c.domain for c in self.constraints), *on],  # type: ignore[list-item]
        )

    def compared_on(self, u: PointFunction) -> Mapping[str, Domain]:
        """The domains on which an output is compared with its reference, by name; "" for a single one."""
        on = self.reference[u].on
        if isinstance(on, Mapping):
            return on
        return {"": on if on is not None else self.output(u).domain}  # type: ignore[dict-item]

    @property
    def fields(self) -> tuple[Field, ...]:
        return tuple(dict.fromkeys(u for requests in self.requests for u in requests.fields))

    @property
    def unknowns(self) -> tuple[Unknown, ...]:
        return tuple(dict.fromkeys(c for requests in self.requests for c in requests.unknowns))

    def __str__(self) -> str:
        rows = [("constraint", "equation", "on", "samples", "weight", "loss", "derivatives", "channels")]
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
                    f"{requests.channels}",
                )
            )
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        lines = [
            "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows
        ]
        return "\n".join(lines)


def _check_constraints(constraints: Sequence[object]) -> None:
    if not constraints:
        raise ValueError("Problem was given no constraint; expected at least one, declared with @on.")
    for constraint in constraints:
        if not isinstance(constraint, Constraint):
            raise TypeError(
                f"Problem was given {getattr(constraint, '__name__', constraint)!r}, a "
                f"{type(constraint).__name__}; expected constraints. Declare it with @on(domain, samples=...)."
            )
    names = [constraint.name for constraint in constraints if isinstance(constraint, Constraint)]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(
            f"Problem has several constraints called {', '.join(sorted(twice))}; names must differ, since the "
            f"reports use them. Rename the functions or pass @on(..., name=...)."
        )


def _functions(outputs: Sequence[PointFunction]) -> tuple[PointFunction, ...]:
    if not isinstance(outputs, list | tuple):
        raise TypeError(
            f"Problem was given outputs={outputs!r:.60}, a {type(outputs).__name__}; expected several fields or "
            f"functions of a point. Write outputs=(u,), with a comma."
        )
    for f in outputs:
        if not callable(f):
            raise TypeError(
                f"outputs holds {f!r:.60}, a {type(f).__name__}; expected fields and functions of a point. Give the "
                f"field itself, such as u, or a function: def flux(p): return grad(u)(p)."
            )
    return tuple(outputs)


def _domains(on: Domain | Mapping[str, Domain] | None) -> list[Domain]:
    if on is None:
        return []
    return list(on.values()) if isinstance(on, Mapping) else [on]


def _references(
    given: Mapping[Any, Reference | PointFunction] | None,
    outputs: Sequence[PointFunction],
    fields: Sequence[Field],
) -> dict[PointFunction, Reference]:
    if given is not None and not isinstance(given, Mapping):
        raise TypeError(
            f"Problem was given reference={type(given).__name__}; expected a dictionary from fields or outputs to "
            f"exact solutions. Write reference={{u: exact}}."
        )
    for u in given or {}:
        if u not in outputs and u not in fields:
            name = name_of(u) if callable(u) else repr(u)
            raise ValueError(
                f"reference names {name}, which is neither a field of the constraints nor an output. "
                f"Add it to outputs, or use the field itself as the key."
            )
    return {u: v if isinstance(v, Reference) else Reference(v) for u, v in (given or {}).items()}
