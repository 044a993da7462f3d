"""Problems: constraints that must hold together, declared and probed before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from torch import nn

from ..calculus.field import Field, Unknown
from ..calculus.modules import drops
from ..calculus.operators import PointFunction
from ..geometry import can
from ..geometry.domain import Domain
from .constraint import Constraint
from .labels import Labels, labels_of
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
from .reference import Reference, references_of
from .rich import html_table
from .stage import Stage, stages_of
from .traits import Traits, traits_of


@dataclass(frozen=True, eq=False)
class Declaration:
    """What a problem consists of, as it is: ``Problem`` is the one that users declare, and checks it."""

    constraints: tuple[Constraint, ...]
    reference: Mapping[PointFunction, Reference]
    outputs: tuple[PointFunction, ...]
    using: tuple[Stage, ...] | None
    requests: tuple[Requests, ...] = field(repr=False)
    labels: Labels = field(default_factory=Labels, repr=False)


class Problem(Declaration):
    """Constraints that must hold together, with what is known about their solution.

    Args:
        constraints: declared with ``@on``. Each is called here, once for its requests and once on several
            points together, so that what is wrong with it shows at once.
        reference: per field or output, an exact solution as a function of a point, or a ``Reference``.
        outputs: what to evaluate, report and export: fields, or functions of a point such as a hard boundary
            condition's ansatz. All fields if left out.
        using: solver stages; chosen from the problem if left out.
        components: names of the components of fields and outputs, for figures and files, row by row.
        units: of the values of fields and outputs, and of axes, for figures and files: words, nothing is converted.

    Raises:
        ConstraintError: for a constraint that returns nothing, uses no field, has another shape or dtype than
            a residual can have, asks for an axis or an order there is not, branches on its values, is no function
            of its point (random numbers, counters), hides its slopes (``.detach()``), or reads a field elsewhere;
            for an output or reference that cannot be evaluated, or that does not fit the other; for a network
            without the derivatives that are asked for.
        TypeError, ValueError: for outputs, references and stages that are none, names unfit for files, and labels
            that do not fit.

    >>> import torch
    >>> from sirenpde import Box, D, Field, Problem, on
    >>> box = Box(t=(0, 1))
    >>> u, (t,) = Field("u", box), box.axes
    >>> decay = on(box, samples=100, name="decay")(lambda p: D(u, t)(p) + u(p))
    >>> start = on(box.at(t=0), name="start")(lambda p: u(p) - 1)
    >>> problem = Problem(decay, start, reference={u: lambda p: torch.exp(-t(p))})
    >>> problem.fields == (u,), [str(d) for d in problem.requests[0].derivatives]
    (True, ['u_t', 'u'])
    >>> labelled = Problem(decay, start, units={u: "kg", t: "h"})
    """

    def __init__(
        self,
        *constraints: Constraint,
        reference: Mapping[Any, Reference | PointFunction] | None = None,
        outputs: Sequence[PointFunction] = (),
        using: Sequence[Stage] | None = None,
        components: Mapping[Any, Sequence[str]] | None = None,
        units: Mapping[Any, str] | None = None,
    ) -> None:
        requests = _requests(constraints)
        _check_priors(constraints)
        fields = _fields_of(requests)
        chosen = _functions(outputs) or fields
        known = references_of(reference, chosen, fields)
        super().__init__(constraints, known, chosen, stages_of(using), requests)
        shown = tuple(dict.fromkeys([*chosen, *known]))
        check_names(shown)
        for pair in zip(self.constraints, self.requests, strict=True):
            look_closely(*pair)
        for f in self.fields:
            check_smooth(f, [d for requests in self.requests for d in requests.of(f)])
        tried = {u: self.output(u) for u in shown}
        for u in known:
            for domain in self.compared_on(u).values():
                try_reference(known[u].value, tried[u], domain, known[u].samples)
        shapes: dict[PointFunction, tuple[int, ...]] = {u: u.shape for u in fields}
        shapes.update({f: output.shape for f, output in tried.items()})
        axes = [axis for f in (*fields, *(output.domain for output in tried.values())) for axis in f.axes]
        object.__setattr__(self, "labels", labels_of(components, units, shapes, axes))

    @classmethod
    def derived(cls, *constraints: Constraint, requests: Sequence[Requests | None] = ()) -> Problem:
        """A problem made of constraints of another, which were looked at closely when that was declared.

        ``requests`` are what they ask for, where that is known, in their order.
        """
        return cls._unchecked(constraints, _requests(constraints, requests))

    @classmethod
    def without_constraints(cls, fields: Sequence[Field], unknowns: Sequence[Unknown]) -> Problem:
        """A problem that knows its fields and unknown numbers alone, as those of a saved solution."""
        return cls._unchecked(
            (), (Requests(tuple(u.itself for u in fields), tuple(unknowns), (), (), False),)
        )

    @classmethod
    def _unchecked(cls, constraints: tuple[Constraint, ...], requests: tuple[Requests, ...]) -> Problem:
        """All fields are its outputs, and nothing is known of its solution."""
        problem = cls.__new__(cls)
        Declaration.__init__(problem, constraints, {}, _fields_of(requests), None, requests)
        return problem

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
        domains = [c.domain for c in self.constraints]
        told = [note for domain in domains if isinstance(domain, can.Noted) for note in domain.notes]
        return (*dropped, *rounded, *dict.fromkeys(told))

    def output(self, function: PointFunction) -> Output:
        """What a function of a point gives, and on which domain; ConstraintError where it cannot be evaluated."""
        on = [d for known in self.reference.values() for d in known.domains]
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
        return _fields_of(self.requests)

    @cached_property
    def equations(self) -> Problem:
        """The constraints that have to vanish, all but the priors; the problem itself where it has no priors."""
        if not self.has_priors:
            return self
        pairs = zip(self.constraints, self.requests, strict=True)
        binding = [(constraint, asked) for constraint, asked in pairs if not constraint.is_prior]
        constraints, requests = zip(*binding, strict=True)
        return Problem.derived(*constraints, requests=requests)

    @property
    def has_priors(self) -> bool:
        """Whether there are constraints that need not vanish, beside such as do."""
        priors = [constraint.is_prior for constraint in self.constraints]
        return any(priors) and not all(priors)

    @property
    def unknowns(self) -> tuple[Unknown, ...]:
        return tuple(dict.fromkeys(c for requests in self.requests for c in requests.unknowns))

    @cached_property
    def traits(self) -> Traits:
        """What decides which networks and stages can work on it, found once, when first asked for."""
        return traits_of(self)

    def _repr_html_(self) -> str:
        """What ``str`` says, as a notebook shows it."""
        head, *rows = self._rows()
        return html_table(rows, head)

    def __str__(self) -> str:
        rows = self._rows()
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        lines = [
            "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows
        ]
        return "\n".join(lines)

    def _rows(self) -> list[tuple[str, ...]]:
        """A row for each constraint, below what the columns are."""
        rows: list[tuple[str, ...]] = [
            ("constraint", "equation", "on", "samples", "weight", "loss", "derivatives", "channels")
        ]
        for constraint, requests in zip(self.constraints, self.requests, strict=True):
            asked = ", ".join([*map(str, requests.derivatives), *(c.name for c in requests.unknowns)])
            rows.append(
                (
                    constraint.name,
                    constraint.equation or "-",
                    constraint.domain.name,
                    f"{constraint.count}",
                    f"{constraint.weight:g}",
                    constraint.loss.name + ", prior" * constraint.is_prior,
                    asked,
                    f"{requests.channels}",
                )
            )
        return rows


def _requests(
    constraints: tuple[Constraint, ...], known: Sequence[Requests | None] = ()
) -> tuple[Requests, ...]:
    """What constraints ask for, as far as it is not known; ValueError for two fields of one name."""
    _check_constraints(constraints)
    pairs = zip(constraints, known or [None] * len(constraints), strict=True)
    requests = tuple(asked or probe(constraint) for constraint, asked in pairs)
    names = [u.name for u in _fields_of(requests)]
    if len(set(names)) < len(names):
        raise ValueError(f"Problem has fields of the same name: {', '.join(names)}. Rename one of them.")
    return requests


def _fields_of(requests: Sequence[Requests]) -> tuple[Field, ...]:
    return tuple(dict.fromkeys(u for asked in requests for u in asked.fields))


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


def _check_priors(constraints: Sequence[Constraint]) -> None:
    if all(constraint.is_prior for constraint in constraints):
        raise ValueError(
            f"Problem was given priors alone ({', '.join(c.name for c in constraints)}), which choose among fields "
            f"that meet equations or data; expected a constraint that has to vanish. Leave out prior=True there, or "
            f"add the equation or data."
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
