"""Solids of revolution."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ..meshes.surfaces import Triangles, loops_of, turned_about
from ..plane.arc import Arc, polylines
from ..plane.outline import distances
from ..point import Axis, check_axis_names
from ..shape import Shape, arcs_of
from .sheet import Sheet, Turned

ON_AXIS = 1e-12  # of the width: so near to the axis an arc of the profile lies on it


@dataclass(frozen=True)
class Revolution(Shape):
    """A plane shape turned about the second of its axes, which becomes the third of the solid's.

    The first axis of ``profile`` is the distance from the axis of revolution, not below 0. Points of the surface lie
    on it to rounding; areas are found by quadrature to 1e-13, and the volume is 2 π times the integral of the
    distance over the profile (Pappus), exact. Raises ValueError for a profile that is not plane, reaches over the
    axis, or has a boundary that is not made of arcs.

    >>> import math
    >>> from sirenpde import Disk, Revolution
    >>> torus = Revolution(Disk(center=(2, 0), radius=1, names=("r", "z")))
    >>> round(torus.measure / math.pi**2, 12), round(torus.boundary().measure / math.pi**2, 12)
    (4.0, 8.0)
    """

    profile: Shape
    names: tuple[str, str, str] = ("x", "y", "z")

    def __post_init__(self) -> None:
        example = 'Revolution(Disk(center=(2, 0), names=("r", "z")))'
        if not isinstance(self.profile, Shape) or arcs_of(self.profile) is None:
            given = self.profile.name if isinstance(self.profile, Shape) else repr(self.profile)
            raise ValueError(
                f"A solid of revolution was given the profile {given}; expected a plane shape bounded by arcs. "
                f"Write {example}."
            )
        if self.profile.bounds[0][0] < -ON_AXIS * self._width:
            raise ValueError(
                f"The profile '{self.profile.name}' reaches from {self.profile.bounds[0][0]:g} on; its first "
                f"coordinate is the distance from the axis of revolution, not below 0. Cut it off at 0, as in "
                f"profile & Box(r=(0, 1), z=(0, 1)), or move it."
            )
        check_axis_names(self.names, 3, f'{example[:-1]}, names=("x", "y", "z"))')

    @property
    def axes(self) -> tuple[Axis, ...]:
        radius, (low, high) = self._width, self.profile.bounds[1]
        ends = ((-radius, radius), (-radius, radius), (low, high))
        return tuple(Axis(name, *pair) for name, pair in zip(self.names, ends, strict=True))

    @property
    def name(self) -> str:
        return f"revolution of {self.profile.name}"

    @cached_property
    def measure(self) -> float:
        """The volume, π times the integral of r² n_r along the profile's boundary."""
        rules = [arc.cubature(3) for arc in self._outer]
        parts = [(r.points[:, 0] ** 2 * r.data["normal"][:, 0]) @ r.weights for r in rules]
        return float(math.pi * torch.stack(parts).sum())

    @property
    def sides(self) -> tuple[Sheet, ...]:
        """The arcs of the profile, turned, but for those on the axis."""
        return tuple(Sheet(Turned(arc), self.axes, f"turned {arc.name}") for arc in self._outer)

    def level(self, points: Tensor) -> Tensor:
        """The distance to the arcs that are turned, with the sign of the profile's level."""
        least = 1e-9 * self._width  # on the axis the profile may have its own boundary
        flat = torch.stack([points[:, :2].norm(dim=1).clamp(min=least), points[:, 2]], dim=1)
        near = torch.stack([distances(arc, flat) for arc in self._outer]).amin(0)
        return torch.copysign(near, self.profile.level(flat))

    def surface(self, resolution: int = 32) -> Triangles:
        loops = loops_of(polylines(arcs_of(self.profile) or (), resolution))
        return turned_about(loops, max(8, round(math.pi * resolution)))

    @cached_property
    def _outer(self) -> tuple[Arc, ...]:
        arcs = arcs_of(self.profile) or ()
        return tuple(arc for arc in arcs if arc.bounds[0][1] > ON_AXIS * self._width)

    @property
    def _width(self) -> float:
        return self.profile.bounds[0][1]
