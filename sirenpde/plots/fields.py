"""Fields on grids: prediction, reference and error side by side; and pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..geometry.cells import Cells
from ..geometry.point import Axis
from .figures import COLOURS, TEXT, colour_bar, labelled, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[Any]
_SLICES = 3
_MAX_PARTS = 4


@dataclass(frozen=True, eq=False)
class Panel:
    """One real function of one or two axes: a component, real part or slice of a field."""

    label: str
    axes: tuple[Axis, ...]
    coordinates: tuple[Array, ...]
    values: Array
    reference: Array | None
    triangles: Array | None = None  # (m, 3) of the points whose coordinates these are; None on a grid


def field_panels(
    name: str,
    axes: Sequence[Axis],
    coordinates: Sequence[Array],
    values: Array,
    reference: Array | None = None,
) -> Figure:
    """A field on a tensor grid, beside its reference and the error on a logarithmic scale where there is one.

    Values have the grid's shape, then the field's. One row for each component and for real and imaginary
    parts; three axes or more are shown by slices. Signed values are blue to red about zero, others viridis.
    """
    reference = None if reference is None else _known(reference)
    drawn = _slice_panels(name, tuple(axes), tuple(coordinates), _known(values), reference)
    if len(drawn[0].axes) == 1:
        return _curves(name, drawn)
    return _panels(drawn, reference)


def mesh_panels(
    name: str, axes: Sequence[Axis], cells: Cells, values: Array, reference: Array | None = None
) -> Figure:
    """A field on triangles of two axes, as ``field_panels`` shows it; slices along the lines of the cells."""
    reference = None if reference is None else _known(reference)
    flat, lines = tuple(axes[:2]), [line.numpy() for line in cells.lines]
    known, cuts = _known(values), _cuts(tuple(axes[2:]), lines)
    x, y = cells.points.numpy().T
    drawn = []
    for suffix, index in cuts:
        cut, exact = known[index], None if reference is None else reference[index]
        for text, v, r in _real_components(name, cut, exact, 1):
            drawn.append(Panel(text + suffix, flat, (x, y), v, r, cells.corners.numpy()))
    return _panels(drawn[: 2 * _MAX_PARTS if lines else _MAX_PARTS], reference)


def _panels(drawn: list[Panel], reference: Array | None) -> Figure:
    columns = 1 if reference is None else 3
    across, down = _layout(len(drawn), columns)
    aspect = _aspect(drawn[0])
    width = 2.6 if aspect > 0.4 else 3.6
    height = 0.8 * width * min(1.8, max(0.3, aspect)) + 0.5
    figure = new_figure((width + 0.75) * across, height * down)
    panels = figure.subplots(down, across, squeeze=False)
    if reference is None:
        for ax in panels.flat[len(drawn) :]:
            ax.set_axis_off()
        for panel, ax in zip(drawn, panels.flat, strict=False):
            limits = _limits(panel.values)
            colour_bar(figure, _image(ax, panel, panel.values, panel.label, **limits), ax)
        return figure
    for panel, row in zip(drawn, panels, strict=True):
        assert panel.reference is not None
        limits = _limits(panel.values, panel.reference)
        _image(row[0], panel, panel.values, panel.label, **limits)
        colour_bar(figure, _image(row[1], panel, panel.reference, "reference", **limits), list(row[:2]))
        colour_bar(figure, _error_image(row[2], panel), row[2])
    return figure


def image_panels(images: Mapping[str, Array]) -> Figure:
    """Pictures (rows, columns) or (rows, columns, 3) in [0, 1], side by side, with their titles."""
    heights = [image.shape[0] / image.shape[1] for image in images.values()]
    figure = new_figure(3.0 * len(images), 3.0 * max(heights) + 0.3)
    panels = figure.subplots(1, len(images), squeeze=False)[0]
    for ax, (title, image) in zip(panels, images.items(), strict=True):
        ax.imshow(np.clip(image, 0, 1), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        ax.set_title(title, fontsize=TEXT)
        ax.set_axis_off()
    return figure


# ------------------------------------------------------------------------------------------ taking apart


def _known(values: Array) -> Array:
    """NaN, which is not drawn, for all that is not finite."""
    return np.where(
        np.isfinite(values), values, complex(np.nan, np.nan) if np.iscomplexobj(values) else np.nan
    )


def _slice_panels(
    name: str, axes: tuple[Axis, ...], coordinates: tuple[Array, ...], values: Array, reference: Array | None
) -> list[Panel]:
    """Slices, components and real parts, at most a few of them."""
    drawn = []
    for suffix, shown, index in _slices(axes, coordinates):
        shown_axes = tuple(axes[i] for i in shown)
        lines = tuple(coordinates[i] for i in shown)
        cut = values[index]
        exact = None if reference is None else reference[index]
        for text, v, r in _real_components(name, cut, exact, len(shown)):
            drawn.append(Panel(text + suffix, shown_axes, lines, v, r))
    return drawn[: max(_MAX_PARTS, _SLICES)] if len(axes) < 3 else drawn[: 2 * _MAX_PARTS]


def _slices(
    axes: tuple[Axis, ...], coordinates: tuple[Array, ...]
) -> list[tuple[str, list[int], tuple[Any, ...]]]:
    """Of three axes or more, cuts along one of them (time, or the last) through the middle of all but two."""
    wide = [i for i, c in enumerate(coordinates) if len(c) > 1]
    time = [i for i in wide if axes[i].is_time]
    along = time[0] if time else wide[-1] if wide else 0
    if len(wide) <= 2:
        shown, at = wide or [0], [{i: 0 for i in range(len(axes)) if i not in (wide or [0])}]
    else:
        shown = [i for i in wide if i != along][:2]
        middle = {i: len(coordinates[i]) // 2 for i in range(len(axes)) if i not in (*shown, along)}
        n = len(coordinates[along])
        at = [{**middle, along: cut} for cut in shown_along(n, axes[along])]
    slices = []
    for fixed in at:
        held = [f"{axes[i].name} = {coordinates[i][k]:.3g}" for i, k in fixed.items()]
        held = held if len(held) <= 2 else ["…", held[-1]]  # the one that differs between the cuts
        index = tuple(fixed.get(i, slice(None)) for i in range(len(axes)))
        slices.append((", " + ", ".join(held) if held else "", shown, index))
    return slices


def _cuts(axes: tuple[Axis, ...], lines: Sequence[Array]) -> list[tuple[str, tuple[Any, ...]]]:
    """All points at places along lines: three along time or the last of them, the middle of the others."""
    middle = {i: len(line) // 2 for i, line in enumerate(lines)}
    wide = [i for i, line in enumerate(lines) if len(line) > 1]
    cuts = [middle]
    if wide:
        along = next((i for i in wide if axes[i].is_time), wide[-1])
        cuts = [{**middle, along: k} for k in shown_along(len(lines[along]), axes[along])]
    labels = [", ".join(f"{axes[i].name} = {lines[i][k]:.3g}" for i, k in cut.items()) for cut in cuts]
    return [
        (f", {text}" if text else "", (slice(None), *cut.values()))
        for text, cut in zip(labels, cuts, strict=True)
    ]


def shown_along(n: int, axis: Axis) -> list[int]:
    """Which of n places are shown: the ends and the middle of time, and inner ones of space; of three all."""
    if n < 4:
        return list(range(n))
    return [0, n // 2, n - 1] if axis.is_time else [n // 4, n // 2, 3 * n // 4]


def _real_components(
    name: str, values: Array, reference: Array | None, dimension: int
) -> Iterator[tuple[str, Array, Array | None]]:
    """Labels, values and reference of each component and real part; the first axes are those of the points."""
    for label, component in _components(name, values.shape[dimension:]):
        yield from _real(label, values[component], None if reference is None else reference[component])


def _components(name: str, shape: tuple[int, ...]) -> list[tuple[str, tuple[Any, ...]]]:
    indices = list(np.ndindex(*shape))[:_MAX_PARTS]
    return [(name + (f"[{', '.join(map(str, i))}]" if shape else ""), (..., *i)) for i in indices]


def _real(label: str, values: Array, reference: Array | None) -> list[tuple[str, Array, Array | None]]:
    if not np.iscomplexobj(values):
        return [(label, values, None if reference is None else np.real(reference))]
    return [
        (f"{word} {label}", take(values), None if reference is None else take(reference))
        for word, take in (("Re", np.real), ("Im", np.imag))
    ]


# ------------------------------------------------------------------------------------------------ drawing


def _layout(count: int, columns: int) -> tuple[int, int]:
    if columns > 1:
        return columns, count
    across = min(count, 3) if count != 4 else 2
    return across, -(-count // across)


def _aspect(panel: Panel) -> float:
    x, y = _screen(panel)[1]
    return float(np.ptp(y) / np.ptp(x)) if _equal(panel) else 0.75


def _equal(panel: Panel) -> bool:
    """Lengths compare with lengths; a time axis has a unit of its own."""
    return not any(axis.is_time for axis in panel.axes)


def _screen(panel: Panel) -> tuple[tuple[str, str], tuple[Array, Array], bool]:
    """Names and coordinates across and up the page, and whether the array must be transposed for it."""
    (a, b), (c, d) = panel.axes, panel.coordinates
    turned = a.name != "x" and not a.is_time and b.name == "x"
    return ((b.name, a.name), (d, c), False) if turned else ((a.name, b.name), (c, d), True)


def _limits(*arrays: Array) -> dict[str, Any]:
    finite = np.concatenate([a[np.isfinite(a)].ravel() for a in arrays])
    if not len(finite):
        return {"cmap": "viridis", "vmin": 0.0, "vmax": 1.0}
    low, high = float(finite.min()), float(finite.max())
    if low < 0 < high and min(-low, high) > 0.05 * max(-low, high):
        top = max(-low, high)
        return {"cmap": "RdBu_r", "vmin": -top, "vmax": top}
    return {"cmap": "viridis", "vmin": low, "vmax": high if high > low else low + 1e-12 + 1e-6 * abs(low)}


def _image(ax: Axes, panel: Panel, values: Array, title: str, **style: Any) -> Any:
    (across, up), (x, y), transpose = _screen(panel)
    if panel.triangles is None:
        shown = values.T if transpose else values
        mesh: Any = ax.pcolormesh(x, y, shown, shading="nearest", rasterized=True, **style)
    else:
        style |= {"triangles": panel.triangles, "shading": "gouraud", "rasterized": True}
        mesh = ax.tripcolor(x, y, values, **style)
    labelled(ax, title, across, up)
    ax.set_facecolor("0.85")
    if _equal(panel):
        ax.set_aspect("equal")
    return mesh


def _error_image(ax: Axes, panel: Panel) -> Any:
    from matplotlib.colors import LogNorm

    error = np.abs(panel.values - panel.reference)
    positive = error[np.isfinite(error) & (error > 0)]
    top = float(positive.max()) if len(positive) else 1e-16
    lowest = float(np.percentile(positive, 1)) if len(positive) else top
    bottom = 10.0 ** np.floor(np.log10(min(max(lowest, top * 1e-6), top / 10)))
    shown = np.where(np.isfinite(error), np.maximum(error, bottom), np.nan)
    return _image(ax, panel, shown, "|error|", cmap="viridis", norm=LogNorm(bottom, top))


def _curves(name: str, drawn: list[Panel]) -> Figure:
    known = drawn[0].reference is not None
    figure = new_figure(6.4 if known else 4.2, 2.8)
    ax = figure.add_subplot(1, 2 if known else 1, 1)
    labelled(ax, "", drawn[0].axes[0].name, name)
    for i, panel in enumerate(drawn):
        colour = COLOURS[i % len(COLOURS)]
        ax.plot(panel.coordinates[0], panel.values, color=colour, lw=1.4, label=panel.label)
        if panel.reference is not None:
            ax.plot(
                panel.coordinates[0],
                panel.reference,
                color="0.1",
                lw=1.0,
                ls="--",
                label="reference" if not i else None,
            )
    if len(drawn) > 1 or known:
        ax.legend(fontsize=TEXT - 1, frameon=False)
    if known:
        error_ax = labelled(figure.add_subplot(1, 2, 2), "", drawn[0].axes[0].name, "|error|")
        error_ax.set_yscale("log")
        for i, panel in enumerate(drawn):
            error = np.abs(panel.values - panel.reference)
            error_ax.plot(
                panel.coordinates[0],
                np.where(error > 0, error, np.nan),
                color=COLOURS[i % len(COLOURS)],
                lw=1.0,
            )
        error_ax.grid(True, color="0.9", lw=0.6)
    return figure
