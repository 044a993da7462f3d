"""The files of a solution in its run directory: fields and figures."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..analysis.surfaces import surface_errors
from ..export.about import About
from ..export.carriers import Request, on_grid
from ..export.fields import FieldSet
from ..export.grid import Grid
from ..export.names import file_name
from ..export.picture import drawn, write_picture
from ..export.write import default_format, write_fields
from ..geometry import can
from ..geometry.meshes.mesh import TriangleMesh
from ..problem.constraint import name_of
from .figures import is_picture, write_figures

if TYPE_CHECKING:
    from ..run.directory import RunDirectory
    from ..run.solution import Solution


def write_all(
    solution: Solution, run: RunDirectory, say: Callable[[str], None] = lambda _: None
) -> list[str]:
    """Fields for viewers (a section of more than three axes), pictures, surfaces as PLY, figures; their names."""
    say("writing the fields")
    files = write_default_fields(solution, run)
    say("drawing the figures")
    return [str(path.relative_to(run.path)) for path in [*files, *write_figures(solution, run)]]


def write_default_fields(solution: Solution, run: RunDirectory) -> list[Path]:
    written = []
    request = Request(about=About({"problem": run.read_given().problem, **solution.facts}))
    for fields in solution.field_sets():
        path = run.fields / f"{fields.name}.{default_format(fields)}"
        written.append(write_fields(path, fields, request))
        if fields.is_picture:
            written += write_pictures(fields, run.fields)
        for name in fields.functions if _is_surface(solution, fields) else ():
            alone = replace(fields, functions={name: fields.functions[name]})
            # A field of one sign, such as a temperature, has no surface.
            with contextlib.suppress(ValueError):
                written.append(write_fields(run.fields / f"{file_name(name)}.ply", alone, request))
    return written


def write_pictures(fields: FieldSet, folder: Path) -> list[Path]:
    """Each output that is a picture, as PNG."""
    written = []
    for name, function in fields.functions.items():
        if is_picture(fields, name):
            grid = on_grid(replace(fields, functions={name: function}))
            assert isinstance(grid, Grid)
            written.append(write_picture(folder / f"{file_name(name)}.png", drawn(grid, name)))
    return written


def _is_surface(solution: Solution, fields: FieldSet) -> bool:
    """A field in space of a scan, or which is compared with a mesh or distances: one asks for its zero level."""
    compared = any(known.surface is not None for known in fields.references.values())
    domains = [c.domain for c in solution.problem.constraints]
    beside = [d for known in fields.references.values() for d in known.domains if isinstance(d, can.Listed)]
    compared |= any("distance" in d.data for d in beside)
    scaled = any(can.frame_of(d) is not None for d in domains)
    scanned = any(isinstance(d, can.Listed) and "normal" in d.data for d in domains)
    return (compared or scaled or scanned) and len(fields.axes) == 3


def surfaces(solution: Solution, run: RunDirectory) -> dict[str, Any]:
    """How far each zero level that was written, read back, is from the surface it should be."""
    known = {name_of(u): reference.surface for u, reference in solution.problem.reference.items()}
    files = {name: run.fields / f"{file_name(name)}.ply" for name in known}
    return {
        name: dict(surface_errors(TriangleMesh.open(files[name]), surface))
        for name, surface in known.items()
        if surface is not None and files[name].exists()
    }
