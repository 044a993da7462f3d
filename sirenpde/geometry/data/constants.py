"""Tensors that never change, on whichever device they are asked for."""

from __future__ import annotations

import torch
from torch import Tensor


def row(table: Tensor, i: Tensor) -> Tensor:
    """``table[i]`` for one index, a tensor (), also of many points at once."""
    return table.index_select(0, i.reshape(1))[0]


class Constant:
    """A tensor of fixed values, copied once to each device and precision that asks for it.

    A step that copies it anew makes a GPU wait for the CPU.

    >>> import torch
    >>> from sirenpde.geometry.data.constants import Constant
    >>> signs = Constant(torch.tensor([1.0, -1.0]))
    >>> signs.like(torch.zeros(3, dtype=torch.float64))
    tensor([ 1., -1.], dtype=torch.float64)
    """

    def __init__(self, value: Tensor) -> None:
        self.value = value
        self._copies: dict[tuple[torch.device, torch.dtype], Tensor] = {(value.device, value.dtype): value}

    def like(self, x: Tensor) -> Tensor:
        """With the device and the dtype of ``x``."""
        return self._copy(x.device, x.dtype)

    def on(self, device: torch.device) -> Tensor:
        """With its own dtype, as places need."""
        return self._copy(device, self.value.dtype)

    def _copy(self, device: torch.device, dtype: torch.dtype) -> Tensor:
        key = device, dtype
        if key not in self._copies:
            # What is made inside a transform of torch.func is wrapped, and of no use after it.
            self._copies[key] = torch.func.debug_unwrap(self.value.to(device=device, dtype=dtype))
        return self._copies[key]
