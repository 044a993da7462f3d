"""The files of a solution in its run directory: fields and figures."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..analysis.surfaces import surface_errors
from ..export.fields import (
    FieldSet,
    default_format,
    in_own_units,
    on_cells,
    on_grid,
    reference_on,
    write_fields,
)
from ..export.grid import SHOWN, Grid, middles
from ..export.mesh import Mesh
from ..export.names import file_name
from ..export.panels import panels
from ..export.picture import as_rows, write_picture
from ..geometry import can
from ..geometry.mesh import TriangleMesh
from ..plots import image_panels, loss_curve, save_figure
from ..problem.constraint import name_of

if TYPE_CHECKING:
    from ..run.directory import RunDirectory
    from ..run.solution import Solution

_PLOT_POINTS = {1: 801, 2: 257, 3: 129}


def write_all(
    solution: Solution, run: RunDirectory, say: Callable[[str], None] = lambda _: None
) -> list[str]:
    """Fields as VTU (a section of more than three axes), pictures as PNG, surfaces as PLY, figures; their names."""
    say("writing the fields")
    files = write_default_fields(solution, run)
    say("drawing the figures")
    return [str(path.relative_to(run.path)) for path in [*files, *write_figures(solution, run)]]


def write_default_fields(solution: Solution, run: RunDirectory) -> list[Path]:
    written = []
    for fields in solution.field_sets():
        written.append(write_fields(run.fields / f"{fields.name}.{default_format(fields)}", fields))
        if fields.is_picture:
            written += write_pictures(fields, run.fields)
        for name in fields.functions if _is_surface(solution, fields) else ():
            alone = replace(fields, functions={name: fields.functions[name]})
            # A field of one sign, such as a temperature, has no surface.
            with contextlib.suppress(ValueError):
                written.append(write_fields(run.fields / f"{file_name(name)}.ply", alone))
    return written


def write_pictures(fields: FieldSet, folder: Path) -> list[Path]:
    """Each output that is a picture, as PNG."""
    written = []
    for name, function in fields.functions.items():
        alone = replace(fields, functions={name: function})
        values = on_grid(alone).values[name]
        if _is_picture(values):
            written.append(write_picture(folder / f"{file_name(name)}.png", as_rows(values)))
    return written


def _is_picture(values: Any) -> bool:
    """One real value for each pixel, or three."""
    return bool(values.dtype.kind == "f" and values.shape[2:] in ((), (3,)))


def _is_surface(solution: Solution, fields: FieldSet) -> bool:
    """A field in space whose problem was made from a scan or a mesh: one asks for its zero level."""
    domains = [c.domain for c in solution.problem.constraints]
    scaled = any(can.frame_of(d) is not None for d in domains)
    scanned = any(isinstance(d, can.Listed) and "normal" in d.data for d in domains)
    return (scaled or scanned) and len(fields.axes) == 3


def write_figures(solution: Solution, run: RunDirectory) -> list[Path]:
    """The loss along the run, and each output beside its reference."""
    written = []
    if solution.history:
        written.append(save_figure(run.figures / "loss.png", loss_curve(solution.history)))
    for fields in solution.field_sets():
        grid = _plotted(fields)
        known: Mapping[str, Any] = dict(reference_on(fields, grid))
        grid = in_own_units(fields, grid)
        for name, values in grid.values.items():
            figure = (
                image_panels({**_images(fields), name: as_rows(values)})
                if fields.is_picture and _is_picture(values)
                else panels(name, grid, values, known.get(name))
            )
            written.append(save_figure(run.figures / f"{file_name(name)}.png", figure))
    return written


def surfaces(solution: Solution, run: RunDirectory) -> dict[str, Any]:
    """How far each zero level that was written, read back, is from the surface it should be."""
    known = {name_of(u): reference.surface for u, reference in solution.problem.reference.items()}
    files = {name: run.fields / f"{file_name(name)}.ply" for name in known}
    return {
        name: dict(surface_errors(TriangleMesh.open(files[name]), surface))
        for name, surface in known.items()
        if surface is not None and files[name].exists()
    }


def _plotted(fields: FieldSet) -> Grid | Mesh:
    """The functions where a figure shows them: the picture's pixels, the shape's mesh, or a grid."""
    if fields.has_mesh:
        return on_cells(fields, sections=True)
    if fields.is_picture:
        return on_grid(fields)
    return on_grid(fields, coordinates=_plot_grid(fields))


def _plot_grid(fields: FieldSet) -> list[Any]:
    """Equally spaced points; of three axes, three slices through time or the last one; the middle of any others."""
    axes = fields.axes[:SHOWN]
    grid = [np.linspace(axis.low, axis.high, _PLOT_POINTS[len(axes)]) for axis in axes]
    if len(axes) == 3:
        time = next((i for i, axis in enumerate(axes) if axis.is_time), None)
        axis = fields.axes[2 if time is None else time]
        shares = (0.25, 0.5, 0.75) if time is None else (0, 0.5, 1)
        grid[2 if time is None else time] = np.array([axis.low + s * (axis.high - axis.low) for s in shares])
    return [*grid, *middles(fields.axes[SHOWN:])]


def _images(fields: FieldSet) -> dict[str, Any]:
    """The pictures a problem was given, at most three."""
    pictures = can.images_of(fields.domain)
    return {key: image.numpy() for key, image in list(pictures.items())[:3]}
