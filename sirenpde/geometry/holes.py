"""The holes of a shape in the plane."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from .domain import HasAxes
from .plane.arc import Arc
from .product import Product
from .shape import Shape, arcs_of


@dataclass(frozen=True)
class PlaneHole:
    """A hole in the plane of a domain's first two axes: its centroid, and the largest disk about it in the hole."""

    centre: tuple[float, float]
    radius: float


def holes_of(domain: HasAxes) -> tuple[PlaneHole, ...]:
    """The holes of a shape in the plane, or of its product with intervals; none of any other domain.

    A hole bent so far that its centroid lies outside of it is left out.

    >>> from sirenpde import Box, Disk, Interval
    >>> from sirenpde.geometry.holes import holes_of
    >>> plate = Box(x=(-1, 1), y=(-1, 1)) - Disk(center=(0.25, 0), radius=0.5)
    >>> [round(hole.radius, 12) for hole in holes_of(plate * Interval(t=(0, 1)))], holes_of(Disk())
    ([0.5], ())
    """
    if isinstance(domain, Product):
        return holes_of(domain.shape)
    if not isinstance(domain, Shape):
        return ()
    arcs = arcs_of(domain)
    if arcs is None:
        return ()
    found = [hole for hole in map(_hole, _loops(arcs)) if hole is not None]
    return tuple(hole for hole in found if not bool(domain.contains(torch.tensor([hole.centre]).double())))


def _loops(arcs: Sequence[Arc]) -> Iterator[list[Arc]]:
    """The closed curves that arcs form, each from the end of one to the start of the next."""
    left = list(arcs)
    while left:
        loop = [left.pop()]
        while loop[-1].end != loop[0].start:
            following = [arc for arc in left if arc.start == loop[-1].end]
            if not following:
                return
            loop.append(following[0])
            left.remove(following[0])
        yield loop


def _hole(loop: Sequence[Arc]) -> PlaneHole | None:
    """The hole within a loop of arcs; None for one that runs around the shape, normals pointing away."""
    rules = [arc.cubature(8) for arc in loop]
    points, normals, weights = (
        torch.cat(parts)
        for parts in zip(*((r.points, r.data["normal"], r.weights) for r in rules), strict=True)
    )
    middle = points.mean(0)
    offset = points - middle
    area = -float((offset * normals).sum(1) @ weights) / 2
    if area <= 0:
        return None
    centroid = middle - (offset**2 * normals).T @ weights / (2 * area)
    x, y = centroid.tolist()
    return PlaneHole((x, y), float((points - centroid).norm(dim=1).min()))
