"""What a solution is measured against: a known function of a point, and where it is compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor

from ..calculus.evaluate import PointFunction, over_points
from ..calculus.field import Field
from ..geometry.domain import Domain
from ..geometry.meshes.mesh import TriangleMesh
from ..geometry.point import Axis
from .constraint import in_precision, name_of


@dataclass(frozen=True, eq=False)
class Reference:
    """What the solution is measured against, and where.

    Args:
        value: a function of a point: an exact solution, or data such as ``grid["exact"]``. It makes no
            statement where it is not a number.
        on: where it is compared: a finite domain's points, or ``samples`` points of an infinite one. Several
            domains, named, give one error each and one for all together. The field's own domain if left out.
        samples: how many points of each infinite domain.
        fit: "affine" compares after the best a u + b of each component, for equations that leave these free. "sign"
            compares the signs alone, for a function that is negative in a solid, with or without a statement of how
            far it is from its surface; the errors then include ``iou``, the intersection over the union of where the
            two are negative.
        peak: the largest value there can be, 1 for a picture; with it the errors include the peak
            signal-to-noise ratio ``psnr_db`` = 10 log10(peak² / mean squared error), 313 dB for a perfect fit, which
            is an error of one rounding of the peak.
        surface: the mesh that the zero level should be; with it the report of a run compares the two.

    >>> from sirenpde import Box, Field, Problem, Reference, laplacian, on, solve
    >>> line = Box(x=(0, 1))
    >>> u, (x,) = Field("u", line), line.axes
    >>> bending = on(line, samples=50, name="u'' = -2")(lambda p: laplacian(u)(p) + 2)
    >>> parabola = Reference(lambda p: x(p) * (1 - x(p)) + 7, fit="affine")
    >>> solution = solve(Problem(bending, on(line.boundary(), samples=2)(u), reference={u: parabola}))
    >>> solution.errors["u"]["relative_l2"] < 1e-9
    True
    """

    value: PointFunction
    on: Domain | Mapping[str, Domain] | None = None
    samples: int = 10_000
    fit: Literal["none", "affine", "sign"] = "none"
    peak: float | None = None
    surface: TriangleMesh | None = None

    def __post_init__(self) -> None:
        if not callable(self.value):
            raise TypeError(
                f"Reference was given {type(self.value).__name__} {self.value!r:.60}; expected a function of a "
                f"point. Write def exact(p): return torch.sin(x(p)), or name the data of points: cloud['measured']."
            )
        for domain in self.domains:
            if not hasattr(domain, "draw"):
                raise TypeError(
                    f"Reference(on=...) was given {domain!r}, a {type(domain).__name__}; expected a domain, or "
                    f"several by name. Write on=box, or on={{'wall': box.boundary()}}."
                )
        if self.on is not None and not self.domains:
            raise ValueError("Reference(on={}) names no domain; expected at least one. Write on=box.")
        if isinstance(self.samples, bool) or not isinstance(self.samples, int) or self.samples < 1:
            raise ValueError(f"Reference has samples={self.samples!r}; expected a positive whole number.")
        if self.fit not in ("none", "affine", "sign"):
            raise ValueError(f"Reference has fit={self.fit!r}; expected 'none', 'affine' or 'sign'.")
        if self.peak is not None and not (isinstance(self.peak, int | float) and self.peak > 0):
            raise ValueError(
                f"Reference has peak={self.peak!r}; expected a positive number, 1 for a picture."
            )

    @property
    def domains(self) -> tuple[Domain, ...]:
        """Where it is compared, as far as that was said."""
        if self.on is None:
            return ()
        return tuple(self.on.values()) if isinstance(self.on, Mapping) else (self.on,)


def exact_values(
    function: PointFunction, axes: tuple[Axis, ...], points: Tensor, data: Mapping[str, Tensor]
) -> Tensor:
    """A reference, a function of a point that reads no field, at points (N, d), in float64."""
    names = tuple(axis.name for axis in axes)

    def read(key: object) -> Tensor:
        raise ValueError(
            f"The reference {name_of(function)} reads the unknown {key}; expected a known function of the "
            f"coordinates. Write it in terms of the axes and data only."
        )

    values: Tensor = over_points(in_precision(function), names, points.double(), data, lambda coords: read)
    return values


def references_of(
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
