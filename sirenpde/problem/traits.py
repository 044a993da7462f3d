"""What of a problem decides which networks and stages can work on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..geometry import can
from ..geometry.domain import Domain
from ..geometry.instants import instant
from ..geometry.point import Axis
from .affine import has_squares, is_affine
from .declared import Declared
from .separable import is_separable

# Without a period, up to which a lattice has room for more than a few orders along each.
LATTICE_AXES = 4


@dataclass(frozen=True)
class Traits:
    """What of a problem decides which networks and stages can work on it."""

    smooth: bool  # the objective is a sum of squares, as all but first-order solvers need
    affine: bool  # in the fields, and no number is unknown
    time: Axis | None  # along which fields evolve from a start, by equations at a point; no number is unknown
    alike: bool  # all fields have the same axes, as tensor products need
    family: bool  # along some axis nothing is differentiated: a family of equations, not one
    products: bool  # every domain is a product along the axes: a box, a slice, faces, nodes on a grid
    wide: bool  # two axes of space or more
    tensor: bool  # every domain is a box, a slice or a face, on few axes, and equations hold at a point
    separable: bool  # and conditions across every axis are as many as derivatives along it


def traits_of(problem: Declared) -> Traits:
    """What of a problem decides, found by looking at its declaration."""
    plain = all(requests.is_plain for requests in problem.requests)
    first, time = problem.fields[0].axes, None if problem.unknowns or not plain else _time_axis(problem)
    alike = all(u.axes == first for u in problem.fields)
    open_axes = [axis for axis in first if axis not in problem.fields[0].periodic]
    boxes = all(can.patches_of(c.domain) is not None for c in problem.constraints)
    whole = alike and all(c.domain.axes == first for c in problem.constraints)
    tensor = boxes and whole and plain and len(open_axes) <= LATTICE_AXES and not problem.unknowns
    return Traits(
        smooth=has_squares(problem),
        affine=is_affine(problem),
        time=time,
        alike=alike,
        family=any(not _is_differentiated(problem, axis) for axis in first),
        products=all(_is_product(c.domain) for c in problem.constraints),
        wide=len(first) > 2,
        tensor=tensor,
        separable=tensor and is_separable(problem),
    )


def _is_product(domain: Domain) -> bool:
    return can.patches_of(domain) is not None or can.lattice_of(domain) is not None


def _is_differentiated(problem: Declared, axis: Axis) -> bool:
    """Whether some constraint asks for a derivative along an axis."""
    return any(
        powers[d.field.position(axis)] > 0
        for requests in problem.requests
        for d in requests.derivatives
        if axis in d.field.axes
        for powers, _ in d.symbol.terms
    )


def _time_axis(problem: Declared) -> Axis | None:
    """The axis along which all fields evolve: constraints hold at its low end alone, and none at its high end.

    A shape that has no slices, such as a mesh, has none.
    """
    if any(isinstance(u.domain, can.Level) and not isinstance(u.domain, can.Slice) for u in problem.fields):
        return None
    shared = [axis for axis in problem.fields[0].axes if all(axis in u.axes for u in problem.fields)]
    for axis in shared:
        domains = [c.domain for c in problem.constraints if axis in c.domain.axes]
        ends = [instant(domain, axis) for domain in domains]
        if axis.low in ends and axis.high not in ends and None in ends and not _faces(domains, axis):
            return axis
    return None


def _faces(domains: Sequence[Domain], axis: Axis) -> bool:
    """Whether a boundary among the domains has a face across the axis."""
    return any(instant(face, axis) is not None for domain in domains for face in can.faces_of(domain))
