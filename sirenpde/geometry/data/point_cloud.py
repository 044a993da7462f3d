"""Clouds of points that users declare: arrays, files and samples of meshes, checked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..arrays import as_data, as_numbers, as_points
from ..domain import HasAxes
from ..frame import Frame, axes_around
from ..meshes.mesh import TriangleMesh
from ..point import Axis
from ..readers.existing import read_columns
from ..readers.tables import Columns
from .cloud import Cloud

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class PointCloud(Cloud):
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
        tensors = {key: as_data(values, key, len(rows)) for key, values in (data or {}).items()}
        super().__init__(rows, axes, tensors, name, frame)

    @staticmethod
    def open(
        path: str | PathLike[str],
        box: HasAxes | None = None,
        columns: Sequence[str] | None = None,
        *,
        rescale: bool = False,
    ) -> PointCloud:
        """Reads points and their data from ``.ply``, ``.npz``, ``.las`` or a table (``.csv``, ``.xyz``, ...).

        The coordinates are the columns named like the axes (or the array ``points`` of an ``.npz``), nx, ny,
        nz become the data "normal", and any other column of numbers is data; text is left out. ``columns``
        names those of a table without a header. Units and the usual spellings of simulation programs are
        understood, see ``read_table``. LAS and LAZ need laspy, of the extra ``scan``; their colours are left out.

        The points keep their units. Without a ``box`` they have the axes x, y, z (or x, y), and fill 95 % of
        them; ``Box.around(cloud)`` is that box. With ``rescale=True`` they are centred and scaled to fill 95 %
        of the box, by default of [-1, 1]^3; ``cloud.frame`` leads back, and files are written in the units of
        this one.

        Raises OSError where there is no such file, and ValueError for one that cannot be read, lacks a column of
        coordinates, or has a value that is no number.
        """
        names = [axis.name for axis in (_CUBE if box is None else box.axes)]
        table = read_columns(path, columns, names)
        if box is None:
            names = _space(table)
        points = _stacked(table, names, "points")
        if points is None:
            raise ValueError(
                f"'{path}' has the columns {', '.join(table) or 'none'}; one is needed for each of the axes "
                f"{', '.join(names)}. Name the columns by columns=(...), or pass a box with their names."
            )
        normals = _stacked(table, [f"n{name}" for name in names], "normal")
        data = {
            key: as_numbers(values, f"The column '{key}' of '{path}'")
            for key, values in table.items()
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
        placed = mesh.placed(frame) if frame else mesh
        points, normals = placed.sample(count, torch.Generator().manual_seed(seed))
        return PointCloud(points, axes, {"normal": normals}, mesh.name, frame)


def _stacked(table: Columns, names: Sequence[str], whole: str) -> Tensor | None:
    """The named columns, taken out of ``table`` and put side by side, or the array called ``whole``."""
    if whole in table:
        return as_numbers(table.pop(whole), f"The column '{whole}'")
    if not all(name in table for name in names):
        return None
    return torch.stack([as_numbers(table.pop(name), f"The column '{name}'") for name in names], dim=1)


def _space(table: Columns) -> list[str]:
    """The axes of a file of points in the plane or in space."""
    whole = table.get("points")
    flat = "z" not in table if whole is None else whole.shape[1:] == (2,)
    return ["x", "y"] if flat and (whole is not None or {"x", "y"} <= set(table)) else ["x", "y", "z"]


_CUBE = tuple(Axis(name, -1.0, 1.0) for name in "xyz")
