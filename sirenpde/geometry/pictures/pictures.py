"""Pictures as arrays: reading, resizing and pasting them."""

from __future__ import annotations

import importlib.util
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..arrays import and_more
from ..readers.arrays import load_array
from ..readers.existing import existing
from .files import read_array

Picture = NDArray[np.float64]  # (H, W) grey or (H, W, 3) colour, row 0 on top


def read_picture(source: str | PathLike[str], grey: bool = False, behind: float = 1.0) -> Picture:
    """A picture in [0, 1], float64: grey (H, W), or colour (H, W, 3) unless ``grey`` is asked for.

    ``source`` is a file that Pillow reads, an ``.npy`` array, or one of the pictures that come with
    scikit-image, such as "camera" or "skimage:astronaut"; nothing is ever downloaded. White is 1, in 8, 16 or
    32 bits; floats are kept as they are. Transparent parts lie on the grey ``behind`` them,
    white if left out. Raises FileNotFoundError or ValueError where there is no picture, or one whose bits cannot all
    be read.

    >>> from sirenpde import read_picture
    >>> read_picture("camera").shape, read_picture("chelsea").shape, read_picture("chelsea", grey=True).shape
    ((512, 512), (300, 451, 3), (300, 451))
    """
    file = _located(source)
    picture = _load_array(file) if file.suffix == ".npy" else _load_picture(file, behind)
    return luminance(picture) if grey else picture


def luminance(picture: Picture) -> Picture:
    """The grey picture (H, W) of a colour one (H, W, 3): 0.2126 R + 0.7152 G + 0.0722 B (ITU-R BT.709)."""
    if picture.ndim == 2:
        return picture
    grey: Picture = picture @ np.array([0.2126, 0.7152, 0.0722])
    return grey


def resize(picture: Picture, shape: tuple[int, int]) -> Picture:
    """The picture on (rows, columns) of another number: averaged over areas, or interpolated linearly.

    >>> import numpy as np
    >>> from sirenpde import resize
    >>> resize(np.array([[0.0, 1.0, 2.0, 5.0]]), (1, 2))
    array([[0.5, 3.5]])
    """
    if min(shape) < 1:
        raise ValueError(
            f"A picture of {shape[0]}×{shape[1]} was asked for; both need to be at least 1. Ask for more."
        )
    rows, columns = (_resampling(new, old) for new, old in zip(shape, picture.shape, strict=False))
    resized: Picture = np.einsum("ia,ab...,jb->ij...", rows, picture, columns, optimize=True)
    return resized


def reduce(picture: Picture, longest: int) -> Picture:
    """The picture scaled to have at most this many pixels along its longer side.

    Raises ValueError for less than one.
    """
    if longest < 1:
        raise ValueError(
            f"A picture of {longest} pixels along its longer side was asked for; at least 1 is needed. Ask for more."
        )
    height, width = picture.shape[:2]
    factor = min(1.0, longest / max(height, width))
    return resize(picture, (max(1, round(height * factor)), max(1, round(width * factor))))


def paste(source: Picture, onto: Picture, centre: tuple[float, float], height: int) -> Picture:
    """A picture of the size of ``onto``: ``source``, ``height`` rows high, about ``centre`` (row, column).

    Beyond its edges the source's outermost pixels continue, so that it has a gradient everywhere; a grey
    source becomes a colour one where ``onto`` is. Use with a mask, see ``ellipse``.

    >>> import numpy as np
    >>> from sirenpde import paste
    >>> paste(np.array([[0.0, 1.0]]), np.zeros((2, 4)), centre=(0, 1.5), height=1).tolist()
    [[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 1.0]]
    """
    if height < 1:
        raise ValueError(f"A source of {height} rows was asked for; at least 1 is needed. Ask for more.")
    if source.ndim != onto.ndim:
        source = luminance(source) if onto.ndim == 2 else np.repeat(source[:, :, None], 3, axis=2)
    width = max(1, round(source.shape[1] * height / source.shape[0]))
    small = resize(source, (height, width))
    top, left = round(centre[0] - (height - 1) / 2), round(centre[1] - (width - 1) / 2)
    rows = np.clip(np.arange(onto.shape[0]) - top, 0, height - 1)
    columns = np.clip(np.arange(onto.shape[1]) - left, 0, width - 1)
    placed: Picture = small[rows[:, None], columns]
    return placed


def ellipse(
    shape: tuple[int, ...], centre: tuple[float, float], radii: tuple[float, float]
) -> NDArray[np.bool_]:
    """The mask (H, W) of the pixels within an ellipse, its centre and radii in pixels (down, right).

    >>> from sirenpde import ellipse
    >>> int(ellipse((100, 200), centre=(50, 100), radii=(30, 40)).sum())  # about pi * 30 * 40
    3761
    """
    row, column = np.ogrid[: shape[0], : shape[1]]
    mask = ((row - centre[0]) / radii[0]) ** 2 + ((column - centre[1]) / radii[1]) ** 2 <= 1
    if not mask.any():
        raise ValueError(
            f"The ellipse about {centre} with radii {radii} holds none of the {shape[0]}×{shape[1]} pixels. "
            f"Give centre and radii in pixels, rows first."
        )
    return mask


def _located(source: str | PathLike[str]) -> Path:
    text = str(source)
    name = text.removeprefix("skimage:")
    shipped = _shipped_with_skimage()
    if name in shipped and (name != text or not Path(text).exists()):
        return shipped[name]
    if name != text or not Path(text).exists():
        raise FileNotFoundError(
            f"There is no picture '{source}'; expected a file, or one of those that come with scikit-image: "
            f"{', '.join(sorted(shipped)) or 'none installed'}. Check its name and folder."
        )
    return existing(source)


def _shipped_with_skimage() -> dict[str, Path]:
    # Found without importing skimage.data, which would fetch what is missing from the network.
    spec = importlib.util.find_spec("skimage")
    folders = spec.submodule_search_locations if spec else None
    files = [file for folder in folders or () for file in (Path(folder) / "data").glob("*")]
    return {file.stem: file for file in files if file.suffix in (".png", ".jpg")}


def as_picture(array: NDArray[np.generic], name: str) -> Picture:
    """The array as float64, (H, W) or (H, W, 3), finite; whole numbers are scaled to [0, 1]."""
    array = np.asarray(array)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in (2, 3) or array.shape[2:] not in ((), (3,)):
        raise ValueError(
            f"The picture {name} has shape {array.shape}; expected (H, W) for grey or (H, W, 3) for colour. "
            "Choose its channels."
        )
    if not array.size:
        raise ValueError(
            f"The picture {name} has no pixels, its shape is {array.shape}; pixels are needed. Check it."
        )
    if array.dtype.kind not in "bufi":
        raise TypeError(f"The picture {name} is of {array.dtype}; real numbers are needed. Convert it.")
    if array.dtype.kind == "i":
        raise TypeError(
            f"The picture {name} is of {array.dtype}, whose white is unknown; floats, uint8 or uint16 are "
            "needed. Divide it by its largest value."
        )
    white = 2 ** (8 * array.dtype.itemsize) - 1 if array.dtype.kind == "u" else 1
    with np.errstate(invalid="ignore"):  # signalling NaN, named below
        picture = array.astype(np.float64) / white
    bad = np.argwhere(~np.isfinite(picture))
    if len(bad):
        raise ValueError(
            f"The picture {name} has {picture[tuple(bad[0])]} in row {bad[0][0]}, column {bad[0][1]}"
            f"{and_more(len(bad) - 1)}; finite numbers are needed. Fill these pixels in."
        )
    return picture


def _load_picture(file: Path, behind: float) -> Picture:
    return as_picture(read_array(file, behind), f"'{file}'")


def _load_array(file: Path) -> Picture:
    array = load_array(file)
    try:
        return as_picture(array, f"'{file}'")
    except TypeError as error:
        raise ValueError(str(error)) from error


def _resampling(new: int, old: int) -> Picture:
    """The matrix (new, old) that averages over areas, or interpolates where there are more new pixels."""
    if new <= old:
        ends = np.arange(new + 1) * (old / new)
        low, high = ends[:-1, None], ends[1:, None]
        pixel = np.arange(old)
        overlap = np.minimum(high, pixel + 1) - np.maximum(low, pixel)
        return np.asarray(np.clip(overlap, 0, None) * (new / old), np.float64)
    position = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    return np.asarray(np.clip(1 - np.abs(position[:, None] - np.arange(old)), 0, None), np.float64)
