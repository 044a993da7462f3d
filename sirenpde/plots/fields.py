"""Figures of fields: prediction, reference and error in the same colours; and pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .figures import COLOURS, TEXT, colour_bar, entitle, labelled, new_figure
from .panels import Panel, axis_label, draw
from .parts import Part, parts_of
from .scales import Scale, error_scale, scale_of
from .views import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[Any]
_MOST, _MANY = 9, 4  # parts that are shown, and those where each has several panels
_PIXELS = 1600  # along the longer side of a picture in a figure
_FLAT = 0.3  # height as a share of width, below which panels are not side by side
ERROR = "|error|"


@dataclass(frozen=True, eq=False)
class Shown:
    """A field on a grid, mesh or cloud, whose values (*points, *shape) the views look at.

    ``units`` are those of the axes by name, ``unit`` is that of the values. ``components`` are names, row by row.
    """

    name: str
    views: Sequence[View]
    values: Array
    reference: Array | None = None
    dimension: int = 1  # axes of the values that are points
    space: Sequence[str] = ()  # the names of its axes in space
    components: Sequence[str] = ()
    unit: str = ""
    units: Mapping[str, str] = field(default_factory=dict)
    deviation: Array | None = None  # standard deviations of the values, where these are known

    @cached_property
    def known(self) -> Array:
        """The values, NaN where they are not finite."""
        return _known(self.values)

    @cached_property
    def exact(self) -> Array | None:
        """The reference, NaN where it makes no statement."""
        return None if self.reference is None else _known(self.reference)

    @cached_property
    def all_parts(self) -> list[Part]:
        return parts_of(self.name, self.values, self.dimension, len(self.space), self.components)

    @property
    def parts(self) -> list[Part]:
        """Those that are shown."""
        return self.all_parts[: _MOST if len(self.views) == 1 else _MANY]

    @property
    def note(self) -> str:
        """How many parts are shown, where that is not all of them."""
        shown, there = len(self.parts), len(self.all_parts)
        return f"{shown} of {there} components" if shown < there else ""

    def label(self, text: str) -> str:
        return f"{text} ({self.unit})" if self.unit else text


def scales_of(fields: Iterable[Shown]) -> dict[str, Scale]:
    """The scale of each part, by name: that of all values and references; and one of all errors.

    Several fields, as those of several times, are of one name and kind.
    """
    arrays: dict[str, list[Array]] = {}
    errors: list[Array] = []
    for shown in fields:
        for part in shown.parts:
            shared = arrays.setdefault(part.scale, [])
            shared += [part.of(v) for v in (shown.known, shown.exact) if v is not None]
            if shown.exact is not None:
                errors.append(part.error(shown.known, shown.exact))
    scales = {name: scale_of(values) for name, values in arrays.items()}
    return {**scales, ERROR: error_scale(errors)} if errors else scales


def field_figure(shown: Shown, title: str = "", scales: Mapping[str, Scale] | None = None) -> Figure:
    """A field beside its reference and the error on a logarithmic scale, where there is one, and its deviation.

    Panels that are compared have one colour scale: all times, planes and surfaces, prediction and reference, real and
    imaginary part. All errors have one. Signed values are blue to red about zero, others viridis. The ``scales`` are
    those of the values shown if left out.
    """
    if len(shown.views[0].axes) == 1:
        return _curves(shown, title, scales)
    rows = _panels(shown, scales or scales_of([shown]))
    width, height = _size(rows)
    across = max(map(len, rows))
    figure = new_figure((width + 0.55) * across, height * len(rows) + (0.3 if title else 0))
    bars: dict[str, tuple[Scale, list[Axes]]] = {}
    for i, row in enumerate(rows):
        for j, panel in enumerate(row):
            kind = "3d" if panel.is_solid else None
            ax = figure.add_subplot(len(rows), across, i * across + j + 1, projection=kind)
            draw(ax, panel)
            bars.setdefault(panel.bar, (panel.scale, []))[1].append(ax)
    for scale, axes in bars.values():
        colour_bar(figure, scale, axes, shown.unit)
    entitle(figure, _joined(title, shown.note))
    return figure


def image_figure(images: Mapping[str, Array], error: Array | None = None, title: str = "") -> Figure:
    """Pictures (rows, columns) or (rows, columns, 3) in [0, 1], side by side; an error in colours beside them."""
    count = len(images) + (error is not None)
    heights = [image.shape[0] / image.shape[1] for image in images.values()]
    figure = new_figure(3.0 * count, 3.0 * max(heights) + 0.5)
    panels = figure.subplots(1, count, squeeze=False)[0]
    for ax, (name, image) in zip(panels, images.items(), strict=False):
        ax.imshow(np.clip(_thinned(image), 0, 1), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        ax.set_title(name, fontsize=TEXT)
        ax.set_axis_off()
    if error is not None:
        scale = error_scale([error])
        panels[-1].imshow(
            scale.fit(_thinned(error)), cmap=scale.colours, norm=scale.norm, interpolation="nearest"
        )
        panels[-1].set_title(ERROR, fontsize=TEXT)
        panels[-1].set_axis_off()
        colour_bar(figure, scale, [panels[-1]])
    entitle(figure, title)
    return figure


def _thinned(image: Array) -> Array:
    """Means of blocks of pixels, where a picture has more of them than a panel shows."""
    k = -(-max(image.shape[:2]) // _PIXELS)
    if k < 2 or min(image.shape[:2]) < k:
        return image
    height, width = (n // k for n in image.shape[:2])
    blocks = image[: k * height, : k * width].reshape(height, k, width, k, *image.shape[2:])
    means: Array = blocks.mean((1, 3))
    return means


# ----------------------------------------------------------------------------------------------- arrangement


def _panels(shown: Shown, scales: Mapping[str, Scale]) -> list[list[Panel]]:
    """Rows of panels: of one view a row for each part, or all parts side by side; of several a column for each.

    Flat panels, as those of a channel, are one below the other.
    """
    rows = [row for part in shown.parts for row in _rows(shown, part, scales)]
    if len(shown.views) > 1 or rows[0][0].aspect < _FLAT:
        return rows
    kinds = len(rows) // len(shown.parts)
    if kinds > 1:
        return [[panel for row in rows[i : i + kinds] for panel in row] for i in range(0, len(rows), kinds)]
    alone = [row[0] for row in rows]
    across = 2 if len(alone) == 4 else 3
    return [alone[i : i + across] for i in range(0, len(alone), across)]


def _rows(shown: Shown, part: Part, scales: Mapping[str, Scale]) -> list[list[Panel]]:
    """The part, its reference and its error, and its deviation, each in all views."""
    kinds = {shown.label(part.label): shown.known}
    if shown.exact is not None:
        kinds["reference"] = shown.exact
    rows = [
        [
            Panel(
                _joined(title, view.title),
                view,
                part.of(view.take(values)),
                scales[part.scale],
                part.label,
                _arrows(shown, part, view, values),
                shown.units,
            )
            for view in shown.views
        ]
        for title, values in kinds.items()
    ]
    if shown.exact is not None:
        rows.append(
            [
                Panel(
                    _joined(ERROR, view.title),
                    view,
                    part.error(view.take(shown.known), view.take(shown.exact)),
                    scales[ERROR],
                    f"{ERROR} of {part.label}",
                    None,
                    shown.units,
                )
                for view in shown.views
            ]
        )
    if shown.deviation is not None:
        spread = part.of(shown.deviation)
        rows.append(
            [
                Panel(
                    _joined("deviation", view.title),
                    view,
                    part.of(view.take(shown.deviation)),
                    scale_of([spread]),
                    f"deviation of {part.label}",
                    None,
                    shown.units,
                )
                for view in shown.views
            ]
        )
    return rows


def _arrows(shown: Shown, part: Part, view: View, values: Array) -> Array | None:
    """The components along the axes of a plane."""
    if not part.has_arrows or len(view.axes) != 2 or any(axis.is_time for axis in view.axes):
        return None
    along = [list(shown.space).index(axis.name) for axis in view.axes]
    arrows: Array = view.take(values)[:, along]
    return arrows


def _size(rows: Sequence[Sequence[Panel]]) -> tuple[float, float]:
    """The width and height of a panel that suits them all, in inches."""
    aspect = max(panel.aspect for row in rows for panel in row)
    width = 2.6 if aspect > 0.4 else 3.6 if aspect >= _FLAT else 6.0
    return width, 0.8 * width * min(1.8, max(0.3 if aspect >= _FLAT else 0.25, aspect)) + 0.5


def _joined(*words: str) -> str:
    return ", ".join(word for word in words if word)


# ---------------------------------------------------------------------------------------------------- curves


def _curves(shown: Shown, title: str, scales: Mapping[str, Scale] | None) -> Figure:
    """All parts along one axis at all times, their references dashed, and the errors beside them."""
    exact, (axis,) = shown.exact, shown.views[0].axes
    label, columns = axis_label(axis, shown.units), 1 if exact is None else 2
    figure = new_figure(4.2 if exact is None else 6.4, 2.8 + (0.3 if title else 0))
    ax = labelled(figure.add_subplot(1, columns, 1), "", label, shown.label(shown.name))
    curves = [(part, view) for part in shown.parts for view in shown.views]
    for colour, (part, view) in zip(_colours(), curves, strict=False):
        x, words = view.points[:, 0], (part.label, view.title)
        word = _joined(*words) if len(shown.parts) > 1 or not view.title else view.title
        ax.plot(x, part.of(view.take(shown.known)), color=colour, lw=1.4, label=word)
        if shown.deviation is not None:
            middle, twice = part.of(view.take(shown.known)), 2 * part.of(view.take(shown.deviation))
            name = "two deviations" if (part, view) == curves[-1] else None
            ax.fill_between(x, middle - twice, middle + twice, color=colour, alpha=0.2, lw=0, label=name)
        if exact is not None:
            name = "reference" if (part, view) == curves[-1] else None
            ax.plot(x, part.of(view.take(exact)), color="0.1", lw=1.0, ls="--", label=name)
    margin = 0.03 * float(np.ptp(x)) or 1.0  # about a single point
    ax.set_xlim(x.min() - margin, x.max() + margin)
    if len(curves) > 1 or exact is not None or shown.deviation is not None:
        ax.legend(fontsize=TEXT - 1, frameon=False)
    if scales is not None:
        _limit(ax, [scales[part.scale] for part in shown.parts])
    if exact is not None:
        errors = labelled(figure.add_subplot(1, 2, 2), "", label, shown.label(ERROR))
        errors.set(xlim=ax.get_xlim(), yscale="log")
        for colour, (part, view) in zip(_colours(), curves, strict=False):
            error = part.error(view.take(shown.known), view.take(exact))
            errors.plot(view.points[:, 0], np.where(error > 0, error, np.nan), color=colour, lw=1.0)
        errors.grid(True, color="0.9", lw=0.6)
        if scales is not None:
            _limit(errors, [scales[ERROR]], margin=0)
    entitle(figure, _joined(title, shown.note))
    return figure


def _limit(ax: Axes, scales: Sequence[Scale], margin: float = 0.05) -> None:
    low, high = min(s.low for s in scales), max(s.high for s in scales)
    ax.set_ylim(low - margin * (high - low), high + margin * (high - low))


def _colours() -> Iterable[str]:
    while True:
        yield from COLOURS


def _known(values: Array) -> Array:
    """NaN, which is not drawn, for all that is not finite."""
    empty = complex(np.nan, np.nan) if np.iscomplexobj(values) else np.nan
    return np.where(np.isfinite(values), values, empty)
