"""Edits of a picture within a mask: which differences between neighbouring pixels are wanted there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..point import Axis
from .edges import Along
from .pictures import Picture, luminance, paste
from .pixel_grid import PixelGrid
from .surroundings import Surroundings

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Mask = NDArray[np.bool_]
Differences = dict[
    Along, Picture
]  # x: (H, W - 1, ...), right minus left; y: (H - 1, W, ...), upper minus lower
Mode = Literal["clone", "mixed", "flatten", "illumination", "texture"]

MARGIN = 8  # pixels around the mask's box, as far as the picture has them
DARK = 1 / 255  # is added before logarithms
STRENGTH, EXPONENT = 0.2, 0.2  # alpha over the mean steepness, and beta


@dataclass(frozen=True, eq=False)
class Edit:
    """The pixels about a mask, and what the edited picture u shall be there.

        u = target  outside the mask,      u_right - u_left = v,  u_upper - u_lower = v  across edges that touch it.

    Args:
        grid: those pixels, with the pictures "target" and "source", both as u counts.
        mask: (H, W), true where the target is edited.
        wanted: the guidance v, for each edge along "x", (H, W - 1, ...), and along "y", (H - 1, W, ...).
        shown: makes colours of what u counts, a tensor of a tensor: the exponential where u is a logarithm.

    >>> import numpy as np
    >>> from sirenpde import Edit
    >>> mask = np.zeros((6, 6), dtype=bool)
    >>> mask[2:4, 2:4] = True
    >>> ramp = np.tile(np.arange(6.0) / 8, (6, 1))
    >>> Edit.of(np.zeros((6, 6)), ramp, mask, "clone").wanted["x"][0].tolist()
    [0.125, 0.125, 0.125, 0.125, 0.125]
    """

    grid: PixelGrid
    mask: Mask
    wanted: Mapping[Along, Picture]
    shown: Callable[[Tensor], Tensor]

    @property
    def target(self) -> Picture:
        """The pixels' part of the target, as u counts."""
        return np.asarray(self.grid.images["target"].numpy(), np.float64)

    def across(self, axis: Axis) -> Picture:
        """What is wanted across the edges along an axis."""
        return self.wanted["x" if axis.name == "x" else "y"]

    @staticmethod
    def of(target: Picture, source: Picture, mask: ArrayLike, mode: Mode) -> Edit:
        """The edit of a target (H, W) or (H, W, 3) in a mask, booleans (H, W), by one of five guidances.

        - "clone": the source's differences.
        - "mixed": of the source's and the target's differences, edge by edge, the larger one.
        - "texture": the differences of the source in grey, so that its colours stay out.
        - "flatten": the target's differences where Canny's detector finds an edge, and none elsewhere.
        - "illumination": the target's, large ones attenuated and small ones raised, v = (a / |∇f|)^b ∇f, where f is
          the logarithm of the target, a = 0.2 times the mean of |∇f| in the mask, and b = 0.2.

        A source of the target's size lies on it pixel by pixel; another is scaled to cover the mask's box. "flatten"
        and "illumination" read no source. Raises ValueError for a mask that is empty, covers the target, touches its
        border or has another size, and for a mode that is none of these.

        Source: Pérez, Gangnet and Blake, Poisson Image Editing, 2003, equations 7, 11 to 16.
        """
        if mode not in _MODES:
            raise ValueError(
                f"mode={mode!r} was given; expected one of {', '.join(_MODES)}. Choose one of them."
            )
        mask = _checked(np.asarray(mask), target.shape[:2])
        rows, columns = _around(mask)
        if source.shape[:2] == target.shape[:2]:
            source = source[rows, columns]
        part, inside = target[rows, columns], mask[rows, columns]
        source = _covering(source, part, inside)
        counted, shown = _COUNTED.get(mode, (_same_picture, _same_values))
        counts = {"target": counted(part), "source": counted(source)}
        wanted = _MODES[mode](counts["target"], counts["source"], inside)
        grid = PixelGrid(counts, around=Surroundings(target, rows.start, columns.start, part.shape[:2]))
        return Edit(grid, inside, wanted, shown)


def differences(picture: Picture) -> Differences:
    """Between pixels that are neighbours: right minus left along x, upper minus lower along y."""
    return {"x": np.diff(picture, axis=1), "y": -np.diff(picture, axis=0)}


def _cloned(target: Picture, source: Picture, mask: Mask) -> Differences:
    return differences(source)


def _mixed(target: Picture, source: Picture, mask: Mask) -> Differences:
    ours, theirs = differences(target), differences(source)
    return {a: np.where(np.abs(ours[a]) > np.abs(theirs[a]), ours[a], theirs[a]) for a in ours}


def _textured(target: Picture, source: Picture, mask: Mask) -> Differences:
    grey = differences(luminance(source))
    return {a: np.broadcast_to(_like(v, target), (*v.shape, *target.shape[2:])) for a, v in grey.items()}


def _flattened(target: Picture, source: Picture, mask: Mask) -> Differences:
    from skimage.feature import canny

    found: Mask = canny(luminance(target))
    ends: dict[Along, Mask] = {"x": found[:, 1:] | found[:, :-1], "y": found[1:] | found[:-1]}
    return {a: v * _like(ends[a], target) for a, v in differences(target).items()}


def _lit(target: Picture, source: Picture, mask: Mask) -> Differences:
    steep = np.hypot(*np.gradient(luminance(target)))
    mean = float(steep[mask].mean())
    factor = (
        (STRENGTH * mean / np.maximum(steep, 1e-3 * mean)) ** EXPONENT if mean > 0 else np.ones_like(steep)
    )
    ends: Differences = {"x": (factor[:, 1:] + factor[:, :-1]) / 2, "y": (factor[1:] + factor[:-1]) / 2}
    return {a: v * _like(ends[a], target) for a, v in differences(target).items()}


def _like(values: NDArray[np.float64 | np.bool_], picture: Picture) -> Picture:
    """Numbers (H, W) that multiply every colour of a picture."""
    return values.reshape(*values.shape, *[1] * (picture.ndim - 2)).astype(np.float64)


def _same_picture(picture: Picture) -> Picture:
    return picture


def _same_values(values: Tensor) -> Tensor:
    return values


def _log(picture: Picture) -> Picture:
    return np.log(np.maximum(picture, 0) + DARK)


def _exp(values: Tensor) -> Tensor:
    return torch.exp(values) - DARK


_MODES: dict[str, Callable[[Picture, Picture, Mask], Differences]] = {
    "clone": _cloned,
    "mixed": _mixed,
    "flatten": _flattened,
    "illumination": _lit,
    "texture": _textured,
}
_COUNTED: dict[str, tuple[Callable[[Picture], Picture], Callable[[Tensor], Tensor]]] = {
    "illumination": (_log, _exp)
}


def _checked(mask: NDArray[np.generic], shape: tuple[int, ...]) -> Mask:
    if mask.shape != shape:
        raise ValueError(
            f"The mask has {_size(mask.shape)} pixels (rows × columns) and the target {_size(shape)}; expected a "
            f"mask of the target's size, white where it is edited. Draw it on a copy of the target."
        )
    inside = mask.astype(bool)
    if not inside.any():
        raise ValueError(
            f"The mask is empty: none of its {_size(shape)} pixels is above 1/2; expected white where the target is "
            f"edited. Draw the part in white on black, opaque."
        )
    if inside.all():
        raise ValueError(
            "The mask covers the whole target; expected a rim of it at least, which the edit is joined to. Paint the "
            "outermost pixels black."
        )
    sides = {"top": inside[0], "bottom": inside[-1], "left": inside[:, 0], "right": inside[:, -1]}
    touched = [f"{int(side.sum())} pixels at the {name}" for name, side in sides.items() if side.any()]
    if touched:
        raise ValueError(
            f"The mask touches the target's border ({', '.join(touched)}), where nothing is known to join the edit "
            f"to; expected a rim of one pixel that is left as it is. Paint the outermost pixels of the mask black."
        )
    return inside


def _size(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def _around(mask: Mask) -> tuple[slice, slice]:
    """The rows and columns of the mask's box, with a margin."""
    rows, columns = _box(mask)
    return (
        slice(max(0, rows.start - MARGIN), rows.stop + MARGIN),
        slice(max(0, columns.start - MARGIN), columns.stop + MARGIN),
    )


def _box(mask: Mask) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _covering(source: Picture, target: Picture, mask: Mask) -> Picture:
    """The source scaled to cover the mask's box, in a picture of the target's size; as it is where it has that."""
    if source.shape[:2] == target.shape[:2]:
        rows = target.shape[0]
        return paste(source, target, ((rows - 1) / 2, (target.shape[1] - 1) / 2), rows)
    box = _box(mask)
    height, width = (side.stop - side.start for side in box)
    scale = max(height / source.shape[0], width / source.shape[1])
    centre = [(side.start + side.stop - 1) / 2 for side in box]
    return paste(source, target, (centre[0], centre[1]), max(1, round(scale * source.shape[0])))
