"""Conditions that contradict each other where they meet: a start of 0 and a wall of 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor

from ..problem.constraint import Constraint
from ..problem.problem import Problem
from .local import Key, Stacked, keys_of, name_of_key, stacked
from .pieces import INWARD, Meeting, Piece, curved, meet, pieces

JUMP = 1e-6  # of the size of a field's values on the faces
ROUNDING = 1e-13  # below which values are nothing
# Of Newton's method: one is enough for affine conditions, and to a double root each halves the distance.
ITERATIONS = 40
SOLVED = 1e-9  # of the first residual


@dataclass(frozen=True)
class Contradiction:
    """Two constraints that want a field, or a derivative of it, to have two values at one point."""

    first: Constraint
    second: Constraint
    place: Tensor
    key: Key
    values: tuple[float, float]
    known: bool  # whether each of the two determines the value

    @property
    def jump(self) -> float:
        return abs(self.values[0] - self.values[1])

    def __str__(self) -> str:
        axes = self.first.domain.axes
        where = ", ".join(f"{axis.name} = {x:.4g}" for axis, x in zip(axes, self.place.tolist(), strict=True))
        one = self.first.name == self.second.name
        who = (
            f"The constraint '{self.first.name}' contradicts itself where its parts meet"
            if one
            else f"The constraints '{self.first.name}' and '{self.second.name}' contradict each other where they meet"
        )
        low, high = self.values
        what = f"{name_of_key(self.key)} is {low:.4g} by one and {high:.4g} by the other"
        if not self.known:
            what = f"nothing meets both, and {name_of_key(self.key)} is off by {self.jump:.2g} between them"
        return (
            f"{who}, at {where}: {what}. No field meets both, so that the error near there is of the size of this "
            f"jump, {self.jump:.2g}, however small the residual elsewhere. Let one lead to the other's value over a "
            f"short way, or leave a small part out with domain.where(...)."
        )


def contradictions(problem: Problem) -> list[str]:
    """One paragraph for each two constraints, or parts of one, that cannot both hold where they meet."""
    asking = [
        (piece, requests)
        for constraint, requests in zip(problem.constraints, problem.requests, strict=True)
        if requests.is_plain
        for piece in (*pieces(constraint, requests.data), *curved(constraint, requests.data))
        if piece.dimension < len(piece.intervals) or all(d.symbol.order == 0 for d in requests.derivatives)
    ]
    scale: dict[Key, float] = {}
    for piece, requests in asking:
        asked_keys = keys_of([requests])
        for key, size in zip(asked_keys, _usual(piece, asked_keys).tolist(), strict=True):
            scale[key] = max(size, scale.get(key, 0.0))
    together: dict[tuple[int, int], list[Meeting]] = {}
    for (a, asked), (b, also) in combinations(asking, 2):
        meeting = meet(a, b) if set(keys_of([asked])) & set(keys_of([also])) else None
        if meeting is not None:
            pair = problem.constraints.index(a.constraint), problem.constraints.index(b.constraint)
            together.setdefault(pair, []).append(meeting)
    worst = (
        _worst(_joined(meetings), keys, torch.tensor([scale[key] for key in keys], dtype=torch.float64))
        for pair, meetings in together.items()
        for keys in [keys_of([problem.requests[i] for i in pair])]
    )
    return [str(contradiction) for contradiction in worst if contradiction is not None]


def _joined(meetings: Sequence[Meeting]) -> Meeting:
    """Meetings of the same two constraints as one."""
    ours, theirs = (torch.cat([m.points[side] for m in meetings]) for side in (0, 1))
    data = [
        {key: torch.cat([m.data[side][key] for m in meetings]) for key in meetings[0].data[side]}
        for side in (0, 1)
    ]
    return Meeting(meetings[0].first, meetings[0].second, (ours, theirs), (data[0], data[1]))


def _solve(residual: Stacked, start: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The nearest values (n, keys) to the start with the least residual, that residual's size, and the slopes."""
    values = start
    r, slopes = residual(values)
    first = r.norm(dim=1)
    for _ in range(ITERATIONS):
        step = (torch.linalg.pinv(slopes, rtol=1e-10) @ r[..., None])[..., 0]
        values = values - step
        r, slopes = residual(values)
        if bool((step.norm(dim=1) <= 1e-13 * values.norm(dim=1) + 1e-300).all()):
            break
        if bool((r.norm(dim=1) <= SOLVED * first).all()):
            break
    return values, r.norm(dim=1), slopes


def _start(count: int, keys: Sequence[Key]) -> Tensor:
    """Away from zero, where a root or a quotient has no slope."""
    values = 0.5 + torch.rand(len(keys), dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    return values.expand(count, -1).clone()


def _usual(piece: Piece, keys: Sequence[Key]) -> Tensor:
    """The size of the values that a condition determines, at some of its points."""
    if piece.points is not None:
        rows = torch.arange(min(32, len(piece.points)))
        points = piece.points[rows]
    else:
        low, high = torch.tensor(piece.intervals, dtype=torch.float64).T
        draw = torch.rand(32, len(low), dtype=torch.float64, generator=torch.Generator().manual_seed(6))
        points, rows = low + (high - low) * draw, torch.arange(32)
    inside = piece.contains(points)
    points, rows = points[inside], rows[inside]
    nothing = torch.zeros(len(keys), dtype=torch.float64)
    if not len(points):
        return nothing
    residual = stacked([(piece.constraint, points, piece.data_at(rows, len(points)))], keys)
    try:
        values, _, slopes = _solve(residual, _start(len(points), keys))
    except RuntimeError:
        return nothing
    return (values.abs() * _determined(slopes)).nan_to_num(0.0, 0.0, 0.0).amax(0)


def _determined(slopes: Tensor) -> Tensor:
    """Which values (n, keys) conditions with these slopes (n, m, keys) determine."""
    projector = torch.linalg.pinv(slopes, rtol=1e-10) @ slopes
    determined: Tensor = projector.diagonal(dim1=1, dim2=2) > 1 - 1e-9
    return determined


def _worst(meeting: Meeting, keys: Sequence[Key], scale: Tensor) -> Contradiction | None:
    """The largest jump, in units of ``scale`` (keys,), between what two constraints want where they meet."""
    pair = meeting.first, meeting.second
    samples = [
        (piece.constraint, points, data)
        for piece, points, data in zip(pair, meeting.points, meeting.data, strict=True)
    ]
    try:
        start = _start(len(meeting.points[0]), keys)
        both = stacked(samples, keys)
        joint, left, _ = _solve(both, start)
        met = left <= SOLVED * both(start)[0].norm(dim=1)
        apart = [_solve(stacked([one], keys), joint) for one in samples]
    except RuntimeError:
        return None
    each = [values for values, _, _ in apart]
    alone = torch.stack([size for _, size, _ in apart]).amax(0)
    jump = (each[0] - each[1]).abs()
    size = torch.maximum(scale, torch.stack(each).abs().amax((0, 1)).nan_to_num(0.0, 0.0, 0.0))
    size = size.clamp(min=ROUNDING / JUMP)
    known = torch.stack([_determined(slopes) for _, _, slopes in apart]).all(0)
    # Near a double root, such as 1 - cos(∇u, n) has, values that meet both may be far from those that meet each.
    apart_for_certain = (alone <= 1e-3 * left)[:, None] & (known | ~met[:, None])
    relative = torch.where(apart_for_certain, (jump / size).nan_to_num(0.0, 0.0, 0.0), 0.0)
    if not relative.numel() or float(relative.max()) <= JUMP:
        return None
    row, column = divmod(int(relative.argmax()), relative.shape[1])
    values = float(each[0][row, column]), float(each[1][row, column])
    place = _snapped(meeting.points[0][row], pair[0])
    return Contradiction(
        pair[0].constraint, pair[1].constraint, place, keys[column], values, bool(known[row, column])
    )


def _snapped(place: Tensor, piece: Piece) -> Tensor:
    """A place a little inside of a face, on it."""
    for end in torch.tensor([[a.low, a.high] for a in piece.constraint.domain.axes], dtype=place.dtype).T:
        size = torch.tensor([a.high - a.low for a in piece.constraint.domain.axes], dtype=place.dtype)
        place = torch.where((place - end).abs() < 2 * INWARD * size, end, place)
    return place
