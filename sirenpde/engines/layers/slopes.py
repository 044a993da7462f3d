"""An activation and its derivatives, in buffers."""

from __future__ import annotations

import torch
from torch import Tensor

from ...networks.activations.activation import Activation
from ...networks.activations.sine import sine
from ..buffers import Take
from .sines import Sines

Slope = tuple[Tensor, float]  # a derivative of f, up to the sign that comes with it


def slope_signs(activation: Activation, order: int) -> list[float]:
    """The signs that f, f', ..., f^(order) come with in `Slopes`.

    >>> slope_signs(sine, 4)
    [1.0, 1.0, -1.0, -1.0, 1.0]
    """
    return [-1.0 if activation == sine and k % 4 >= 2 else 1.0 for k in range(order + 1)]


class Slopes:
    """f, f', ..., f^(order) at ``z``, in buffers of their own; those of a sine are two, and z is one of them."""

    def __init__(self, activation: Activation, order: int, z: Tensor, value: Tensor, take: Take) -> None:
        self._activation, self._z, self._value = activation, z, value
        if activation == sine:
            buffers = [(value, z)[k % 2] for k in range(order + 1)]
        else:
            buffers = [value, *(take(*z.shape) for _ in range(order))]
        self._sines = Sines(z, value) if activation == sine else None
        self._slopes: list[Slope] = list(zip(buffers, slope_signs(activation, order), strict=True))

    def __len__(self) -> int:
        return len(self._slopes)

    def __getitem__(self, order: int) -> Slope:
        return self._slopes[order]

    def fill(self) -> None:
        """Computes all of them from z, which is spoilt where the activation is a sine."""
        if self._sines is not None:
            self._sines.fill()
            return
        order = len(self._slopes) - 1
        series = list(self._activation.derivatives(self._z, min(order, 4)))
        if order == 5:  # activations give four; the way back of a fourth-order operator takes one more
            series.append(torch.func.jvp(self._fourth, (self._z,), (torch.ones_like(self._z),))[1])
        for (buffer, _), slope in zip(self._slopes, series, strict=True):
            buffer.copy_(slope)

    def fill_value(self) -> None:
        """Computes f alone; a sine comes with its slope at no cost. Another's slopes can be filled in afterwards."""
        if self._sines is not None:
            self._sines.fill()
        else:
            self._value.copy_(self._activation.derivatives(self._z, 0)[0])

    def _fourth(self, z: Tensor) -> Tensor:
        return self._activation.derivatives(z, 4)[4]
