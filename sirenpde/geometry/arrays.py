"""Numpy in, torch out: arrays given by a user, checked and turned into tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from .point import Axis

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def as_numbers(values: ArrayLike | Tensor, name: str) -> Tensor:
    """A new float64 (or complex128) CPU tensor with the same numbers."""
    array = values.detach().cpu().resolve_conj().numpy() if isinstance(values, Tensor) else np.asarray(values)
    if array.dtype.kind not in "biufc":
        raise TypeError(
            f"{name} is an array of {array.dtype}; numbers are needed. Convert it, or leave this column out."
        )
    with np.errstate(invalid="ignore"):  # signalling NaN, which is named where it matters
        return torch.from_numpy(
            array.astype(np.complex128 if array.dtype.kind == "c" else np.float64, order="C")
        )


def as_points(values: ArrayLike | Tensor, name: str, axes: Sequence[Axis]) -> Tensor:
    """Points (n, d) with finite coordinates within the axes' ranges."""
    points = as_numbers(values, f"The points of {name}")
    names = ", ".join(a.name for a in axes)
    if points.ndim != 2 or points.shape[1] != len(axes):
        raise ValueError(
            f"The points of {name} have shape {tuple(points.shape)}; expected (n, {len(axes)}), one column "
            f"for each of {names}. Stack the coordinates as columns."
        )
    if points.is_complex():
        raise TypeError(f"The points of {name} are complex; coordinates are real. Pass their real part.")
    if not len(points):
        raise ValueError(
            f"There are no points in {name}; at least one is needed. Check where they come from."
        )
    check_finite(points, f"The points of {name}", [a.name for a in axes])
    _check_inside(points, name, axes)
    return points


def as_data(values: ArrayLike | Tensor, name: str, n: int) -> Tensor:
    """Data (n, ...), finite."""
    data = as_numbers(values, f"The data '{name}'")
    if data.ndim == 0 or len(data) != n:
        raise ValueError(
            f"The data '{name}' have shape {tuple(data.shape)}; expected ({n}, ...), one row for each of the "
            f"{n} points. Check that they belong to these points."
        )
    check_finite(data, f"The data '{name}'")
    return data


def as_mask(values: ArrayLike | Tensor, shape: tuple[int, ...], name: str) -> Tensor:
    """Booleans of the given shape."""
    mask = values.detach().cpu() if isinstance(values, Tensor) else torch.from_numpy(np.array(values))
    if mask.dtype != torch.bool:
        raise TypeError(
            f"The mask on {name} is of {str(mask.dtype).removeprefix('torch.')}; booleans are needed. "
            f"Compare with a threshold, for example values > 0.5."
        )
    if tuple(mask.shape) != shape:
        raise ValueError(
            f"The mask on {name} has shape {tuple(mask.shape)}; expected {shape}, an entry for each point. "
            f"Make it from data of the same domain."
        )
    return mask


def check_share(share: float, name: str, kept: str) -> None:
    """Raises ValueError for a share of ``kept`` that is not above 0 and at most 1."""
    if not 0 < share <= 1:
        raise ValueError(
            f"{name}={share:g} was given, the share of {kept}; expected a number above 0, and at most 1 for all of "
            f"them. Write {name}=0.1 for a tenth."
        )


def and_more(count: int) -> str:
    """Said after the first of several faults.

    >>> and_more(2), and_more(0)
    (' (and 2 more)', '')
    """
    return f" (and {count} more)" if count else ""


def check_finite(values: Tensor, name: str, columns: Sequence[str] = ()) -> None:
    """Raises ValueError naming the first row (and column) that is NaN or infinite."""
    bad = (~torch.isfinite(values)).nonzero()
    if len(bad):
        row, *rest = bad[0].tolist()
        column = f", column {columns[rest[0]] if columns else rest[0]}" if rest else ""
        raise ValueError(
            f"{name}: {values[tuple(bad[0])].item()} in row {row}{column}{and_more(len(bad) - 1)}; "
            f"finite numbers are needed. Drop these rows, or fill them in."
        )


def check_unit(vectors: Tensor, dimension: int, name: str) -> None:
    """Raises ValueError naming the first row that is no unit vector, to a hundredth."""
    if tuple(vectors.shape[1:]) != (dimension,):
        raise ValueError(
            f"{name} have shape {tuple(vectors.shape)}; expected (n, {dimension}), a component for each axis. "
            "Stack them as columns."
        )
    bad = ((vectors.norm(dim=1) - 1).abs() > 0.01).nonzero()[:, 0]
    if len(bad):
        row = int(bad[0])
        raise ValueError(
            f"{name} have length {float(vectors[row].norm()):.3g} in row {row} (and {len(bad) - 1} more are no "
            "unit vectors); length 1 is needed. Divide them by their length, and leave out points that have none."
        )


def _check_inside(points: Tensor, name: str, axes: Sequence[Axis]) -> None:
    low = points.new_tensor([axis.low for axis in axes])
    high = points.new_tensor([axis.high for axis in axes])
    slack = 1e-9 * (high - low)
    outside = (points < low - slack) | (points > high + slack)
    rows = outside.any(1).nonzero()[:, 0].tolist()
    if rows:
        column = int(outside[rows[0]].nonzero()[0])
        axis = axes[column]
        others = ", ".join(map(str, rows[1:5])) + (", ..." if len(rows) > 5 else "")
        raise ValueError(
            f"{len(rows)} of {len(points)} points of {name} lie outside the box: row {rows[0]} has "
            f"{axis.name} = {points[rows[0], column]:g}; {axis.name} runs from {axis.low:g} to {axis.high:g}. "
            + (f"Others are in rows {others}. " if others else "")
            + "Widen the box, or scale the points into it."
        )
