"""Motions and dilations of space: what moves, turns and scales a shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Motion:
    """q -> M q + ``shift``, where M is ``factor`` times a rotation.

    >>> import math, torch
    >>> quarter = Motion.rotation(math.pi / 2, (1.0, 0.0))
    >>> quarter.points(torch.tensor([[2.0, 0.0]], dtype=torch.float64)).tolist()
    [[1.0, 1.0]]
    >>> quarter.then(quarter.inverse()).shift
    (0.0, 0.0)
    """

    matrix: tuple[tuple[float, ...], ...]
    shift: tuple[float, ...]
    factor: float = 1.0

    @staticmethod
    def translation(shift: Sequence[float]) -> Motion:
        return Motion(_rows(torch.eye(len(shift), dtype=torch.float64)), tuple(map(float, shift)))

    @staticmethod
    def dilation(factor: float, about: Sequence[float]) -> Motion:
        turn = factor * torch.eye(len(about), dtype=torch.float64)
        return Motion(_rows(turn), tuple((1 - factor) * c for c in about), factor)

    @staticmethod
    def rotation(angle: float, about: Sequence[float], axis: int | None = None) -> Motion:
        """By an angle in radians about a point; in space about the line through it along the axis of this number."""
        # Exact for quarter turns, so that a turned box has faces along the axes.
        cosine, sine = (0.0 if abs(c) < 1e-15 else c for c in (math.cos(angle), math.sin(angle)))
        turn = torch.eye(len(about), dtype=torch.float64)
        i, j = (0, 1) if axis is None else ((axis + 1) % 3, (axis + 2) % 3)
        turn[i, i], turn[i, j], turn[j, i], turn[j, j] = cosine, -sine, sine, cosine
        center = torch.tensor(about, dtype=torch.float64)
        return Motion(_rows(turn), tuple((center - turn @ center).tolist()))

    @property
    def _matrix(self) -> Tensor:
        return torch.tensor(self.matrix, dtype=torch.float64)

    def points(self, points: Tensor) -> Tensor:
        """Points (n, d) where the motion takes them."""
        return points @ self._matrix.T + points.new_tensor(self.shift)

    def vectors(self, vectors: Tensor) -> Tensor:
        """Vectors (n, d), turned and scaled."""
        return vectors @ self._matrix.T

    def directions(self, directions: Tensor) -> Tensor:
        """Unit vectors (n, d), turned alone."""
        return self.vectors(directions) / self.factor

    def inverse(self) -> Motion:
        back = self._matrix.T / self.factor**2
        shift = -(back @ torch.tensor(self.shift, dtype=torch.float64)) + 0.0  # no -0
        return Motion(_rows(back), tuple(shift.tolist()), 1 / self.factor)

    def then(self, other: Motion) -> Motion:
        """First this one, then the other."""
        shift = other.points(torch.tensor([self.shift], dtype=torch.float64))[0]
        return Motion(_rows(other._matrix @ self._matrix), tuple(shift.tolist()), self.factor * other.factor)


def _rows(matrix: Tensor) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in matrix.tolist())
