"""Scans with their usual faults, and the surfaces that several methods make of them."""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .classical.scans import poisson, signed_heat
from .tables import Column, markdown, text

if TYPE_CHECKING:
    from torch import Tensor

    from ..geometry.meshes.mesh import TriangleMesh

Row = dict[str, Any]
SHAPES = ("spot", "room")
FAULTS = ("none", "noise", "bare", "bare-noise", "flipped", "hole")
METHODS = ("lattice", "poisson", "heat")
_NOISE, _HOLE, _FLIPPED = 0.005, 0.08, 0.1  # of the diagonal, twice; of all normals


@dataclass(frozen=True)
class ScanCase:
    """A scan of a shape with a fault, and the method that makes a surface of it."""

    shape: str
    fault: str
    method: str

    @property
    def name(self) -> str:
        return f"{self.shape}/{self.fault}/{self.method}"


CASES = tuple(ScanCase(s, f, m) for s in SHAPES for f in FAULTS for m in METHODS)


def chosen(names: Sequence[str], quick: bool) -> tuple[ScanCase, ...]:
    """Those of these names, or of parts of them; ValueError for a name of none."""
    every = {case: set(case.name.split("/")) | {case.name, f"{case.shape}/{case.fault}"} for case in CASES}
    for name in names:
        if not any(name in words for words in every.values()):
            parts = ", ".join((*SHAPES, *FAULTS, *METHODS))
            raise ValueError(
                f"There is no case '{name}'; expected {CASES[0].name} or so, or some of {parts}."
            )
    return tuple(case for case, words in every.items() if not names or words & set(names))


def measure(
    cases: Sequence[ScanCase],
    *,
    seeds: int,
    quick: bool,
    device: str,
    say: Callable[[str], None],
    done: Callable[[list[Row]], None],
) -> list[Row]:
    """A row for each case: how far the surface is from the shape, and the processor time of all that it took."""
    rows: list[Row] = []
    for case in cases:
        say(case.name)
        rows.append({"name": case.name, **_measured(case, quick)})
        done(rows)
    return rows


def scan(shape: str, fault: str, count: int) -> tuple[TriangleMesh, Tensor, Tensor | None]:
    """The shape, and points (n, 3) of a scan of it with normals (n, 3), or without.

    ``noise`` has a deviation of 0.5 % of the diagonal, ``bare`` no normals, ``flipped`` a tenth of them turned, and
    ``hole`` no points in a ball of 8 % of the diagonal.
    """
    import torch

    from ..geometry.meshes.mesh import TriangleMesh
    from ..geometry.readers.existing import bundled
    from ..references.room import room_mesh

    mesh = room_mesh() if shape == "room" else TriangleMesh.open(bundled(f"{shape}.obj"))
    generator = torch.Generator().manual_seed(0)
    points, normals = mesh.sample(count, generator)
    if "noise" in fault:
        points = points + _NOISE * mesh.diagonal * torch.randn(
            points.shape, dtype=points.dtype, generator=generator
        )
    if fault == "flipped":
        turned = torch.rand(count, 1, dtype=points.dtype, generator=generator) < _FLIPPED
        normals = torch.where(turned, -normals, normals)
    if fault == "hole":
        middle = points[(points @ points.new_tensor([0.3, 0.5, 0.8])).argmax()]
        kept = (points - middle).norm(dim=1) > _HOLE * mesh.diagonal
        points, normals = points[kept], normals[kept]
    return mesh, points, None if "bare" in fault else normals


def _measured(case: ScanCase, quick: bool) -> Row:
    from ..analysis.surfaces import surface_errors

    mesh, points, normals = scan(case.shape, case.fault, 20_000 if quick else 200_000)
    start = time.process_time()
    try:
        found = _METHODS[case.method](points, normals, 64 if quick else 128)
    except (ImportError, ValueError) as error:
        return {"chamfer": None, "failed": str(error)}
    seconds = time.process_time() - start
    return {**surface_errors(found, mesh), "cpu_s": seconds}


def _lattice(points: Tensor, normals: Tensor | None, resolution: int) -> TriangleMesh:
    """The bundled problem, as ``sirenpde solve signed_distance --points`` solves it."""
    from ..geometry.meshes.mesh import TriangleMesh
    from ..problem.load import build, find, load
    from ..run.solve import solve

    with tempfile.TemporaryDirectory() as folder:
        import numpy as np

        file, columns = Path(folder) / "scan.npz", dict[str, Any](points=points.numpy())
        if normals is not None:
            columns["normal"] = normals.numpy()
        np.savez(file, **columns)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            problem = build(load(find("signed_distance")), {"points": file, "resolution": resolution})
            solution = solve(problem)
        return TriangleMesh.open(solution.export(Path(folder) / "u.ply", resolution=3 * resolution // 2 + 1))


def _classical(
    method: Callable[[Tensor, Tensor, int], TriangleMesh],
    points: Tensor,
    normals: Tensor | None,
    resolution: int,
) -> TriangleMesh:
    """On the points as they are; where normals are missing, on those of the toolkit's own estimate."""
    if normals is None:
        from ..geometry.data.point_cloud import PointCloud
        from ..geometry.data.scan import surface_of
        from ..geometry.frame import axes_around

        cloud = surface_of(PointCloud(points, axes_around(points, "xyz")))
        points, normals = cloud.points, cloud.data["normal"]
    return method(points, normals, resolution)


_METHODS: dict[str, Callable[[Tensor, Tensor | None, int], TriangleMesh]] = {
    "lattice": _lattice,
    "poisson": partial(_classical, poisson),
    "heat": partial(_classical, signed_heat),
}
_COLUMNS = (
    Column("case", "name"),
    Column("Chamfer, %", "chamfer", lambda v: f"{100 * v:.4f}", right=True),
    Column("Hausdorff, %", "hausdorff", lambda v: f"{100 * v:.2f}", right=True),
    Column("normals", "normal_consistency", "{:.4f}", right=True),
    Column("parts", "components", right=True),
    Column("closed", "watertight", lambda v: "yes" if v else "no"),
    Column("processor, s", "cpu_s", "{:.1f}", right=True),
    Column("failed", "failed"),
)


def table(rows: Sequence[Row]) -> str:
    return text(_COLUMNS, rows)


def as_markdown(rows: Sequence[Row]) -> str:
    return markdown(_COLUMNS, rows) + "\n"
