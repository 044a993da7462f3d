"""Sets of pictures, each of them a sample of which some pixels are seen."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..domain import Data, read_data, select
from ..gathered import NODES
from ..point import Axis
from .pictures import as_picture, read_picture, resize
from .pixel_grid import PixelGrid

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".npy"}


class PictureSet:
    """Pictures of one size as samples: all pixels of each, and those of them that are seen, its context.

    ``everywhere(u)(p)`` is a field at all pixels, (H W, ...), ``pictures["picture"](p)`` the picture there. A network
    that reads data of the sample, such as ``Hypernetwork``, reads its "context" (H, W, channels), the picture with
    zeros where it is not seen, "seen" (H, W), ones and zeros, and "number", which of the pictures it is.

    Args:
        images: (n, H, W) if grey or (n, H, W, 3); whole numbers are scaled to [0, 1], floats kept as they are.
        context: how many pixels are seen, all of them if left out. Two numbers, the least and the most: so many of
            them, and other pixels, with each draw, so that a constraint on the set needs ``samples``.
        seed: of the pixels that are seen, where they stay.
        name: for tables.
        first: the number of the first picture, where those of another set come before.

    Raises ValueError for pictures of other shapes, and more pixels to be seen than there are.

    >>> import numpy as np, torch
    >>> from sirenpde import PictureSet
    >>> pictures = PictureSet(np.random.default_rng(0).random((6, 4, 5)), context=3)
    >>> pictures, pictures.grid.shape
    (PictureSet(6 of 4×5, 3 pixels seen), (4, 5))
    >>> points, data = pictures.draw(2, torch.Generator().manual_seed(0))
    >>> data["picture"].shape, data["context"].shape, data["seen"].sum((1, 2)).tolist()
    (torch.Size([2, 20]), torch.Size([2, 4, 5, 1]), [3.0, 3.0])
    """

    def __init__(
        self,
        images: ArrayLike | Tensor,
        context: int | tuple[int, int] | None = None,
        seed: int = 0,
        name: str = "pictures",
        first: int = 0,
    ) -> None:
        array = np.asarray(images)
        if array.ndim not in (3, 4) or array.shape[3:] not in ((), (3,)) or not array.size:
            raise ValueError(
                f"A set of pictures was given an array of shape {array.shape}; expected (n, H, W) for grey or "
                f"(n, H, W, 3) for colour. Stack the pictures along the first axis."
            )
        pictures = [as_picture(picture, f"{i} of the set") for i, picture in enumerate(array)]
        self.images = torch.from_numpy(np.stack(pictures))  # (n, H, W) or (n, H, W, 3)
        self.grid = PixelGrid({"picture": pictures[0]}, name)
        self.context, self.seed, self.name, self.first = context, seed, name, first
        ends = context if isinstance(context, tuple) else (context, context)
        if not all(end is None or 0 <= end <= self.grid.size for end in ends) or ends != tuple(
            sorted(ends, key=lambda end: end or 0)
        ):
            raise ValueError(
                f"context={context!r} pixels of {self.grid.size} were to be seen; expected a number of them, or the "
                f"least and the most, as in context=(10, {min(200, self.grid.size)})."
            )

    @staticmethod
    def read(
        folder: str | PathLike[str],
        shape: tuple[int, int],
        *,
        grey: bool = False,
        context: int | tuple[int, int] | None = None,
        name: str = "pictures",
    ) -> PictureSet:
        """The pictures of a folder, in the order of their names, the middle of each brought to one shape.

        Raises ValueError where there are none, and FileNotFoundError where there is no such folder.
        """
        if not Path(folder).is_dir():
            raise FileNotFoundError(
                f"There is no folder '{folder}'; one of pictures is needed. Check the path."
            )
        files = sorted(file for file in Path(folder).iterdir() if file.suffix.lower() in SUFFIXES)
        if not files:
            raise ValueError(
                f"The folder {folder} holds no pictures; expected files of {', '.join(sorted(SUFFIXES))}. Check the "
                f"path."
            )
        pictures = [_middle(read_picture(file, grey), shape) for file in files]
        return PictureSet(
            np.stack(pictures if grey else [_in_colour(p) for p in pictures]), context, name=name
        )

    def __repr__(self) -> str:
        rows, columns = self.grid.shape
        seen = self.grid.size if self.context is None else self.context
        told = f"{seen[0]} to {seen[1]}" if isinstance(seen, tuple) else str(seen)
        return f"PictureSet({len(self.images)} of {rows}×{columns}, {told} pixels seen)"

    def seeing(
        self, context: int | tuple[int, int] | None, seed: int = 0, first: int | None = None
    ) -> PictureSet:
        """The same pictures with another context, and other numbers from ``first`` on."""
        told = f"{context[0]} to {context[1]}" if isinstance(context, tuple) else context or "all"
        number = self.first if first is None else first
        return PictureSet(self.images, context, seed, f"{self.name}, {told} pixels seen", number)

    def part(self, start: int, stop: int, name: str | None = None) -> PictureSet:
        """Some of the pictures, ``stop`` left out, with a name of their own; their numbers begin at ``first``.

        Raises ValueError where it would have none.
        """
        if not 0 <= start < stop or start >= len(self.images):
            raise ValueError(
                f"The {len(self.images)} {self.name} were to have a part from {start} to {stop}, in which there are "
                f"none; expected one at least. Take more pictures, or hold fewer out, but one."
            )
        return PictureSet(self.images[start:stop], self.context, self.seed, name or self.name, self.first)

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.grid.axes

    @property
    def size(self) -> int | None:
        return None if isinstance(self.context, tuple) else len(self.images)

    @property
    def points(self) -> Tensor:
        """The samples' own points, (n, 2): the middle of the picture."""
        return torch.zeros(len(self.images), 2, dtype=torch.float64)

    @cached_property
    def data(self) -> Mapping[str, Tensor]:
        """The data of all samples, each (n, ...)."""
        return self._data(torch.arange(len(self.images)), torch.Generator().manual_seed(self.seed))

    def __getitem__(self, key: str) -> Data:
        """ "picture", "context", "seen" or "number" as a function of the sample; ValueError for another name."""
        return read_data(("picture", "context", "seen", "number"), key, f"'{self.name}'")

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        """All samples, or ``n`` of them without replacement as far as there are so many; and their data."""
        count = len(self.images)
        wanted = count if n is None else n
        if wanted > count and self.size is None:
            chosen = torch.randint(count, (wanted,), generator=generator)
        else:
            chosen = torch.randperm(count, generator=generator)[:wanted]
        if self.size is not None and wanted >= count:
            chosen = torch.arange(count)
        if self.size is None:
            return self.points[:1].expand(len(chosen), -1), self._data(chosen, generator)
        return self.points[chosen], select(self.data, chosen)

    def _data(self, chosen: Tensor, generator: torch.Generator) -> Mapping[str, Tensor]:
        pictures = self.images[chosen]
        seen = self._seen(len(chosen), generator)
        channels = pictures if pictures.ndim == 4 else pictures[..., None]
        return {
            NODES: self.grid.points.repeat(len(chosen), 1, 1),  # an expanded one has strides of its own
            "picture": pictures.flatten(1, 2),
            "context": seen[..., None] * channels,
            "seen": seen,
            "number": (self.first + chosen).to(torch.float64),
        }

    def _seen(self, n: int, generator: torch.Generator) -> Tensor:
        """Ones at the pixels that are seen, (n, H, W)."""
        rows, columns = self.grid.shape
        if self.context is None:
            return torch.ones(n, rows, columns, dtype=torch.float64)
        low, high = self.context if isinstance(self.context, tuple) else (self.context, self.context)
        counts = torch.randint(low, high + 1, (n, 1), generator=generator)
        order = (
            torch.rand(n, rows * columns, dtype=torch.float64, generator=generator)
            .argsort(dim=1)
            .argsort(dim=1)
        )
        return (order < counts).to(torch.float64).reshape(n, rows, columns)


def _middle(picture: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The largest part about the middle that has the proportions of the shape, scaled to it."""
    height, width = picture.shape[:2]
    scale = min(height / shape[0], width / shape[1])
    rows, columns = round(scale * shape[0]), round(scale * shape[1])
    top, left = (height - rows) // 2, (width - columns) // 2
    return resize(picture[top : top + rows, left : left + columns], shape)


def _in_colour(picture: np.ndarray) -> np.ndarray:
    return picture if picture.ndim == 3 else np.repeat(picture[:, :, None], 3, axis=2)
