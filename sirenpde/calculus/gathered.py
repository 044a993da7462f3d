"""Fields along a ray and on all of a grid: functions of a sample that is more than a point."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..geometry.gathered import DEPTHS, LENGTHS, NODES
from ..geometry.point import Point, check_point
from .evaluate import PointFunction, at_nodes
from .operators import check_function


@dataclass(frozen=True)
class OwnNodes:
    """The nodes that a sample carries with it."""

    count: int
    what: str  # "ray" or "grid"

    def axes(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return names

    def nodes(self, p: Point) -> Tensor:
        return p.sample(NODES)

    def follows(self, name: str) -> bool:
        return False

    def sample(self, p: Point, key: str) -> Tensor:
        """On a grid, data of its points; on a ray, those of its nodes, or those of the ray at each of them."""
        values = p.sample(key)
        if self.what == "ray":
            return values if key in (NODES, DEPTHS, LENGTHS) else values.expand(self.count, *values.shape)
        if values.shape[:1] != (self.count,):
            raise ValueError(
                f"The data '{key}', of shape {tuple(values.shape)}, were read at each of the {self.count} points of "
                f"a grid; expected a row for each. Read them at the sample: everywhere(u)(p) - whole['{key}'](p)."
            )
        return values

    def __str__(self) -> str:
        return f"the nodes of a {self.what}"


@dataclass(frozen=True)
class Gathered:
    """A function of a point at all nodes of a sample, (nodes, *shape)."""

    function: PointFunction
    what: str

    def __call__(self, p: Point) -> Tensor:
        verb, on = ("along", "rays") if self.what == "ray" else ("everywhere", "whole grids")
        check_point(p, f"{verb}(f)")
        try:
            nodes = p.sample(NODES)
        except KeyError:
            raise ValueError(
                f"{verb}(f) was evaluated on points with the axes {', '.join(p.axes)} that have no nodes; expected "
                f"{on}. Declare the constraint on Rays(...), or on Whole(grid)."
            ) from None
        except ValueError:
            raise ValueError(
                f"{verb}(f) stands under a derivative or an integral; expected derivatives of what is read there. "
                f"Write {verb}(D(u, x)) in place of D({verb}(u), x)."
            ) from None
        return at_nodes(self.function, p, OwnNodes(len(nodes), self.what))


@dataclass(frozen=True)
class LineIntegral:
    """Σ_k h_k f(node k) along a ray."""

    function: PointFunction

    def __call__(self, p: Point) -> Tensor:
        values = Gathered(self.function, "ray")(p)
        total: Tensor = torch.tensordot(p.sample(LENGTHS).to(values.dtype), values, dims=1)
        return total


def along(f: PointFunction) -> PointFunction:
    """``f``, a field or any function of a point, at the nodes of a ray, (nodes, *shape): for constraints on ``Rays``.

    ``rays.depths(p)`` and ``rays.lengths(p)``, both (nodes,), say where the nodes are and how much of the ray each
    stands for. What is volume-rendered of a density σ and a colour c is

        C = Σ_k T_k (1 - exp(-σ_k h_k)) c_k,   T_k = exp(-Σ_(j<k) σ_j h_j).

    Raises ``TypeError`` for something that is no function, ``ValueError`` for samples that have no nodes.

    >>> import torch
    >>> from sirenpde import Box, Field, Problem, Rays, along, on
    >>> box = Box(x=(-1, 1), y=(-1, 1), z=(-1, 1))
    >>> density = Field("density", box)
    >>> rays = Rays([[0, 0, -3.0]], [[0, 0, 1.0], [0.1, 0, 1]], box, data={"seen": [0.5, 0.2]}, nodes=32)
    >>> @on(rays)
    ... def opacity(p):
    ...     return 1 - torch.exp(-(along(density)(p) * rays.lengths(p)).sum()) - rays["seen"](p)
    >>> Problem(opacity).requests[0].shape
    ()
    """
    check_function(f, "along", "along(u)")
    return Gathered(f, "ray")


def everywhere(f: PointFunction) -> PointFunction:
    """``f``, a field or any function of a point, at all points of a grid: (N, *shape), for constraints on ``Whole``.

    The points are in the order of the grid: ``everywhere(u)(p).reshape(grid.shape)`` is a picture or a volume.
    Raises ``TypeError`` for something that is no function, ``ValueError`` for samples that have no nodes.

    >>> from sirenpde import Box, Field, Problem, Whole, everywhere, on
    >>> grid = Box(x=(0, 1), y=(0, 1)).nodes(8)
    >>> u = Field("u", grid)
    >>> @on(Whole(grid))
    ... def shadow(p):
    ...     return everywhere(u)(p).reshape(8, 8).mean(0) - 1
    >>> Problem(shadow).requests[0].shape
    (8,)
    """
    check_function(f, "everywhere", "everywhere(u)")
    return Gathered(f, "grid")


def line_integral(f: PointFunction) -> PointFunction:
    """∫ f ds along a ray, of a field or any function of a point, by the ray's nodes; it has the shape of ``f``.

    For constraints on ``Rays``: the projections of a tomograph are ``line_integral(u)`` on ``Rays.parallel(...)``.
    Raises ``TypeError`` for something that is no function, ``ValueError`` for samples that have no nodes.

    >>> from sirenpde import Box, Field, Problem, Rays, line_integral, on
    >>> plane = Box(x=(-1, 1), y=(-1, 1))
    >>> u, beams = Field("u", plane), Rays.parallel(plane, [0.0, 0.5], 3, [[1.0, 2, 1], [1, 2, 1]])
    >>> @on(beams)
    ... def projection(p):
    ...     return line_integral(u)(p) - beams["measured"](p)
    >>> Problem(projection).requests[0].shape
    ()
    """
    check_function(f, "line_integral", "line_integral(u)")
    return LineIntegral(f)
