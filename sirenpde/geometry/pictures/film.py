"""Films as domains: their voxels, and single frames of them."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..data.cloud import Cloud
from ..point import Axis
from ..tensor_grid import centres
from .films import read_film
from .voxel_grid import VoxelGrid

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class Film(VoxelGrid):
    """A film of T frames of H×W pixels as points (t, x, y): t in seconds, x and y as those of ``PixelGrid``.

    Frame k of ``rate`` frames a second is at t = (k + 1/2) / rate; x runs to the right and y upwards, the longer side
    spans [-1, 1]. ``film["f"]`` is the colour of the voxel at a point, (3,), or () if grey, from 0 to 1. Frames are
    kept as bytes, and only voxels that are drawn become floats.

    >>> import numpy as np
    >>> from sirenpde import Film
    >>> film = Film(np.zeros((12, 4, 6, 3), np.uint8), rate=24)
    >>> film, film.axes[0], film.size
    (Film(12×6×4, f), Axis(name='t', low=0.0, high=0.5), 288)
    """

    def __init__(
        self, frames: ArrayLike | Tensor, rate: float = 25.0, key: str = "f", name: str = "film"
    ) -> None:
        pixels = torch.as_tensor(np.ascontiguousarray(np.asarray(frames)))
        if pixels.ndim not in (3, 4) or pixels.shape[3:] not in ((), (3,)) or not pixels.numel():
            raise ValueError(
                f"A film was given frames of shape {tuple(pixels.shape)}; expected (t, H, W) or (t, H, W, 3), one "
                "frame at least. Choose its channels."
            )
        if not rate > 0:
            raise ValueError(f"A film was given rate={rate!r}; expected frames a second, a number above 0.")
        count, height, width = pixels.shape[:3]
        lines, axes = _frames(count, height, width, rate)
        super().__init__({key: pixels.transpose(1, 2)}, lines, axes, name)

    @property
    def rate(self) -> float:
        """Frames a second."""
        return self.shape[0] / self.axes[0].high

    @staticmethod
    def read(path: str | PathLike[str], *, longest: int | None = None, frames: int | None = None) -> Film:
        """Reads a film: MP4 and what else ffmpeg reads, or an ``.npy`` array (t, H, W, 3) of 25 frames a second.

        ``longest`` scales frames down, by averages over areas, to so many pixels along the longer side, and
        ``frames`` is how many are read. Needs the package imageio-ffmpeg, which the extra ``video`` brings. Raises
        OSError where there is no such file, and ValueError for one without frames, or whose frames take more than
        2 GiB.
        """
        if frames is not None and frames < 1:
            raise ValueError(
                f"{frames} frames of '{path}' were asked for; at least one is needed. Ask for more."
            )
        pixels, rate = read_film(Path(path), longest, frames)
        return Film(pixels, rate, name=Path(path).stem)

    def still(self, *which: int) -> Cloud:
        """The voxels of one frame, or of some, counted from 0; from the end if negative."""
        count = self.shape[0]
        if not which or not all(-count <= k < count for k in which):
            raise ValueError(
                f"The frames {', '.join(map(str, which)) or 'none'} of a film of {count} were asked for; expected "
                f"numbers from 0 to {count - 1}."
            )
        chosen = torch.tensor(which)
        values = {key: kept[chosen] for key, kept in self.values.items()}
        label = f"frame {', '.join(map(str, which))}"
        return self._cloud((self.lines[0][chosen], *self.lines[1:]), values, label)


class Screen(VoxelGrid):
    """The points (t, x, y) of a film that nobody has taken yet, as those of ``Film``, without values.

    >>> from sirenpde.geometry.pictures.film import Screen
    >>> screen = Screen(12, 4, 6, rate=24)
    >>> screen.size, screen.rate, screen.axes[0].high
    (288, 24.0, 0.5)
    """

    def __init__(self, frames: int, height: int, width: int, rate: float = 25.0, name: str = "film") -> None:
        lines, axes = _frames(frames, height, width, rate)
        super().__init__({}, lines, axes, name)

    @property
    def rate(self) -> float:
        """Frames a second."""
        return self.shape[0] / self.axes[0].high


def _frames(
    count: int, height: int, width: int, rate: float
) -> tuple[tuple[Tensor, Tensor, Tensor], tuple[Axis, Axis, Axis]]:
    """The coordinates of frames and pixels, and their axes."""
    h = 2 / max(height, width)
    moments = (torch.arange(count, dtype=torch.float64) + 0.5) / rate
    half = (width * h / 2, height * h / 2)
    axes = (Axis("t", 0.0, count / rate), Axis("x", -half[0], half[0]), Axis("y", -half[1], half[1]))
    return (moments, centres(width, h), -centres(height, h)), axes
