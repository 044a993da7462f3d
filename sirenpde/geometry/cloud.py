"""Finitely many points with data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor

from .arrays import as_data, as_mask, as_numbers, as_points, check_unit
from .distances import signed_distance
from .domain import Data, column_of, quasi_random, read, select, subset
from .frame import Frame, axes_around
from .mesh import TriangleMesh
from .point import Axis
from .readers.existing import read_columns
from .readers.tables import Columns
from .slab import Slab
from .tensor_grid import TensorGrid

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class HasAxes(Protocol):
    """A box, or any other domain: all that a cloud needs of it are the axes."""

    @property
    def axes(self) -> tuple[Axis, ...]: ...


@dataclass(frozen=True, eq=False, init=False, repr=False)
class PointCloud:
    """Finitely many points with data, such as a scan with normals, or measurements.

    ``points`` (n, d), one column per axis, lie within the axes' ranges; every entry of ``data`` has n rows.
    ``cloud[key]`` is data as a function of a point. Arrays and tensors are accepted and kept as float64
    (complex data as complex128). Raises ValueError where shapes do not fit, a number is not finite or a
    point lies outside.

    >>> from sirenpde import Box, PointCloud
    >>> box = Box(x=(0, 1), y=(0, 1))
    >>> cloud = PointCloud([[0.5, 0.1], [0.2, 0.9]], box, data={"height": [1.0, 2.0]})
    >>> cloud.size, cloud["height"]
    (2, Data(key='height'))
    >>> cloud.where([False, True]).points.tolist()
    [[0.2, 0.9]]
    """

    points: Tensor
    axes: tuple[Axis, ...]
    data: Mapping[str, Tensor]
    name: str
    frame: Frame | None  # None: the points are in their own units
    lattice: TensorGrid | None  # None: the points lie on no tensor grid

    def __init__(
        self,
        points: ArrayLike | Tensor,
        box: HasAxes | Sequence[Axis],
        data: Mapping[str, ArrayLike | Tensor] | None = None,
        name: str = "cloud",
        frame: Frame | None = None,
    ) -> None:
        axes = tuple(box) if isinstance(box, Sequence) else box.axes
        rows = as_points(points, f"'{name}'", axes)
        kept = {key: as_data(values, key, len(rows)) for key, values in (data or {}).items()}
        _fill(self, rows, axes, kept, name, frame, None)

    @staticmethod
    def open(
        path: str | PathLike[str],
        box: HasAxes | None = None,
        columns: Sequence[str] | None = None,
        *,
        rescale: bool = False,
    ) -> PointCloud:
        """Reads points and their data from ``.ply``, ``.npz`` or a table (``.csv``, ``.xyz``, ``.txt``, ...).

        The coordinates are the columns named like the axes (or the array ``points`` of an ``.npz``), nx, ny,
        nz become the data "normal", and any other column of numbers is data; text is left out. ``columns``
        names those of a table without a header. Units and the usual spellings of simulation programs are
        understood, see ``read_table``.

        The points keep their units. Without a ``box`` they have the axes x, y, z (or x, y), and fill 95 % of
        them; ``Box.around(cloud)`` is that box. With ``rescale=True`` they are centred and scaled to fill 95 %
        of the box, by default of [-1, 1]^3; ``cloud.frame`` leads back, and files are written in the units of
        this one.
        """
        names = [axis.name for axis in (_CUBE if box is None else box.axes)]
        found = read_columns(path, columns, names)
        if box is None:
            names = _space(found)
        points = _stacked(found, names, "points")
        if points is None:
            raise ValueError(
                f"'{path}' has the columns {', '.join(found) or 'none'}; one is needed for each of the axes "
                f"{', '.join(names)}. Name the columns by columns=(...), or pass a box with their names."
            )
        normals = _stacked(found, [f"n{name}" for name in names], "normal")
        data = {
            key: as_numbers(values, f"The column '{key}' of '{path}'")
            for key, values in found.items()
            if values.dtype.kind not in "US"
        }
        if normals is not None:
            data["normal"] = normals
        name = Path(path).stem
        if box is not None and not rescale:
            return PointCloud(points, box, data, name)
        as_points(points, f"'{path}'", tuple(Axis(n, -math.inf, math.inf) for n in names))
        axes = _CUBE[: len(names)] if box is None else box.axes
        try:
            around = axes_around(points, names)
            frame = Frame.fitting(points, axes) if rescale else None
        except ValueError as error:
            raise ValueError(f"'{path}': {error}") from None
        if frame is None:
            return PointCloud(points, around, data, name)
        return PointCloud(frame.apply(points), axes, data, name, frame)

    @staticmethod
    def sample_mesh(
        path: str | PathLike[str],
        count: int,
        *,
        box: HasAxes | None = None,
        rescale: bool = False,
        fill: float = 0.95,
        seed: int = 0,
        closed: bool = True,
    ) -> PointCloud:
        """Points on a triangle mesh, uniform by area, with the outward unit face normal as data "normal".

        The mesh keeps its units, and without a ``box`` it fills this fraction of the cloud's axes x, y, z;
        ``Box.around(cloud)`` is that box. With ``rescale=True`` the mesh is centred and scaled to fill this
        fraction of the box, by default of [-1, 1]^3; ``cloud.frame`` leads back, and files are written in the
        mesh's units. Raises ValueError for an open mesh unless ``closed=False``: inside and outside have no
        meaning there.

        >>> from sirenpde import PointCloud, bundled
        >>> cloud = PointCloud.sample_mesh(bundled("spot.obj"), 5000)
        >>> cloud
        PointCloud('spot', 5000 points of (x, y, z), data: normal)
        """
        mesh = TriangleMesh.open(path)
        if closed and not mesh.watertight:
            raise ValueError(
                f"'{path}' is not closed: {mesh.open_edges} of its edges have no partner on a neighbouring "
                "face; a closed surface is needed to tell inside from outside. Repair the mesh, or pass "
                "closed=False to sample it as it is."
            )
        axes = box.axes if box is not None else _CUBE if rescale else axes_around(mesh.vertices, "xyz", fill)
        if len(axes) != 3:
            raise ValueError(
                f"The box has the axes {', '.join(a.name for a in axes)}; a mesh lies in three. Pass a box "
                "such as Box(x=(-1, 1), y=(-1, 1), z=(-1, 1))."
            )
        frame = Frame.fitting(mesh.vertices, axes, fill) if rescale else None
        placed = mesh.moved(frame) if frame else mesh
        points, normals = placed.sample(count, torch.Generator().manual_seed(seed))
        return PointCloud(points, axes, {"normal": normals}, mesh.name, frame)

    @property
    def size(self) -> int:
        return len(self.points)

    def __getitem__(self, key: str) -> Data:
        """The data of this name as a function of a point; ValueError where there is none."""
        return read(self.data, key, f"The cloud '{self.name}'")

    def __repr__(self) -> str:
        axes = ", ".join(a.name for a in self.axes)
        data = ", ".join(self.data) or "none"
        return f"PointCloud('{self.name}', {self.size} points of ({axes}), data: {data})"

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        """All points, or ``n`` of them without replacement, and their data."""
        chosen = subset(self.size, n, generator)
        if chosen is None:
            return self.points, self.data
        return self.points[chosen], select(self.data, chosen)

    def where(self, mask: ArrayLike | Tensor | str, name: str | None = None) -> PointCloud:
        """The points at which ``mask`` holds: booleans (n,), or the name of data that are not zero there."""
        if isinstance(mask, str):
            read(self.data, mask, f"The cloud '{self.name}'")
            return self.where(self.data[mask] != 0, name or mask)
        part = name or f"part of {self.name}"
        chosen = as_mask(mask, (self.size,), f"'{self.name}'").nonzero()[:, 0]
        if not len(chosen):
            raise ValueError(
                f"No point of '{self.name}' is left in '{part}': the mask is false everywhere; at least one "
                f"point is needed. Check the mask, or its threshold."
            )
        lattice = self.lattice.part(chosen) if self.lattice else None
        return assemble(self.points[chosen], self.axes, select(self.data, chosen), part, self.frame, lattice)

    def within(self, axis: Axis, low: float, high: float) -> PointCloud | None:
        """The points in a slab of an axis; None where there are none.

        A lattice without data that spans the axis is squeezed into the slab, all of it.
        """
        slab, column = Slab(axis, low, high), column_of(self, axis)
        lattice = None if len(self.data) or self.lattice is None else self.lattice.squeezed(column, slab)
        if lattice is not None:
            return assemble(lattice.points, self.axes, {}, self.name, self.frame, lattice)
        inside = slab.holds(self.points[:, column])
        return self.where(inside, self.name) if inside.any() else None

    def moved(self, axis: Axis, value: float) -> PointCloud:
        """The same points and data with another coordinate along an axis."""
        column = column_of(self, axis)
        points = self.points.clone()
        points[:, column] = value
        lattice = None if self.lattice is None else self.lattice.moved(column, value)
        return assemble(points, self.axes, self.data, self.name, self.frame, lattice)

    def distances(
        self, uniform: int = 60_000, near: int = 150_000, *, spread: float | None = None, seed: int = 0
    ) -> PointCloud:
        """Points around the surface that this cloud samples, with data "distance", negative inside.

        ``uniform`` points fill the box; ``near`` ones lie beside the samples, displaced by a Gaussian of
        deviation ``spread``, a fortieth of the box's longest side if left out, and mirrored back at the box's
        faces. The distance to the surface is the one to the nearest sample, less its tangential part as far as
        that is due to the gaps between samples; its sign is the side of the sample's normal. Raises ValueError
        unless the data "normal" are unit vectors.

        >>> from sirenpde import PointCloud, bundled
        >>> space = PointCloud.sample_mesh(bundled("spot.obj"), 5000).distances(uniform=100, near=200)
        >>> space
        PointCloud('space around spot', 300 points of (x, y, z), data: distance)
        """
        read(self.data, "normal", f"The cloud '{self.name}'")
        if uniform < 0 or near < 0 or uniform + near < 1:
            raise ValueError(
                f"Asked for {uniform} uniform and {near} near points; neither number may be negative nor "
                "both be 0. Ask for more."
            )
        normals = self.data["normal"]
        check_unit(normals, len(self.axes), f"The normals of '{self.name}'")
        generator = torch.Generator().manual_seed(seed)
        low = self.points.new_tensor([a.low for a in self.axes])
        high = self.points.new_tensor([a.high for a in self.axes])
        anywhere = low + (high - low) * quasi_random(uniform, len(self.axes), generator)
        beside = self.points[torch.randint(self.size, (near,), generator=generator)]
        width = float((high - low).max()) / 40 if spread is None else spread
        beside = beside + width * torch.randn(beside.shape, dtype=beside.dtype, generator=generator)
        beside = high - (high - (low + (beside - low).abs())).abs()
        points = torch.cat([anywhere, beside.clamp(low, high)])
        data = {"distance": signed_distance(points, self.points, normals)}
        return assemble(points, self.axes, data, f"space around {self.name}", self.frame)


def _stacked(found: Columns, names: Sequence[str], whole: str) -> Tensor | None:
    """The named columns, taken out of ``found`` and put side by side, or the array called ``whole``."""
    if whole in found:
        return as_numbers(found.pop(whole), f"The column '{whole}'")
    if not all(name in found for name in names):
        return None
    return torch.stack([as_numbers(found.pop(name), f"The column '{name}'") for name in names], dim=1)


def _space(found: Columns) -> list[str]:
    """The axes of a file of points in the plane or in space."""
    whole = found.get("points")
    flat = "z" not in found if whole is None else whole.shape[1:] == (2,)
    return ["x", "y"] if flat and (whole is not None or {"x", "y"} <= set(found)) else ["x", "y", "z"]


_CUBE = tuple(Axis(name, -1.0, 1.0) for name in "xyz")


def assemble(
    points: Tensor,
    axes: tuple[Axis, ...],
    data: Mapping[str, Tensor],
    name: str,
    frame: Frame | None = None,
    lattice: TensorGrid | None = None,
) -> PointCloud:
    """A cloud of points and data made here, which need no check and may be deferred."""
    return _fill(PointCloud.__new__(PointCloud), points, axes, data, name, frame, lattice)


def _fill(cloud: PointCloud, *values: object) -> PointCloud:
    for field, value in zip(PointCloud.__dataclass_fields__, values, strict=True):
        object.__setattr__(cloud, field, value)
    return cloud
