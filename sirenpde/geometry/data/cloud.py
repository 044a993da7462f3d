"""Finitely many points with data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..arrays import as_mask, check_unit
from ..domain import Data, column_of, quasi_random, read_data, select, subset
from ..frame import Frame
from ..point import Axis
from ..slab import Slab
from ..tensor_grid import TensorGrid
from .distances import signed_distance

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True, eq=False, repr=False)
class Cloud:
    """Points (n, d), one column per axis, and data, each (n, ...), which may be deferred.

    Made here, of values that need no check; ``PointCloud`` is the one that users declare.
    """

    points: Tensor
    axes: tuple[Axis, ...]
    data: Mapping[str, Tensor]
    name: str
    frame: Frame | None = None  # None: the points are in their own units
    lattice: TensorGrid | None = None  # None: the points lie on no tensor grid

    @property
    def size(self) -> int:
        return len(self.points)

    def __getitem__(self, key: str) -> Data:
        """The data of this name as a function of a point; ValueError where there is none."""
        return read_data(self.data, key, f"The cloud '{self.name}'")

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

    def where(self, mask: ArrayLike | Tensor | str, name: str | None = None) -> Cloud:
        """The points at which ``mask`` holds: booleans (n,), or the name of data that are not zero there.

        Raises ValueError where it holds at none.
        """
        if isinstance(mask, str):
            read_data(self.data, mask, f"The cloud '{self.name}'")
            return self.where(self.data[mask] != 0, name or mask)
        part = name or f"part of {self.name}"
        chosen = as_mask(mask, (self.size,), f"'{self.name}'").nonzero()[:, 0]
        if not len(chosen):
            raise ValueError(
                f"No point of '{self.name}' is left in '{part}': the mask is false everywhere; at least one "
                f"point is needed. Check the mask, or its threshold."
            )
        lattice = self.lattice.subset(chosen) if self.lattice else None
        return Cloud(self.points[chosen], self.axes, select(self.data, chosen), part, self.frame, lattice)

    def within(self, axis: Axis, low: float, high: float) -> Cloud | None:
        """The points in a slab of an axis; None where there are none.

        A lattice without data that spans the axis is squeezed into the slab, all of it.
        """
        slab, column = Slab(axis, low, high), column_of(self, axis)
        lattice = None if len(self.data) or self.lattice is None else self.lattice.squeezed(column, slab)
        if lattice is not None:
            return Cloud(lattice.points, self.axes, {}, self.name, self.frame, lattice)
        inside = slab.holds(self.points[:, column])
        return self.where(inside, self.name) if inside.any() else None

    def held_at(self, axis: Axis, value: float) -> Cloud:
        """The same points and data with another coordinate along an axis."""
        column = column_of(self, axis)
        points = self.points.clone()
        points[:, column] = value
        lattice = None if self.lattice is None else self.lattice.moved(column, value)
        return Cloud(points, self.axes, self.data, self.name, self.frame, lattice)

    def distance(self, points: Tensor) -> Tensor:
        """The distance (n,) of points (n, d) to the surface that this cloud samples, as in ``distances``.

        >>> import torch
        >>> from sirenpde import PointCloud, bundled
        >>> spot = PointCloud.sample_mesh(bundled("spot.obj"), 5000)
        >>> round(float(spot.distance(torch.tensor([[0.0, 0.0, 0.0]], dtype=torch.float64))), 2)
        -0.22
        """
        return signed_distance(points, self.points, self._normals())

    def _normals(self) -> Tensor:
        """The data "normal"; ValueError where there are none, or they are not of unit length."""
        if "normal" not in self.data:
            raise ValueError(
                f"The cloud '{self.name}' has no normals, which tell the two sides of its surface apart; expected "
                f"unit vectors as the data 'normal', in files the columns nx, ny and nz. Have them estimated by the "
                f"program that the scan is from."
            )
        check_unit(self.data["normal"], len(self.axes), f"The normals of '{self.name}'")
        return self.data["normal"]

    def distances(
        self, uniform: int = 60_000, near: int = 150_000, *, spread: float | None = None, seed: int = 0
    ) -> Cloud:
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
        normals = self._normals()
        if uniform < 0 or near < 0 or uniform + near < 1:
            raise ValueError(
                f"Asked for {uniform} uniform and {near} near points; neither number may be negative nor "
                "both be 0. Ask for more."
            )
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
        return Cloud(points, self.axes, data, f"space around {self.name}", self.frame)
