"""The figures of a solution in its run directory."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ..export.carriers import Request, in_own_units, mesh_of, on_grid, spread, stepped
from ..export.derived import Deviation
from ..export.fields import FieldSet, reference_on, with_deviations
from ..export.grid import Grid, middles
from ..export.mesh import Mesh, sample_cells
from ..export.names import file_name
from ..export.panels import shown_on
from ..export.picture import as_8_bit, as_rows
from ..export.series import Series
from ..geometry import can
from ..geometry.domain import Domain
from ..plots import (
    Remaining,
    Shown,
    cloud_view,
    field_figure,
    film_ending,
    image_figure,
    loss_figure,
    save_figure,
    scales_of,
    write_film,
)
from ..plots.papers import picture_rows
from ..problem.reference import Reference, exact_values
from ..run.errors import compared

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..geometry.point import Axis
    from ..run.directory import RunDirectory
    from ..run.solution import Solution

_POINTS = {1: 801, 2: 257, 3: 41}  # along each axis in space
_MESH = {1: 401, 2: 129, 3: 24}  # across a shape; as in files, so that it is made once
_PIXELS, _MOST_PIXELS = 1600, 4_000_000  # along the longer side of a figure of more pixels than these
_TIMES, _AT_TIMES = 3, 129
_FILMED, _FRAMES = {1: 401, 2: 97, 3: 33}, 41  # points along each axis in space, and times, of a film


def write_figures(solution: Solution, run: RunDirectory, times: Sequence[float] | None = None) -> list[Path]:
    """The account of the run, and each output beside its reference, at these times or a few of them."""
    problem = run.read_given().problem
    left = f"{solution.relative_residual:.1e} of the equations left"
    if any(constraint.loss.unit for constraint in solution.problem.constraints):
        left = f"relative residual {solution.relative_residual:.1e}"
    account = loss_figure(solution.history, remaining(solution), f"{problem}, {solution.status}: {left}")
    written = [save_figure(run.figures / "loss.png", account)]
    for fields in solution.field_sets():
        written += _field_figures(solution, fields, run.figures, times)
    return written


def write_films(solution: Solution, run: RunDirectory, times: Sequence[float] | None = None) -> list[Path]:
    """Each output that depends on space and time as a film, at these times or at forty-one of them.

    All frames have one colour scale. A march that was cut off is shown as far as it came. Raises ValueError where no
    output depends on both.
    """
    written = []
    for fields in solution.field_sets():
        space = [axis for axis in fields.axes if not axis.is_time]
        time = next((axis for axis in fields.axes if axis.is_time), None)
        if time is None or not space:
            continue
        moments = _times(time, times) if times is not None else _frames(time, solution.holds_until)
        series = stepped(fields, Request(_FILMED[min(3, len(space))], moments))
        assert isinstance(series, Series)
        for name in (n for n, f in fields.functions.items() if not isinstance(f, Deviation)):
            steps = [shown_on(name, at, at.values[name], **_labels(fields, name)) for at in series]
            scales, unit = scales_of(steps), fields.labels.axes.get(time.name, "")
            figures = (
                field_figure(step, f"{name}, {word} {unit}".strip(), scales)
                for step, word in zip(steps, _moments(time, moments), strict=True)
            )
            written.append(write_film(run.figures / f"{file_name(name)}{film_ending()}", figures))
    if not written:
        raise ValueError(
            "No output of the run depends on both space and time; --animate shows one in space as time goes by. "
            "Leave it out."
        )
    return written


def _frames(time: Axis, held: tuple[str, float] | None) -> Any:
    """Equally spaced times, as far as the fields are known."""
    end = held[1] if held is not None and held[0] == time.name else time.high
    return np.linspace(time.low, end, _FRAMES)


def _moments(time: Axis, moments: Any) -> list[str]:
    """All times with the same number of digits, so that no frame is laid out in another way."""
    step = float(np.diff(moments).min()) if len(moments) > 1 else max(abs(float(moments[0])), 1e-6)
    digits = min(12, max(0, 1 - math.floor(math.log10(step))))
    return [f"{time.name} = {moment:.{digits}f}" for moment in moments]


def remaining(solution: Solution) -> Remaining:
    """What the run left of the constraints, each as a fraction of its largest term, and in each slab of a march."""
    residuals = {
        name: known["relative"] for name, known in solution.constraints.items() if "relative" in known
    }
    slabs = solution.per_slab
    if slabs is None:
        return Remaining(residuals)
    return Remaining(residuals, slabs.axis.name, slabs.edges, slabs.residuals)


def is_picture(fields: FieldSet, name: str) -> bool:
    """One real value for each pixel, or three, and not compared with what is no picture, which has no peak."""
    if not fields.is_picture:
        return False
    function = fields.functions[name]
    known, values = (
        fields.references.get(function),
        on_grid(replace(fields, functions={name: function})).values[name],
    )
    bright = known is None or known.peak is not None
    return bool(bright and values.dtype.kind == "f" and values.shape[2:] in ((), (3,)))


def _field_figures(
    solution: Solution, fields: FieldSet, folder: Path, times: Sequence[float] | None
) -> list[Path]:
    written = []
    for name, function in fields.functions.items():
        if isinstance(function, Deviation):
            continue  # beside its function
        alone = replace(fields, functions={name: function})
        if fields.film is not None and fields.shapes[name] in ((), (3,)):
            figures = {"": _stills(fields.film, alone, name)}
        elif is_picture(alone, name):
            figures = {"": _picture_figure(solution, alone, name)}
        else:
            beside = with_deviations(alone) if f"{name}_deviation" in fields.functions else alone
            figures = {"": field_figure(shown(beside, name, times), _title(solution, name))}
            figures |= _at_nodes(solution, alone, name)
        for suffix, figure in figures.items():
            written.append(save_figure(folder / f"{file_name(name + suffix)}.png", figure))
    return written


def shown(fields: FieldSet, name: str, times: Sequence[float] | None = None) -> Shown:
    """An output where a figure shows it, beside its reference if that is known there."""
    carrier = carrier_of(fields, times)
    exact, values = dict(reference_on(fields, carrier)).get(name), carrier.values[name]
    known = fields.references.get(fields.functions[name])
    if known is not None and exact is not None:
        values = _fitted(values, exact, known, fields.shapes[name])
    seen = shown_on(name, in_own_units(fields, carrier), values, exact, **_labels(fields, name))
    return replace(seen, deviation=carrier.values.get(f"{name}_deviation"))


def _labels(fields: FieldSet, name: str) -> dict[str, Any]:
    """The names of an output's components, its unit, and those of the axes."""
    function, labels = fields.functions[name], fields.labels
    return {
        "components": labels.components.get(function, ()),
        "unit": labels.units.get(function, ""),
        "units": labels.axes,
    }


def _at_nodes(solution: Solution, fields: FieldSet, name: str) -> dict[str, Figure]:
    """An output where its reference is known at single points only, beside it, for each such domain."""
    function = fields.functions[name]
    known = fields.references.get(function)
    if known is None or dict(reference_on(fields, _one_point(fields))):
        return {}
    figures = {}
    for place, domain in solution.problem.compared_on(function).items():
        if domain.size is None or _is_large(domain):
            continue
        values, exact = _compared(fields, name, domain, known)
        title = f"{_title(solution, name)}, {place or 'on the points of its reference'}"
        seen = _seen_at(name, domain, values, exact, _labels(fields, name))
        if seen is not None:
            figures[f"-{place or 'reference'}"] = field_figure(seen, title)
    return figures


def _is_large(domain: Domain | None) -> bool:
    """Whether there are more pixels than a figure can show, each of which would take memory for its panels."""
    return domain is not None and (domain.size or 0) > _MOST_PIXELS


def _one_point(fields: FieldSet) -> Grid:
    middle = tuple(middles(fields.axes))
    return Grid(fields.axes, middle, {})


def _compared(fields: FieldSet, name: str, domain: Domain, known: Reference) -> tuple[Any, Any]:
    """The output, fitted where its reference asks for that, and the reference at the points of a finite domain."""
    points, data = domain.draw(None, torch.Generator())
    exact = exact_values(known.value, domain.axes, points, data).numpy()
    values = fields.values(fields.functions[name], points.numpy(), data)
    return _fitted(values, exact, known, fields.shapes[name]), exact


def _fitted(values: Any, exact: Any, known: Reference, shape: Sequence[int]) -> Any:
    """Values (*points, *shape) as the reference compares them: the best a u + b where these are free, or signs."""
    pair = [array.reshape(-1, math.prod(shape)) for array in (values, exact)]
    stated = np.isfinite(pair[0]).all(1) & np.isfinite(pair[1]).all(1)
    if known.fit == "none" or not stated.any():
        return values
    found = np.full_like(pair[0], np.nan)
    one, other = (torch.from_numpy(array[stated]) for array in pair)
    found[stated] = compared(one, other, known)[0].numpy()
    return found.reshape(values.shape)


def _seen_at(name: str, domain: Domain, values: Any, exact: Any, labels: dict[str, Any]) -> Shown | None:
    """Values at the points of a domain, as a grid where they lie on one."""
    if can.lattice_of(domain) is not None:
        grid = spread(domain, {"found": values, "exact": exact})
        return shown_on(name, grid, grid.values["found"], grid.values["exact"], **labels)
    view = cloud_view(domain.axes, domain.draw(None, torch.Generator())[0].numpy())
    space = [axis.name for axis in domain.axes if not axis.is_time]
    return None if view is None else Shown(name, [view], values, exact, 1, space, **labels)


def _picture_figure(solution: Solution, fields: FieldSet, name: str) -> Figure:
    """The pictures that were given and the one that was found, with its error where it has a reference."""
    images = {key: image.numpy() for key, image in list(can.images_of(fields.domain).items())[:3]}
    known, compared = fields.references.get(fields.functions[name]), None
    if known is not None and fields.domain is not None and can.lattice_of(fields.domain) is not None:
        with contextlib.suppress(KeyError):  # its data are those of another picture
            compared = _compared(fields, name, fields.domain, known)
    if known is None or fields.domain is None or compared is None:
        return image_figure({**images, name: as_rows(on_grid(fields).values[name])}, title=name)
    values, exact = compared
    grid = spread(fields.domain, {"found": values, "exact": exact})
    found, error = as_rows(grid.values["found"]), np.abs(as_rows(grid.values["found"] - grid.values["exact"]))
    label = {"none": name, "affine": f"a {name} + b, best fitted", "sign": f"sign of {name}"}[known.fit]
    error = error if error.ndim == 2 else error.max(-1)
    return image_figure({**images, label: found}, error, _title(solution, name))


def _stills(film: can.Filmed, fields: FieldSet, name: str) -> Figure:
    """Frames of a film that was found, and where one was given those, and ten times how far they are apart."""
    series = stepped(fields, Request())
    assert isinstance(series, Series)
    count = len(series)
    rows: dict[str, dict[str, Any]] = {}
    for k in sorted({round(i * (count - 1) / 3) for i in range(4)}):
        found = as_8_bit(as_rows(series.at(float(series.times[k])).values[name]))
        row = rows.setdefault(f"{series.time.name} = {series.times[k]:.3g}", {name: found})
        for key, given in list(film.values.items())[:1]:
            told = given[k].transpose(0, 1).numpy()
            told = told if told.dtype == np.uint8 else as_8_bit(told)
            error = np.abs(found.astype(int) - told)
            row |= {"error × 10": np.minimum(10 * error, 255).astype(np.uint8)}
            rows[f"{series.time.name} = {series.times[k]:.3g}"] = {key: told, **row}
    return picture_rows(rows, width=2.5)


def carrier_of(fields: FieldSet, times: Sequence[float] | None = None) -> Grid | Mesh:
    """The functions where a figure shows them: the shape's mesh, the pixels or a grid, at these times or a few."""
    if fields.is_picture:
        return on_grid(fields, _PIXELS if _is_large(fields.domain) else None)
    axes, space = fields.axes, [axis for axis in fields.axes if not axis.is_time]
    if fields.has_mesh:
        assert fields.domain is not None
        cells = mesh_of(fields.domain, _MESH[min(3, len(space))])
        k = cells.points.shape[1]
        lines = [
            torch.as_tensor(_times(axis, times)) if axis.is_time else line
            for axis, line in zip(axes[k:], cells.lines, strict=True)
        ]
        return sample_cells(fields.evaluated, axes, replace(cells, lines=tuple(lines)))
    return on_grid(fields, coordinates=_lines(axes, space, times))


def _lines(axes: Sequence[Axis], space: Sequence[Axis], times: Sequence[float] | None) -> list[Any]:
    """Coordinates along each axis: many of the first three in space, the middle of others, a few times.

    Time is an axis of the figure where there is one in space at most.
    """
    wide, count = space[:3], _POINTS[min(3, max(1, len(space)))]
    together = len(space) < 2 and len(axes) == len(space) + 1 and times is None
    if len(space) < len(axes) and len(space) < 3:
        count = _POINTS[2] if together and space else _AT_TIMES
    return [
        np.linspace(axis.low, axis.high, count)
        if axis in wide or (axis.is_time and together)
        else _times(axis, times)
        if axis.is_time
        else middles([axis])[0]
        for axis in axes
    ]


def _times(axis: Axis, times: Sequence[float] | None) -> Any:
    """These times, or a few; ValueError for those that the axis does not have."""
    if times is None:
        return np.linspace(axis.low, axis.high, _TIMES)
    outside = [t for t in times if not axis.low <= t <= axis.high]
    if outside:
        raise ValueError(
            f"The time {outside[0]:g} was asked for, and {axis.name} runs from {axis.low:g} to {axis.high:g}. Ask "
            f"for times in between: --times {axis.low:g}:{axis.high:g}:5."
        )
    return np.array(times, dtype=float)


def _title(solution: Solution, name: str) -> str:
    """The output's name, and how far it is from its reference."""
    error = solution.errors.get(name, {}).get("relative_l2")
    return name if error is None else f"{name}: relative L2 error {error:.1e}"
