"""Fluxes that join cells: a function k u_x is the same on both sides of a face on which k jumps, where u_x is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..calculus.field import Field
from ..calculus.operators import PointFunction
from ..geometry.domain import column_of
from ..problem.constraint import Constraint
from ..problem.probe import Requests, probe
from ..residuals import Batch, Evaluator, Rows, System
from ..residuals.linearise import linearise
from .joins import Joint

ASIDE = 3e-11  # of a box' sides: so far inside of a cell its own coefficients are read
SAME = 1e-9  # of a side: places that are one


@dataclass(frozen=True)
class Flux:
    """A function that a constraint differentiates along an axis, and the places at which it jumps across it."""

    constraint: Constraint
    function: PointFunction
    axis: int  # of the fields'
    places: tuple[float, ...]
    requests: Requests

    @staticmethod
    def of(constraint: Constraint, function: PointFunction, axis: int, places: tuple[float, ...]) -> Flux:
        requests = probe(replace(constraint, residual=function))
        return Flux(constraint, function, axis, places, requests)

    def lowers(self, orders: dict[Field, int]) -> list[Field]:
        """The fields whose highest derivative along the axis, of those that are joined, it stands for."""
        return [
            u
            for u in self.requests.fields
            if orders.get(u, 0) > 1
            and max(powers[self.axis] for d in self.requests.of(u) for powers, _ in d.symbol.terms)
            == orders[u] - 1
        ]


def with_fluxes(joint: Joint, fluxes: Sequence[Flux]) -> Joint:
    """The joint with the fluxes that jump on its face, which take the place of as many derivatives.

    Without them where they are not as many: the derivatives stay.
    """
    side = max(abs(joint.face.place), abs(joint.face.beyond), 1e-300)
    here = [
        flux
        for flux in fluxes
        if flux.axis == joint.face.axis and any(abs(p - joint.face.place) <= SAME * side for p in flux.places)
    ]
    lowered = tuple(dict.fromkeys(u for flux in here for u in flux.lowers(dict(joint.orders))))
    if not here or sum(flux.requests.size for flux in here) != sum(u.outputs for u in lowered):
        return joint
    return replace(joint, fluxes=tuple(here), lowered=lowered)


def flux_rows(system: System, joint: Joint, cell: int) -> tuple[Rows, ...]:
    """The rows of its fluxes as one of its cells sees them, in units that both of them share.

    ``system`` has the cell's own networks.
    """
    scaled = []
    for flux in joint.fluxes:
        pair = [_rows(system, flux, joint, of) for of in (joint.face.first, joint.face.second)]
        size = 1.0
        for rows in pair:
            size *= max(_size(rows, u, system) for u in joint.lowered if u in rows.evaluator.fields) or 1.0
        order = max(joint.orders[u] for u in joint.lowered) - 1
        rows = pair[0] if cell == joint.face.first else pair[1]
        factor = joint.scale(order) / size**0.5
        slopes = tuple(factor[:, None, None, None] * slope for slope in rows.slopes)
        scaled.append(replace(rows, offset=factor[:, None] * rows.offset, slopes=slopes))
    return tuple(scaled)


def _rows(system: System, flux: Flux, joint: Joint, cell: int) -> Rows:
    domain, face = flux.constraint.domain, joint.face
    axes = next(iter(system.parameters.networks)).axes
    seen = joint.seen_by(cell).to(system.dtype)
    inward = -1.0 if cell == face.first else 1.0
    inside = seen.clone()
    for k, (axis, low, high) in enumerate(zip(axes, face.low, face.high, strict=True)):
        aside = ASIDE * (axis.high - axis.low)
        if k == face.axis:
            inside[:, k] += inward * aside
        else:  # beyond the ends of the face there may be another material
            inside[:, k] = inside[:, k].clamp(low + aside, high - aside)
    columns = [[a.name for a in axes].index(axis.name) for axis in domain.axes]
    assert column_of(domain, axes[face.axis]) < len(columns)
    evaluator = Evaluator(
        [flux.function], [flux.requests], tuple(a.name for a in domain.axes), system.parameters
    )
    rows = linearise(evaluator, 0, 0, Batch(inside[:, columns], {}), system.sizes)
    return replace(rows, batch=Batch(seen[:, columns], {}))


def _size(rows: Rows, u: Field, system: System) -> float:
    """The root mean square of a flux for a field of its usual size with slope one."""
    slopes = rows.slopes[rows.evaluator.fields.index(u)]
    return system.sizes[u] * float(slopes.square().sum((2, 3)).mean().sqrt())
