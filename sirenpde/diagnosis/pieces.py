"""Where constraints hold, taken apart into faces, slices and points, and where these meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeGuard

import torch
from torch import Tensor

from ..geometry import can
from ..geometry.arrays import as_mask
from ..geometry.domain import Domain
from ..geometry.instants import instant
from ..problem.constraint import Constraint

# Of an interval: so far inside of a face its values are taken, and not that of the face next to it. Exponentials of
# width 1e-4 change by 1e-7 within it; nearer, functions of the angle about a corner see the rounding of the place.
INWARD = 1e-11
NEAR = 1e-9  # of an axis: points so near lie on a face
MOST_POINTS = 2000  # of a cloud
TRIED = 64  # points of a face on which two regions may touch
DRAWN = 256  # points that stand for a curved boundary
EXACTLY = "donot_use_mm_for_euclid_dist"  # products of matrices lose half of the digits of small distances

Predicate = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Piece:
    """A part of a constraint's domain: a product of intervals, single points for axes held fixed; or points.

    ``holds`` are predicates on points (n, d); ``data`` the normal of a face, or the data of points, each (n, ...).
    """

    constraint: Constraint
    intervals: tuple[tuple[float, float], ...]
    holds: tuple[Predicate, ...] = ()
    normal: Tensor | None = None
    points: Tensor | None = None
    data: Mapping[str, Tensor] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(axis.name for axis in self.constraint.domain.axes)

    @property
    def dimension(self) -> int:
        return 0 if self.points is not None else sum(low < high for low, high in self.intervals)

    def inward(self, points: Tensor) -> Tensor:
        """The points (n, d), moved from the ends of the intervals a little into them."""
        low, high = torch.tensor(self.intervals, dtype=points.dtype).T
        slack = INWARD * (high - low)
        return torch.maximum(torch.minimum(points, high - slack), low + slack)

    def contains(self, points: Tensor) -> Tensor:
        """Which of the points (n, d) satisfy the predicates."""
        result = torch.ones(len(points), dtype=torch.bool)
        for holds in self.holds:
            result &= as_mask(holds(points), (len(points),), "a predicate")
        return result

    def data_at(self, rows: Tensor, count: int) -> dict[str, Tensor]:
        """The data of ``count`` places; of a cloud, those of its points ``rows``."""
        if self.data is not None:
            return {key: value[rows] for key, value in self.data.items()}
        return {} if self.normal is None else {"normal": self.normal.expand(count, -1)}


@dataclass(frozen=True)
class Meeting:
    """Where two pieces meet: points (n, d), as each of the two sees them, and the data of each."""

    first: Piece
    second: Piece
    points: tuple[Tensor, Tensor]
    data: tuple[dict[str, Tensor], dict[str, Tensor]]


def pieces(constraint: Constraint, keys: tuple[str, ...]) -> list[Piece]:
    """The parts of a constraint's domain; none for points whose data ``keys``, measurements, it reads."""
    return list(_pieces(constraint, constraint.domain, keys))


def _pieces(constraint: Constraint, domain: Domain, keys: tuple[str, ...]) -> Iterator[Piece]:
    patches = can.patches_of(domain)
    if patches is not None:
        for patch in patches:
            yield Piece(constraint, patch.intervals, normal=patch.normal)
    elif isinstance(domain, can.Restricted):
        for piece in _pieces(constraint, domain.whole, keys):
            yield replace(piece, holds=(*piece.holds, domain.predicate))
    elif domain.size is not None and not set(keys) - {"normal"}:
        points, data = domain.draw(min(domain.size, MOST_POINTS), torch.Generator().manual_seed(2))
        whole = tuple((axis.low, axis.high) for axis in domain.axes)
        yield Piece(constraint, whole, points=points, data={key: data[key] for key in keys})
    elif isinstance(domain, can.Contain) and not keys and _is_held(domain):
        yield Piece(constraint, can.bounds_of(domain), holds=(domain.contains,))


def _is_held(domain: Domain) -> bool:
    """Whether an axis has one value in a domain, as time has at the start."""
    return domain.size is None and any(instant(domain, axis) is not None for axis in domain.axes)


def curved(constraint: Constraint, keys: tuple[str, ...]) -> list[Piece]:
    """Points of a boundary that has no flat parts, such as a circle; none of another domain.

    They are the same at every call, so that two constraints on one boundary meet in them. Among them are the ends of
    its arcs, where it may meet other parts, and, of its product with an interval, points at both ends.
    """
    return list(_curved(constraint, constraint.domain, keys))


def _curved(constraint: Constraint, domain: Domain, keys: tuple[str, ...]) -> Iterator[Piece]:
    if isinstance(domain, can.Restricted):
        for piece in _curved(constraint, domain.whole, keys):
            yield replace(piece, holds=(*piece.holds, domain.predicate))
        return
    flat = can.patches_of(domain) is not None or can.dimension_of(domain) == len(domain.axes)
    if domain.size is None and not flat and not set(keys) - {"normal"}:
        parts = [part.draw(DRAWN, torch.Generator().manual_seed(2)) for part in (domain, *_ends_of(domain))]
        arcs = [face for face in can.faces_of(domain) if _is_arc(face)]
        parts += [arc.from_unit(torch.tensor([[0.0], [1.0]]).double()) for arc in arcs]
        points = torch.cat([points for points, _ in parts])
        data = {key: torch.cat([of[key] for _, of in parts]) for key in keys}
        yield Piece(constraint, can.bounds_of(domain), points=points, data=data)


def _ends_of(domain: Domain) -> list[Domain]:
    """The slices at both ends of the last axis, which a product with an interval has, of all faces."""
    faces = can.faces_of(domain)
    if faces and can.patches_of(domain) is None:
        return [end for face in faces for end in _ends_of(face)]
    last = domain.axes[-1]
    if (
        not (isinstance(domain, can.Slice) and isinstance(domain, can.HeldAt))
        or instant(domain, last) is not None
    ):
        return []
    return [domain.at(**{last.name: value}) for value in (last.low, last.high)]


def _is_arc(face: Domain) -> TypeGuard[can.FromUnit]:
    return isinstance(face, can.FromUnit) and can.dimension_of(face) == 1


def meet(first: Piece, second: Piece) -> Meeting | None:
    """The points that two pieces share, if any: corners, edges, faces, points of clouds."""
    if first.names != second.names:
        return None
    if first.points is not None and second.points is not None:
        return _shared_points(first, second)
    if second.points is not None:
        other = meet(second, first)
        return None if other is None else Meeting(first, second, other.points[::-1], other.data[::-1])
    if first.points is not None:
        rows = _on(second, first.points) & first.contains(first.points) & second.contains(first.points)
        index = rows.nonzero()[:, 0]
        return _meeting(first, second, first.points[index], second.inward(first.points[index]), index, index)
    low = [max(a[0], b[0]) for a, b in zip(first.intervals, second.intervals, strict=True)]
    high = [min(a[1], b[1]) for a, b in zip(first.intervals, second.intervals, strict=True)]
    if any(a > b for a, b in zip(low, high, strict=True)):
        return None
    points = _spread(torch.tensor([low, high], dtype=torch.float64))
    ours, theirs = first.inward(points), second.inward(points)
    rows = first.contains(ours) & second.contains(theirs)
    if not rows.any() and first.intervals == second.intervals:
        ours, theirs = _touching(first, second)
        rows = torch.ones(len(ours), dtype=torch.bool)
    none = torch.zeros(int(rows.sum()), dtype=torch.int64)
    return _meeting(first, second, ours[rows], theirs[rows], none, none)


def _meeting(
    first: Piece, second: Piece, ours: Tensor, theirs: Tensor, rows: Tensor, others: Tensor
) -> Meeting | None:
    if not len(ours):
        return None
    data = first.data_at(rows, len(ours)), second.data_at(others, len(ours))
    return Meeting(first, second, (ours, theirs), data)


def _on(piece: Piece, points: Tensor) -> Tensor:
    low, high = torch.tensor(piece.intervals, dtype=points.dtype).T
    axes = piece.constraint.domain.axes
    slack = NEAR * torch.tensor([axis.high - axis.low for axis in axes], dtype=points.dtype)
    inside: Tensor = ((points >= low - slack) & (points <= high + slack)).all(1)
    return inside


def _shared_points(first: Piece, second: Piece) -> Meeting | None:
    assert first.points is not None and second.points is not None
    size = max(axis.high - axis.low for axis in first.constraint.domain.axes)
    apart, nearest = torch.cdist(second.points, first.points, compute_mode=EXACTLY).min(dim=1)
    others = (apart <= NEAR * size).nonzero()[:, 0]
    rows = nearest[others]
    shared, theirs = first.points[rows], second.points[others]
    inside = first.contains(shared) & second.contains(theirs)
    return _meeting(first, second, shared[inside], theirs[inside], rows[inside], others[inside])


def _spread(ends: Tensor) -> Tensor:
    """The corners of a product of intervals, some hundred at most, its middle, and points within."""
    open_axes = [i for i in range(ends.shape[1]) if ends[0, i] < ends[1, i]][:6]
    middle = ends.mean(0)
    corners = middle.repeat(2 ** len(open_axes), 1)
    for bit, i in enumerate(open_axes):
        corners[:, i] = ends[(torch.arange(len(corners)) >> bit) & 1, i]
    inner = torch.rand(8, ends.shape[1], dtype=ends.dtype, generator=torch.Generator().manual_seed(3))
    inside = ends[0] + (ends[1] - ends[0]) * inner
    return torch.cat([corners, middle[None], inside]) if open_axes else middle[None]


def _touching(first: Piece, second: Piece) -> tuple[Tensor, Tensor]:
    """Points of two regions on one face, as near to each other as can be, where the regions touch."""
    low, high = torch.tensor(first.intervals, dtype=torch.float64).T
    draw = torch.rand(TRIED, len(low), dtype=low.dtype, generator=torch.Generator().manual_seed(4))
    points = low + (high - low) * draw
    ours, theirs = points[first.contains(points)], points[second.contains(points)]
    if not len(ours) or not len(theirs):
        return points[:0], points[:0]
    size = (high - low).clamp(min=1e-300)
    theirs = theirs[torch.cdist(ours / size, theirs / size).argmin(1)]
    apart = torch.zeros(len(ours), dtype=torch.bool)
    for _ in range(50):
        between = (ours + theirs) / 2
        one, other = first.contains(between), second.contains(between)
        apart |= ~(one | other)
        ours = torch.where(one[:, None], between, ours)
        theirs = torch.where((other & ~one)[:, None], between, theirs)
    return ours[~apart], theirs[~apart]
