"""The whole picture that pixels are a part of."""

from __future__ import annotations

from dataclasses import dataclass

from .pictures import Picture, resize


@dataclass(frozen=True, eq=False)
class Surroundings:
    """A picture (H, W) or (H, W, 3), and where in it a part of so many rows and columns begins."""

    picture: Picture
    row: int
    column: int
    shape: tuple[int, int]

    def completed(self, part: Picture) -> Picture:
        """The whole with the part in its place; at the part's resolution, which may be another than its own.

        A part that is no picture of this kind, grey where the whole is in colour, stays alone.

        >>> import numpy as np
        >>> from sirenpde.geometry.pictures.surroundings import Surroundings
        >>> Surroundings(np.zeros((2, 3)), 1, 0, (1, 2)).completed(np.ones((1, 2))).tolist()
        [[0.0, 0.0, 0.0], [1.0, 1.0, 0.0]]
        """
        if part.shape[2:] != self.picture.shape[2:]:
            return part
        rows, columns = (found / own for found, own in zip(part.shape, self.shape, strict=False))
        height, width = round(self.picture.shape[0] * rows), round(self.picture.shape[1] * columns)
        same = (height, width) == self.picture.shape[:2]
        whole = self.picture.copy() if same else resize(self.picture, (height, width))
        top = min(round(self.row * rows), height - part.shape[0])
        left = min(round(self.column * columns), width - part.shape[1])
        whole[top : top + part.shape[0], left : left + part.shape[1]] = part
        return whole

    def share(self) -> float:
        """The longer side of the part over that of the whole."""
        height, width = self.picture.shape[:2]
        return float(max(self.shape) / max(height, width))
