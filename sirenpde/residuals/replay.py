"""Functions of tensors recorded once and replayed; called anew where this torch cannot be recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Function = Callable[..., list[Tensor]]

recorded: Callable[[Function, Sequence[Tensor]], Function] | None
try:
    from .recorder import recorded
except (ImportError, AttributeError):  # it rests on parts of torch that are private and may move
    recorded = None


def record(function: Function, inputs: Sequence[Tensor]) -> Function:
    """``function`` of these tensors as a list of operations, for other tensors of the same shapes.

    It must be a function of its arguments alone: what it reads elsewhere is taken as it is now, and a branch
    as it goes now. Without the recorder it is the function itself, which costs time and nothing else.
    """
    if recorded is not None:
        return recorded(function, inputs)

    def anew(*arguments: Tensor) -> list[Tensor]:
        with torch.no_grad():
            return function(*arguments)

    return anew
