"""Integrals over parts of curved sides: along lines of the unit square, cut where a part begins and ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from . import can
from .domain import Domain
from .nodes import gauss

LOOKED_AT = 64  # places on a line, between which a part is looked for
ACROSS = 7  # lines of Gauss on each panel
ALONG = 16  # nodes of Gauss on each piece of a line
PANELS = 240


# Points (n, 2) of the unit square -> points (n, 3), outward unit normals (n, 3), area per unit of area (n,), and
# which of the points belong to the side (n,).
Unroll = Callable[[Tensor], tuple[Tensor, Tensor, Tensor, Tensor]]


@runtime_checkable
class Unrollable(Protocol):
    """A surface that may be part of an image of the unit square."""

    def unroll(self) -> Unroll | None: ...


def unroll(surface: Domain) -> Unroll | None:
    """The map of the unit square onto a surface, or onto more than it; None where none is known."""
    if isinstance(surface, Unrollable):
        return surface.unroll()
    return from_unit(surface) if can.dimension_of(surface) == 2 else None


def from_unit(surface: Domain) -> Unroll | None:
    """The map of a surface that is the image of the unit square, equal parts for equal parts."""
    if not (isinstance(surface, can.FromUnit) and isinstance(surface, can.Measure)):
        return None
    image, measure = surface.from_unit, surface.measure

    def at(unit: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        points, data = image(unit)
        kept = torch.ones(len(unit), dtype=torch.bool)
        return (
            points,
            data.get("normal", torch.zeros_like(points)),
            torch.full_like(unit[:, 0], measure),
            kept,
        )

    return at


Integrand = Callable[[Tensor, Tensor], Tensor]  # points, normals -> (n, k)


@dataclass(frozen=True)
class Moments:
    """The area of a side, and what gives the flux of the position through it."""

    area: float
    normal: Tensor  # the integral of n (3,)
    position: float  # the integral of p · n

    def flux(self, middle: Tensor) -> float:
        """The integral of (p - middle) · n."""
        return self.position - float(self.normal @ middle)


def moments(side: Unroll) -> Moments:
    """To 1e-9 of them, see ``integrate``."""

    def integrand(points: Tensor, normals: Tensor) -> Tensor:
        area = torch.ones(len(points), 1, dtype=torch.float64)
        return torch.cat([area, (points * normals).sum(1, keepdim=True), normals], dim=1)

    (area, position, *normal), _ = integrate(side, integrand)
    return Moments(float(area), torch.stack(normal), float(position))


def integrate(side: Unroll, integrand: Integrand, tolerance: float = 1e-9) -> tuple[Tensor, float]:
    """The integrals (k,) over a side that is unrolled, and how far halving the panels changed them.

    Lines across the square are cut, to rounding, where the side begins and ends, and integrated by Gauss' rule in
    between; panels of lines are halved where that changes most, so that edges of the side that touch a line cost
    panels and no digits. Parts narrower than a 64th of the square are not seen.
    """
    ends = torch.linspace(0, 1, 9, dtype=torch.float64)
    low, high = ends[:-1], ends[1:]
    error = 0.0
    value = _panels(side, integrand, low, high)
    done = torch.zeros(value.shape[1], dtype=torch.float64)
    spent = len(low)
    while len(low):
        middle = (low + high) / 2
        halves = _panels(side, integrand, torch.cat([low, middle]), torch.cat([middle, high]))
        first, second = halves.chunk(2)
        change = (first + second - value).abs().amax(1)
        scale = float((done + (first + second).sum(0)).abs().max())
        spent += 2 * len(low)
        open_ = (change > tolerance * scale / 16) & (high - low > 1e-10)
        if spent > PANELS:
            open_ = torch.zeros_like(open_)
        done = done + (first + second)[~open_].sum(0)
        error += float(change[~open_].sum())
        low, high = torch.cat([low[open_], middle[open_]]), torch.cat([middle[open_], high[open_]])
        value = torch.cat([first[open_], second[open_]])
    return done, error


def _panels(side: Unroll, integrand: Integrand, low: Tensor, high: Tensor) -> Tensor:
    """The integrals (m, k) over the panels between two values of the first coordinate."""
    line = gauss(0, 1, ACROSS)
    u = (low[:, None] + (high - low)[:, None] * line.nodes).reshape(-1)
    weights = ((high - low)[:, None] * line.weights).reshape(-1)
    along = (torch.arange(LOOKED_AT + 1, dtype=torch.float64) / LOOKED_AT).clamp(1e-12, 1 - 1e-12)
    kept = _kept(side, u.repeat_interleave(len(along)), along.repeat(len(u))).reshape(len(u), -1)
    row, cell = (kept[:, 1:] != kept[:, :-1]).nonzero().T
    before, after, first = along[cell], along[cell + 1], kept[row, cell]
    for _ in range(45 if len(row) else 0):
        middle = (before + after) / 2
        same = _kept(side, u[row], middle) == first
        before, after = torch.where(same, middle, before), torch.where(same, after, middle)
    cut = (before + after) / 2
    # A piece from each place where the side begins, to the next where it ends.
    starts = torch.cat([torch.nonzero(kept[:, 0])[:, 0], row[~first]])
    start_at = torch.cat([torch.zeros(int(kept[:, 0].sum()), dtype=torch.float64), cut[~first]])
    stops = torch.cat([row[first], torch.nonzero(kept[:, -1])[:, 0]])
    stop_at = torch.cat([cut[first], torch.ones(int(kept[:, -1].sum()), dtype=torch.float64)])
    by_start, by_stop = (starts + start_at / 2).argsort(), (stops + stop_at / 2).argsort()
    owner, a, b = starts[by_start], start_at[by_start], stop_at[by_stop]
    inner = gauss(0, 1, ALONG)
    v = (a[:, None] + (b - a)[:, None] * inner.nodes).reshape(-1)
    points, normals, stretch, _ = side(torch.stack([u[owner].repeat_interleave(ALONG), v], dim=1))
    values = integrand(points, normals) * stretch[:, None]
    pieces = (
        (b - a)[:, None, None] * inner.weights[:, None] * values.reshape(len(a), ALONG, values.shape[1])
    ).sum(1)
    lines = torch.zeros(len(u), values.shape[1], dtype=torch.float64).index_add_(0, owner, pieces)
    return (weights[:, None] * lines).reshape(len(low), ACROSS, lines.shape[1]).sum(1)


def _kept(side: Unroll, u: Tensor, v: Tensor) -> Tensor:
    return side(torch.stack([u, v], dim=1))[3]
