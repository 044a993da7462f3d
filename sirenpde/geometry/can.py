"""What a domain can do beyond giving points: small protocols, which others ask for instead of a class.

``isinstance(domain, can.Cut)`` asks. A shape offers those that it knows exactly. The functions ``within``,
``instant``, ``held_at``, ``contains`` and ``quadrature`` make do with less where one is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from .domain import Domain
from .frame import Frame
from .meshes.cells import Cells
from .nodes import Rule, TensorNodes, WeightedNodes
from .patch import Patch
from .pictures.surroundings import Surroundings
from .point import Axis
from .tensor_grid import TensorGrid


@runtime_checkable
class Contain(Protocol):
    """Knows which points lie in it."""

    def contains(self, points: Tensor) -> Tensor:
        """Booleans (n,) for points (n, d), rounding forgiven."""
        ...


@runtime_checkable
class Level(Protocol):
    """Knows its inside by a function: negative there, 0 exactly on the boundary, positive outside."""

    @property
    def axes(self) -> tuple[Axis, ...]: ...

    @property
    def name(self) -> str: ...

    def level(self, points: Tensor) -> Tensor:
        """Points (n, d) -> (n,), roughly the distance to the boundary, in the units of the axes."""
        ...


@runtime_checkable
class Measure(Protocol):
    """Knows its length, area or volume; 1 for a single point."""

    @property
    def measure(self) -> float: ...


@runtime_checkable
class Dimension(Protocol):
    """Knows along how many directions its points differ: fewer than axes on a slice or a boundary."""

    @property
    def dimension(self) -> int: ...


@runtime_checkable
class FromUnit(Protocol):
    """Is the image of a unit cube of its dimension, equal parts for equal parts."""

    def from_unit(self, unit: Tensor) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Points (n, dimension) of the cube -> points (n, d) of the domain, and their data."""
        ...


@runtime_checkable
class Bound(Protocol):
    """Knows its low and high end along each axis."""

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]: ...


@runtime_checkable
class Cut(Protocol):
    """Knows its part between two values of an axis."""

    def within(self, axis: Axis, low: float, high: float) -> Domain | None:
        """The part in the slab (low, high] of an axis, [low, high] at the axis' own low end; None for nothing."""
        ...


@runtime_checkable
class Instant(Protocol):
    """Knows whether all its points have one coordinate along an axis."""

    def instant(self, axis: Axis) -> float | None:
        """That coordinate; None where they have several."""
        ...


@runtime_checkable
class HeldAt(Protocol):
    """Can be had with another coordinate along an axis, where all its points have one."""

    def held_at(self, axis: Axis, value: float) -> Domain: ...


@runtime_checkable
class Slice(Protocol):
    """Has slices, on which the named axes have one value."""

    def at(self, **values: float) -> Domain: ...


@runtime_checkable
class Bounded(Protocol):
    """Has a boundary whose points carry the outward unit ``normal``."""

    def boundary(self) -> Domain: ...


@runtime_checkable
class BoundedInParts(Protocol):
    """Was made from other domains, and knows what of its boundary came from each."""

    def boundary_of(
        self, part: Any, where: Callable[[Tensor], Tensor] | None = None, name: str | None = None
    ) -> Domain: ...


@runtime_checkable
class Faces(Protocol):
    """Consists of faces: the parts of a boundary."""

    @property
    def faces(self) -> tuple[Domain, ...]: ...


@runtime_checkable
class Patches(Protocol):
    """Consists of products of intervals, if they are not None."""

    def patches(self) -> tuple[Patch, ...] | None: ...


@runtime_checkable
class Quadrature(Protocol):
    """Knows its own tensor products of nodes; None where it is none."""

    def quadrature(self, rule: Rule) -> tuple[TensorNodes, ...] | None: ...


@runtime_checkable
class Cubature(Protocol):
    """Knows nodes and weights that are no tensor product along its axes; None where it has none."""

    def cubature(self, count: int) -> WeightedNodes | None:
        """Nodes that integrate polynomials up to degree 2 ``count`` - 1 exactly."""
        ...


@runtime_checkable
class Restricted(Protocol):
    """Is the part of another domain in which a predicate on points (n, d) holds."""

    @property
    def whole(self) -> Domain: ...

    @property
    def predicate(self) -> Callable[[Tensor], Tensor]: ...


@runtime_checkable
class Carry(Protocol):
    """Has the points of another domain, with values computed from their coordinates."""

    @property
    def bare(self) -> Domain: ...

    def data_at(self, points: Tensor) -> Mapping[str, Tensor]:
        """The values at points (n, d), by name."""
        ...


@runtime_checkable
class Multiplied(Protocol):
    """Is the product of a domain with an interval of one more axis."""

    @property
    def shape(self) -> Domain: ...

    @property
    def interval(self) -> Domain: ...


@runtime_checkable
class Joined(Protocol):
    """Has samples of two points, at two values of one axis."""

    @property
    def axis(self) -> Axis: ...

    @property
    def first(self) -> float: ...

    @property
    def second(self) -> float: ...


@runtime_checkable
class OnLattice(Protocol):
    """Finitely many points on a tensor grid, if it is not None."""

    @property
    def lattice(self) -> TensorGrid | None: ...


@runtime_checkable
class Triangulate(Protocol):
    """Has a mesh of itself, to draw and export on."""

    def cells(self, resolution: int) -> Cells:
        """Cells that fill the domain, about ``resolution`` points across."""
        ...


@runtime_checkable
class Listed(Protocol):
    """Is given by its points (n, d) and their data, each (n, ...)."""

    @property
    def points(self) -> Tensor: ...

    @property
    def data(self) -> Mapping[str, Tensor]: ...


@runtime_checkable
class Cover(Protocol):
    """Is a function of some coordinates, which has values in a part of space only."""

    @property
    def name(self) -> str: ...

    @property
    def names(self) -> tuple[str, ...]: ...

    def covers(self, points: Tensor) -> Tensor:
        """Booleans (n,) for points (n, d) along the axes of these names."""
        ...


@runtime_checkable
class Banded(Protocol):
    """Samples of a signal that know how fast it varies."""

    @property
    def bandwidth(self) -> float:
        """The root mean square frequency, in radians per half of the domain's length."""
        ...


@runtime_checkable
class Noted(Protocol):
    """Has something to tell about how it was made, a paragraph each: rows that were left out."""

    @property
    def notes(self) -> tuple[str, ...]: ...


@runtime_checkable
class Scaled(Protocol):
    """Was scaled from the units of a file, if its frame is not None: ``frame.restore`` leads back."""

    @property
    def frame(self) -> Frame | None: ...


@runtime_checkable
class Pictured(Protocol):
    """Is a grid of pixels with pictures (H, W) or (H, W, 3), row 0 on top."""

    @property
    def images(self) -> Mapping[str, Tensor]: ...


@runtime_checkable
class Surrounded(Protocol):
    """Is a grid of pixels that may be a part of a picture."""

    @property
    def around(self) -> Surroundings | None: ...


@runtime_checkable
class Filmed(Protocol):
    """Is a grid of voxels of a film, with values (t, x, y) or (t, x, y, 3), so many frames of them a second."""

    @property
    def rate(self) -> float: ...

    @property
    def lines(self) -> Sequence[Tensor]: ...

    @property
    def values(self) -> Mapping[str, Tensor]: ...


def faces_of(domain: object) -> tuple[Domain, ...]:
    """The faces that a domain consists of; none of one that is no boundary (those of a mesh are triangles)."""
    faces = domain.faces if isinstance(domain, Faces) else ()
    return faces if isinstance(faces, tuple) else ()


def lattice_of(domain: object) -> TensorGrid | None:
    """The tensor grid on which the points of a domain lie, if there is one."""
    return domain.lattice if isinstance(domain, OnLattice) else None


def patches_of(domain: object) -> tuple[Patch, ...] | None:
    """The products of intervals that a domain consists of; None for another kind."""
    return domain.patches() if isinstance(domain, Patches) else None


def frame_of(domain: object) -> Frame | None:
    """The frame of a domain that was scaled from the units of a file, if it was."""
    return domain.frame if isinstance(domain, Scaled) else None


def images_of(domain: object) -> Mapping[str, Tensor]:
    """The pictures of a grid of pixels; none of another domain."""
    return domain.images if isinstance(domain, Pictured) else {}


def surroundings_of(domain: object) -> Surroundings | None:
    """The picture that a grid of pixels is a part of; None of another domain."""
    return domain.around if isinstance(domain, Surrounded) else None


def needs_mesh(domain: object) -> bool:
    """Whether a domain has a mesh of itself because no grid fills it, as one fills a box; none has beyond space."""
    if not isinstance(domain, Triangulate):
        return False
    space = [axis for axis in domain.axes if not axis.is_time]  # type: ignore[attr-defined]
    if len(space) > 3:
        return False
    if isinstance(domain, Restricted):
        return len(space) == 2 and space == list(domain.axes) and dimension_of(domain) == len(space)  # type: ignore
    patches = patches_of(domain)
    return patches is None or len(patches) != 1


def cells_of(domain: object, resolution: int) -> Cells | None:
    """A mesh of a domain, if it has one."""
    return domain.cells(resolution) if isinstance(domain, Triangulate) else None


def dimension_of(domain: Domain) -> int:
    """Along how many directions the points of a domain differ; those of one that does not say along all axes."""
    return domain.dimension if isinstance(domain, Dimension) else len(domain.axes)


def bounds_of(domain: Domain) -> tuple[tuple[float, float], ...]:
    """The low and high end of a domain along each axis; those of the axis where it does not say."""
    return domain.bounds if isinstance(domain, Bound) else tuple((a.low, a.high) for a in domain.axes)


def contains(domain: object, points: Tensor) -> Tensor:
    """Which of the points (n, d) lie in a domain; all of them, as far as one knows that does not say."""
    if isinstance(domain, Contain):
        return domain.contains(points)
    return torch.ones(len(points), dtype=torch.bool)
