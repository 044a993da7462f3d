"""Rays: samples that a field is read along."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Literal, get_args

import torch
from torch import Tensor

from .arrays import as_data, as_numbers, check_finite
from .can import bounds_of
from .domain import Data, Deferred, Domain, read_data, subset
from .gathered import DEPTHS, LENGTHS, NODES
from .nodes import gauss
from .point import Axis

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Rule = Literal["midpoint", "gauss", "random"]


class Rays:
    """Straight rays through a domain, each of them a sample: origin + s direction, near <= s <= far.

    ``along(f)(p)`` is a function of a point at the ray's nodes, (nodes, ...), ``line_integral(f)(p)`` its
    integral over the length of the ray, ``rays.depths(p)`` are the nodes' s and ``rays.lengths(p)`` the lengths that
    they stand for.
    The sample's own coordinates are those of the middle of the ray.

    Args:
        origins: (n, d), a column for each axis of the domain; or one for all, (d,).
        directions: (n, d), of any length: unit vectors are made of them.
        domain: what gives the axes, usually a ``Box`` or a grid of pixels.
        near, far: numbers, or (n,); where rays enter and leave the box of the domain, if left out. A ray that misses
            it has length 0.
        data: of every ray, (n, ...) by name, such as what was measured: ``rays["measured"](p)``.
        nodes: how many along each ray.
        rule: "midpoint" of equal parts; "gauss", exact for polynomials up to degree 2 nodes - 1; or "random", a
            place in each of the equal parts, drawn anew with each draw of rays.
        name: for tables.

    Rays of random nodes differ from draw to draw, so that a constraint on them needs ``samples``.
    Raises ValueError for shapes that do not fit, numbers that are not finite, directions of length 0 and ends out of
    order.

    ∫ x² y along a diagonal of the unit square, √2/4:

    >>> import torch
    >>> from sirenpde import Box, Rays, line_integral
    >>> from sirenpde.calculus.evaluate import over_points
    >>> box = Box(x=(0, 1), y=(0, 1))
    >>> x, y = box.axes
    >>> rays = Rays([[0.0, 0.0]], [[1.0, 1.0]], box, nodes=2, rule="gauss")
    >>> points, data = rays.draw(None, torch.Generator())
    >>> cubic = line_integral(lambda q: x(q) ** 2 * y(q))
    >>> over_points(cubic, ("x", "y"), points, data, lambda coords: None)
    tensor([0.3536], dtype=torch.float64)
    """

    def __init__(
        self,
        origins: ArrayLike | Tensor,
        directions: ArrayLike | Tensor,
        domain: Domain,
        near: float | ArrayLike | Tensor | None = None,
        far: float | ArrayLike | Tensor | None = None,
        data: Mapping[str, ArrayLike | Tensor] | None = None,
        *,
        nodes: int = 64,
        rule: Rule = "midpoint",
        name: str = "rays",
    ) -> None:
        if isinstance(nodes, bool) or not isinstance(nodes, int) or nodes < 1:
            raise ValueError(f"Rays was given nodes={nodes!r}; expected a positive whole number.")
        if rule not in get_args(Rule):
            raise ValueError(
                f"Rays was given rule={rule!r}; expected one of {', '.join(map(repr, get_args(Rule)))}."
            )
        self.axes: tuple[Axis, ...] = domain.axes
        self.nodes, self.rule, self.name = nodes, rule, name
        along = _vectors(directions, "directions", self.axes)
        start = _vectors(origins, "origins", self.axes).expand(len(along), -1)
        lengths = along.norm(dim=1, keepdim=True)
        if bool((lengths == 0).any()):
            row = int((lengths[:, 0] == 0).nonzero()[0])
            raise ValueError(
                f"The direction of ray {row} has length 0; expected one that leads somewhere. Leave the ray out."
            )
        self.origins, self.directions = start, along / lengths
        enter, leave = crossings(self.origins, self.directions, bounds_of(domain))
        self.near = enter if near is None else _ends(near, "near", len(along))
        self.far = leave if far is None else _ends(far, "far", len(along))
        if bool((self.far < self.near).any()):
            row = int((self.far < self.near).nonzero()[0])
            raise ValueError(
                f"Ray {row} runs from near = {self.near[row]:g} to far = {self.far[row]:g}; expected near <= far. "
                f"Give the smaller one first."
            )
        own = {
            "direction": self.directions,
            "near": self.near,
            "far": self.far,
        }
        self.data: Mapping[str, Tensor] = {
            **own,
            **{key: as_data(v, key, len(along)) for key, v in (data or {}).items()},
        }

    @staticmethod
    def parallel(
        domain: Domain,
        angles: ArrayLike | Tensor,
        detectors: int | ArrayLike | Tensor,
        measured: ArrayLike | Tensor | None = None,
        *,
        nodes: int = 64,
        rule: Rule = "midpoint",
    ) -> Rays:
        """The parallel beams of a tomograph about the middle of a domain in the plane, angle by angle.

        At the angle θ (radians) the beam at the offset s is the line x cos θ + y sin θ = s, as Radon has it.
        ``detectors`` are the offsets, or how many cells the longer side of the domain is parted into, whose middles
        they are. ``measured`` is (angles, detectors), read as ``rays["measured"]``; each ray has its data
        "angle" and "offset". Raises ValueError for a domain that is not in the plane and data of another shape.

        >>> import math
        >>> from sirenpde import Box, Rays
        >>> rays = Rays.parallel(Box(x=(-1, 1), y=(-1, 1)), [0.0, math.pi / 2], 4)
        >>> rays.size, [round(s, 3) for s in rays.data["offset"].tolist()[:4]]
        (8, [-0.75, -0.25, 0.25, 0.75])
        """
        box = bounds_of(domain)
        if len(box) != 2:
            raise ValueError(
                f"Parallel beams were asked for in {len(box)} dimensions; expected a domain in the plane, such as "
                f"a grid of pixels. Give rays elsewhere by origins and directions: Rays(origins, directions, box)."
            )
        turn = as_numbers(angles, "The angles").reshape(-1)
        middle = turn.new_tensor([(low + high) / 2 for low, high in box])
        side = max(high - low for low, high in box)
        if isinstance(detectors, int):
            offsets = ((torch.arange(detectors, dtype=turn.dtype) + 0.5) / detectors - 0.5) * side
        else:
            offsets = as_numbers(detectors, "The detectors").reshape(-1)
        shape = len(turn), len(offsets)
        values = None if measured is None else as_numbers(measured, "The measured projections")
        if values is not None and tuple(values.shape[:2]) != shape:
            raise ValueError(
                f"The measured projections have shape {tuple(values.shape)}; expected {shape}, angles by detectors. "
                f"Transpose them, or give their angles and detectors."
            )
        across = torch.stack([turn.cos(), turn.sin()], dim=1)
        ahead = torch.stack([-turn.sin(), turn.cos()], dim=1)
        reach = math.hypot(*(high - low for low, high in box)) + float(offsets.abs().max())
        starts = middle + offsets[:, None] * across[:, None] - reach * ahead[:, None]
        data = {
            "angle": turn[:, None].expand(shape).reshape(-1),
            "offset": offsets.expand(shape).reshape(-1),
        }
        if values is not None:
            data["measured"] = values.flatten(0, 1)
        directions = ahead[:, None].expand(*shape, 2).reshape(-1, 2)
        return Rays(
            starts.reshape(-1, 2), directions, domain, data=data, nodes=nodes, rule=rule, name="beams"
        )

    def __repr__(self) -> str:
        return f"Rays({len(self.origins)} of {self.nodes} nodes)"

    @property
    def size(self) -> int | None:
        return None if self.rule == "random" else len(self.origins)

    @property
    def depths(self) -> Data:
        """How far each node is from the ray's origin, as a function of the sample, (nodes,)."""
        return Data(DEPTHS)

    @property
    def lengths(self) -> Data:
        """The length of the ray that each node stands for, as a function of the sample, (nodes,)."""
        return Data(LENGTHS)

    def __getitem__(self, key: str) -> Data:
        """The data of this name as a function of the sample, "direction", "near" and "far" among them."""
        return read_data(self.data, key, f"'{self.name}'")

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        """All rays, or ``n`` of them, without replacement as far as there are so many; and their data."""
        count = len(self.origins)
        if n is not None and n > count and self.size is None:
            chosen = torch.randint(count, (n,), generator=generator)
        else:
            some = subset(count, n, generator)
            chosen = torch.arange(count) if some is None else some
        near, far = self.near[chosen, None], self.far[chosen, None]
        unit, parts = self._unit(len(chosen), generator)
        depths = near + unit * (far - near)
        origins, directions = self.origins[chosen], self.directions[chosen]
        middles = origins + (near + far) / 2 * directions
        recipes: dict[str, Callable[[], Tensor]] = {
            NODES: lambda: origins[:, None] + depths[:, :, None] * directions[:, None],
            DEPTHS: lambda: depths,
            LENGTHS: lambda: (parts * (far - near)).expand(-1, self.nodes),
        }
        for key in self.data:
            recipes[key] = partial(_rows, self.data, key, chosen)
        return middles, Deferred(recipes)

    def _unit(self, rays: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Nodes and lengths along rays of length 1, (rays, nodes) or the same for all (1, nodes)."""
        if self.rule == "gauss":
            line = gauss(0, 1, self.nodes)
            return line.nodes[None], line.weights[None]
        starts = torch.arange(self.nodes, dtype=torch.float64) / self.nodes
        shape = (rays, self.nodes) if self.rule == "random" else (1, self.nodes)
        share = (
            torch.rand(shape, dtype=torch.float64, generator=generator)
            if self.rule == "random"
            else torch.full(shape, 0.5, dtype=torch.float64)
        )
        return starts + share / self.nodes, torch.full(shape, 1 / self.nodes, dtype=torch.float64)


def _rows(data: Mapping[str, Tensor], key: str, chosen: Tensor) -> Tensor:
    return data[key][chosen]


def _vectors(values: ArrayLike | Tensor, what: str, axes: tuple[Axis, ...]) -> Tensor:
    vectors = as_numbers(values, f"The {what} of rays")
    vectors = vectors[None] if vectors.ndim == 1 else vectors
    if vectors.ndim != 2 or vectors.shape[1] != len(axes) or not len(vectors):
        raise ValueError(
            f"The {what} of rays have shape {tuple(vectors.shape)}; expected (n, {len(axes)}), a column for each of "
            f"{', '.join(axis.name for axis in axes)}."
        )
    check_finite(vectors, f"The {what} of rays", [axis.name for axis in axes])
    return vectors


def _ends(values: float | ArrayLike | Tensor, what: str, count: int) -> Tensor:
    ends = as_numbers(values, f"The {what} ends of rays")
    if ends.ndim > 1 or (ends.ndim == 1 and len(ends) != count):
        raise ValueError(
            f"The {what} ends of rays have shape {tuple(ends.shape)}; expected a number, or ({count},), one for each."
        )
    check_finite(ends, f"The {what} ends of rays")
    return ends.expand(count)


def crossings(
    origins: Tensor, directions: Tensor, box: tuple[tuple[float, float], ...]
) -> tuple[Tensor, Tensor]:
    """Where rays enter and leave a box, (n,) each; the same place for one that misses it."""
    low, high = origins.new_tensor(box).T
    sides = torch.stack([(low - origins) / directions, (high - origins) / directions])
    beside = (directions == 0) & ((origins < low) | (origins > high))
    still = directions == 0
    first = torch.where(still, -math.inf, sides.amin(0)).amax(1)
    last = torch.where(still, math.inf, sides.amax(0)).amin(1)
    enter = first.clamp(min=0.0)
    missed = beside.any(1) | (last < enter)
    return torch.where(missed, 0.0, enter), torch.where(missed, 0.0, last)
