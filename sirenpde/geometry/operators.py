"""The operators of shapes by their levels: union, intersection and difference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

import torch
from torch import Tensor

from .domain import Domain
from .plane.overlay import SAME
from .verified import STEP, Levelled

LOOKED_AT = 4096  # points of a shape in space, to find whether shapes overlap

Operator = Literal["|", "&", "-"]
Level = Callable[[Tensor], Tensor]  # points (n, d) -> (n,), negative inside


class Operand(Levelled, Domain, Protocol):
    """A shape that is combined with another."""


def level_of(operator: Operator, first: Tensor, second: Tensor) -> Tensor:
    """The level of a combination: the minimum, or the maximum, of those of its operands."""
    if operator == "|":
        return torch.minimum(first, second)
    return torch.maximum(first, second if operator == "&" else -second)


def keeps(
    operator: Operator,
    levels: tuple[Level, Level],
    size: float,
    points: Tensor,
    normals: Tensor,
    on_second: bool,
    near: Tensor | None = None,
) -> Tensor:
    """Which points (n, d) of an operand's boundary bound the combination; ``normals`` point out of the combination.

    ``size`` is that of the larger operand. ``near`` (n,) is a length within which the boundary of the other operand
    crosses at none of the points. Where both have the same piece of boundary, that of the first is kept, or neither.
    """
    other = levels[0] if on_second else levels[1]
    beyond = other(points)
    outside = operator == "|" or (operator == "-" and not on_second)
    kept = beyond > 0 if outside else beyond < 0
    close = (beyond.abs() <= SAME * size).nonzero()[:, 0]
    if not len(close):
        return kept
    # On the other's boundary, or where two of its parts meet: a step to either side tells.
    step = torch.full_like(beyond, STEP * size) if near is None else (near / 100).clamp(max=STEP * size)
    p, by = points[close], step[close, None] * normals[close]
    outer, inner = (level_of(operator, levels[0](q), levels[1](q)) for q in (p + by, p - by))
    sides = torch.stack([other(p + by), other(p - by)])
    shared = (sides[0] > 0) != (sides[1] > 0)
    bounds = (outer > 0) & (inner < 0) & (not on_second)
    kept[close] = torch.where(shared, bounds, sides[0] > 0 if outside else sides[0] < 0)
    return kept


def check_overlap(name: str, first: Operand, operator: Operator, second: Operand) -> None:
    """Raises ValueError where operands in space have nothing in common, as far as some points tell."""
    generator = torch.Generator().manual_seed(0)
    a, b = (shape.draw(LOOKED_AT, generator)[0] for shape in (first, second))
    b_in_a, a_in_b = first.level(b) < 0, second.level(a) < 0
    if not bool(b_in_a.any() or a_in_b.any()):
        raise ValueError(said_outside(first, second) if operator == "-" else said_empty(name, first, second))
    if operator == "-" and bool(a_in_b.all()):
        raise ValueError(said_empty(name, first, second))


def said_outside(first: Levelled, second: Levelled) -> str:
    """What is said of a shape that cuts nothing out of another."""
    return (
        f"'{second.name}', {_extent(second)}, was cut out of '{first.name}', {_extent(first)}. It lies outside, and "
        f"cuts nothing. Move it, or leave it out."
    )


def said_empty(name: str, first: Levelled, second: Levelled) -> str:
    """What is said of a combination of this name that has no points."""
    return (
        f"'{name}' is empty: the first is {_extent(first)}, the second {_extent(second)}. "
        f"Move or scale one of them."
    )


def _extent(shape: Levelled) -> str:
    return " and ".join(f"{axis.name} from {axis.low:g} to {axis.high:g}" for axis in shape.axes)
