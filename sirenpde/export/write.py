"""Outputs, written to a file whose ending says how."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from os import PathLike
from pathlib import Path

import numpy as np

from ..geometry import can
from ..plots.animation import film_ending
from .about import About
from .carriers import CARRIERS, USUAL, Request
from .fields import FieldSet, with_further
from .format import format_of
from .grid import Grid
from .places import AtPoints, OnBoundary, OnMesh, Place
from .room import check_room
from .vtk.image import better_as_image


def export_fields(
    sets: Sequence[FieldSet],
    path: str | PathLike[str],
    request: Request = USUAL,
    *,
    derivatives: Sequence[str] = (),
    with_error: bool = False,
    with_residual: bool = False,
) -> Path:
    """Write functions to a file whose ending says how, by a format of the register.

    Args:
        sets: of a solution's outputs; one alone, since a file has one set of axes.
        path: appears whole or not at all.
        request: where and when they are evaluated, and what else the file says.
        derivatives: some of grad, laplacian, hessian, div, curl, as further arrays.
        with_error, with_residual: the errors against the references, and the residuals of the constraints, as well.

    Raises:
        ValueError: for outputs on different axes, and what the format cannot hold.
    """
    format_of(path)
    if len(sets) > 1:
        names = " and ".join(fields.name for fields in sets)
        raise ValueError(
            f"The outputs {names} have different axes, and one file holds one grid. Write them one by one: "
            f"outputs=(u,)."
        )
    further = with_further(sets[0], derivatives, with_error=with_error, with_residual=with_residual)
    return write_fields(path, further, request)


def write_fields(path: str | PathLike[str], fields: FieldSet, request: Request = USUAL) -> Path:
    """Write functions on the same axes to one file, in the format of its ending."""
    kind = format_of(path)
    _check_times(fields, request.times)
    carrier = CARRIERS[kind.carrier](fields, request)
    check_room(Path(path), carrier)
    return kind.write(Path(path), carrier, _about(fields, request))


def _about(fields: FieldSet, request: Request) -> About:
    """What a file says: facts, units as facts of the name ``unit_u``, and the names of components."""
    labels, functions = fields.labels, fields.functions
    units = {f"unit_{name}": labels.units[f] for name, f in functions.items() if f in labels.units}
    units |= {f"unit_{axis.name}": labels.axes[axis.name] for axis in fields.axes if axis.name in labels.axes}
    components = {name: labels.components[f] for name, f in functions.items() if f in labels.components}
    return About({**request.about.facts, **units}, {**components, **request.about.components})


def _check_times(fields: FieldSet, times: Sequence[float] | None) -> None:
    """Raises ValueError for times of a field without time, and for those that are not in order within its own."""
    if times is None:
        return
    axis = next((axis for axis in fields.axes if axis.is_time), None)
    if axis is None:
        raise ValueError(
            f"Times were given for {fields.name}, a field of {', '.join(a.name for a in fields.axes)}; expected one "
            f"that depends on time. Leave them out."
        )
    slack = 1e-9 * (axis.high - axis.low)
    if not len(times) or not axis.low - slack <= min(times) <= max(times) <= axis.high + slack:
        given = f"{min(times):g} to {max(times):g}" if len(times) else "none"
        raise ValueError(
            f"Times from {given} were given for {fields.name}, which is known for {axis.name} from {axis.low:g} to "
            f"{axis.high:g}. Choose some of these."
        )
    if any(later <= earlier for earlier, later in itertools.pairwise(times)):
        raise ValueError(
            f"The times {', '.join(f'{t:g}' for t in times)} were given; expected each once, in ascending order."
        )


def default_format(fields: FieldSet, place: Place | None = None) -> str:
    """The format that a field is best seen in: one file of all times, else an image on a box, or a mesh.

    On a film it is one, where there is a program to write it and it has more than one frame. A single point is a
    table's row.

    VTKHDF holds all times in one file, with its mesh once, where PVD has a folder of files.
    """
    space = [axis for axis in fields.axes if not axis.is_time]
    if isinstance(place, AtPoints):
        return "csv"
    film = None if place is not None else fields.film
    if film is not None and len(film.lines[0]) > 1 and film_ending() == ".mp4":
        return "mp4"
    lattice = None if fields.domain is None else can.lattice_of(fields.domain)
    if place is None and lattice is not None and math.prod(lattice.shape) == 1:
        return "csv"
    if space and len(space) < len(fields.axes):
        return "vtkhdf"
    if isinstance(place, OnMesh | OnBoundary) or len(fields.axes) == 1 or (fields.has_mesh and place is None):
        return "vtu"
    if lattice is None:
        return "vti"
    lines = tuple(np.sort(line.numpy()) for line in lattice.coordinates)
    return "vti" if better_as_image(Grid(fields.axes, lines, {})) else "vtu"
