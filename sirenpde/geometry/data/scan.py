"""Closed surfaces as they are given: by scanned points, or by triangles."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import Literal

import torch
from torch import Tensor

from ..meshes.mesh import TriangleMesh
from ..point import Axis
from .cloud import Cloud
from .holes import closing
from .local_fits import FEW, fitted, suited_neighbours, tree_of
from .orienting import agreement, along_the_surface, areas_of, oriented, voted
from .point_cloud import PointCloud

Normals = Literal["given", "estimated"]

LEAST = 50  # points of a scan
FITTED = 30_000  # samples that are left of a noisy scan
MARGIN = 0.04  # of the longest side, around a surface that keeps its units
CONTRADICTING = 0.03  # of the neighbours, above which normals are mended
FLATTEST = 1e-6  # least extent of a scan by its largest


@dataclass(frozen=True)
class Scan:
    """A closed surface: a cloud of points on it with outward unit normals, and its triangles where they are known.

    The signed distance to it is that to the triangles, or the one to the cloud, as in ``Cloud.distance``.

    >>> import torch
    >>> from sirenpde import Scan, bundled
    >>> scan = Scan.open(mesh=bundled("spot.obj"), count=1000)
    >>> round(float(scan.distance(torch.tensor([[0.0, 0.0, 0.0]], dtype=torch.float64))), 2)
    -0.22
    """

    cloud: PointCloud
    mesh: TriangleMesh | None = None

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.cloud.axes

    def distance(self, points: Tensor) -> Tensor:
        """Signed distances (n,) of points (n, 3), negative inside."""
        return self.cloud.distance(points) if self._placed is None else self._placed.level(points)

    @cached_property
    def _placed(self) -> TriangleMesh | None:
        """The triangles where the cloud is."""
        frame = self.cloud.frame
        return self.mesh if self.mesh is None or frame is None else self.mesh.placed(frame)

    @staticmethod
    def open(
        points: str | PathLike[str] | None = None,
        mesh: str | PathLike[str] | None = None,
        usual: str | PathLike[str] | None = None,
        *,
        count: int = 200_000,
        normals: Normals | None = None,
        rescale: bool = False,
    ) -> Scan:
        """Reads a scan, or samples ``count`` points of a mesh; of the ``usual`` mesh where neither is given.

        Points are read as by ``PointCloud.open`` and made ready as by ``surface_of``, and so are those sampled on a
        mesh that is not closed, which a warning says.

        Raises OSError or ValueError for files that cannot be read, for both or none of them, and what ``surface_of``
        raises.
        """
        if points is not None and mesh is not None:
            raise ValueError(
                f"Both points, '{points}', and a mesh, '{mesh}', were given; expected one of them, the surface whose "
                f"distance is wanted. Leave one away."
            )
        if points is not None:
            return Scan(surface_of(PointCloud.open(points, rescale=rescale), normals))
        file = mesh if mesh is not None else usual
        if file is None:
            raise ValueError("Neither points nor a mesh were given; expected a file of one of them. Name it.")
        triangles = TriangleMesh.open(file)
        cloud = PointCloud.sample_mesh(file, count, rescale=rescale, closed=False)
        if not triangles.watertight:
            warnings.warn(
                f"'{file}' is not closed: {triangles.open_edges} of its edges have no partner on a neighbouring "
                f"face. It is taken as a scan: {count} points are sampled on it, and its holes closed. Repair the "
                f"mesh for the distance to its faces.",
                stacklevel=2,
            )
            return Scan(surface_of(cloud))
        axes = cloud.axes if rescale else _with_margin(triangles.vertices)
        return Scan(PointCloud(cloud.points, axes, cloud.data, cloud.name, cloud.frame), triangles)


def surface_of(cloud: Cloud, normals: Normals | None = None) -> PointCloud:
    """The points of a scanned closed surface with outward unit normals, noise averaged and holes closed.

    - Points that are there twice are taken once.
    - Normals are those ``given`` with the points, of whatever length, or ``estimated`` by parabolas fitted to
      neighbours; left out, the given ones where there are any. Estimated ones are turned alike from neighbour to
      neighbour and out of what they enclose; given ones, where more than 3 % contradict their neighbours, by the
      vote of those, and a warning says so.
    - Where neighbours lie in a ball rather than flat, which noise does, at most 30,000 feet on parabolas fitted to as
      many neighbours as the noise needs take the place of the points.
    - Holes are closed by samples of the level 1/2 of the winding number.
    - Unless they were rescaled, the points have a box around them with a margin of 4 % of its longest side.

    Raises ValueError for fewer than 50 different points, points in a plane, and normals that are given and zero.
    """
    (points, rows), own = _distinct(cloud), cloud.data.get("normal")
    if normals == "given" and own is None:
        raise ValueError(
            f"The cloud '{cloud.name}' has no normals, and given ones were asked for; expected columns nx, ny and "
            f'nz. Have them estimated: leave normals away, or say normals="estimated".'
        )
    given = None if own is None or normals == "estimated" else _unit(own, cloud.name)[rows]
    tree, generator = tree_of(points), torch.Generator().manual_seed(0)
    neighbours = suited_neighbours(points, tree, generator)
    if neighbours > FEW:
        chosen = torch.randperm(len(points), generator=generator)[:FITTED]
        fits = fitted(points[chosen], points, tree, neighbours)
        points, turned = fits.feet, fits.normals
        if given is not None:
            turned = _alike(turned, given, chosen)
        tree = tree_of(points)
        turned = voted(points, turned, tree) if given is not None else oriented(points, turned, tree)
    elif given is None:
        turned = oriented(points, fitted(points, points, tree, neighbours).normals, tree)
    else:
        turned = _mended(points, given, tree, cloud.name)
    areas = areas_of(points, tree)
    axes = cloud.axes if cloud.frame is not None else _with_margin(points)
    low, high = (points.new_tensor([getattr(a, end) for a in axes]) for end in ("low", "high"))
    more, outward = closing(points, turned, areas, low, high)
    data = {"normal": torch.cat([turned, outward])}
    return PointCloud(torch.cat([points, more]).clamp(low, high), axes, data, cloud.name, cloud.frame)


def _with_margin(points: Tensor) -> tuple[Axis, ...]:
    """A box around points in space, with the same margin on all sides."""
    low, high = points.amin(0), points.amax(0)
    margin = MARGIN * float((high - low).max())
    ends = torch.stack([low - margin, high + margin], dim=1).tolist()
    return tuple(Axis(name, *pair) for name, pair in zip("xyz", ends, strict=True))


def _distinct(cloud: Cloud) -> tuple[Tensor, Tensor]:
    """The different points in their order, and which rows they were: enough of them, and spread over space."""
    points = cloud.points
    if points.shape[1] != 3:
        raise ValueError(
            f"The cloud '{cloud.name}' has the axes {', '.join(a.name for a in cloud.axes)}; a surface lies in "
            f"three. Give x, y and z."
        )
    _, inverse = torch.unique(points, dim=0, return_inverse=True)
    count = int(inverse.max()) + 1 if len(points) else 0
    if count < LEAST:
        raise ValueError(
            f"The cloud '{cloud.name}' has {count} different points; a surface is known from {LEAST} on at the very "
            f"least, and well from some ten thousand. Give a denser scan."
        )
    rows = torch.full((count,), len(points)).scatter_reduce(0, inverse, torch.arange(len(points)), "amin")
    rows = rows.sort().values
    extents = torch.linalg.svdvals(points[rows] - points[rows].mean(0))
    if extents[2] <= FLATTEST * extents[0]:
        raise ValueError(
            f"All {count} points of '{cloud.name}' lie in a plane; a closed surface, with an inside, is needed. Give "
            f"a scan from all sides."
        )
    return points[rows], rows


def _unit(normals: Tensor, name: str) -> Tensor:
    length = normals.norm(dim=1, keepdim=True)
    zero = (length[:, 0] == 0).nonzero()[:, 0]
    if len(zero):
        raise ValueError(
            f"{len(zero)} of the {len(normals)} normals of '{name}' have length zero, the first in row "
            f"{int(zero[0])}; a direction is needed in every row. Leave these points out, or have all normals "
            f'estimated: normals="estimated", on the command line --normals estimated.'
        )
    unit: Tensor = normals / length
    return unit


def _alike(normals: Tensor, given: Tensor, chosen: Tensor) -> Tensor:
    """Normals turned to the side of those given."""
    return torch.where((normals * given[chosen]).sum(1, keepdim=True) < 0, -normals, normals)


def _mended(points: Tensor, given: Tensor, tree: object, name: str) -> Tensor:
    """Normals as given, or turned by the vote of their neighbours where too many contradict them."""
    beside, agree = agreement(points, given, tree)
    contradicting = float((agree[along_the_surface(points, given, beside)] < 0).double().mean())
    if not contradicting > CONTRADICTING:
        return given
    mended = voted(points, given, tree)
    turned = float(((mended * given).sum(1) < 0).double().mean())
    warnings.warn(
        f"{100 * contradicting:.0f} % of neighbours in '{name}' have normals that contradict each other; "
        f"{100 * turned:.0f} % of the normals were turned to agree with most of their neighbours.",
        stacklevel=4,
    )
    return mended
