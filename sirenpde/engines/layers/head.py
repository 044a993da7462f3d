"""The last layer, y = W h + b in every channel that requests read, the bias in the value alone."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .linear import Affine, AffineGradient
from .powers import runs


class HeadBuffers:
    """The views of a chunk that the head works on; it needs no memory of its own."""

    def __init__(self, features: Tensor, pull: Tensor | None, read: Sequence[int], reads_value: bool) -> None:
        """``features`` (channels read, n, in); ``pull`` (all channels, n, in), if a layer lies below: its own."""
        n = features.shape[1]
        self.features, self.reads_value = features, reads_value
        self._rows = features.view(-1, features.shape[-1])
        self._below: list[
            tuple[slice, Tensor]
        ] = []  # rows that follow each other, where the pull on them goes
        if pull is not None:
            for k, row, many in runs((k, row) for row, k in enumerate(read)):
                target = pull[k : k + many].view(-1, pull.shape[-1])
                self._below.append((slice(row * n, (row + many) * n), target))

    def forth(self, affine: Affine) -> Tensor:
        """The outputs in the channels read, (channels read, n, outputs)."""
        y = torch.mm(self._rows, affine.transposed).view(*self.features.shape[:2], -1)
        if affine.bias is not None and self.reads_value:
            y[0] += affine.bias
        return y

    def back(self, into: AffineGradient, pull: Tensor) -> None:
        """``pull`` (channels read, n, outputs) to the gradient of the head."""
        into.add(pull.reshape(-1, pull.shape[-1]), self._rows, pull[0] if self.reads_value else None)

    def pass_down(self, affine: Affine, pull: Tensor) -> None:
        rows = pull.reshape(-1, pull.shape[-1])
        for chosen, target in self._below:
            torch.mm(rows[chosen], affine.weight, out=target)
