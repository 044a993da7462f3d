"""Problems: constraints that must hold together, declared and probed before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from .calculus.field import Field, Unknown
from .calculus.operators import PointFunction
from .constraint import Constraint, name_of
from .geometry.domain import Domain
from .geometry.surface import TriangleMesh
from .probe import Requests, probe

if TYPE_CHECKING:
    from .solvers.stage import Stage


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
