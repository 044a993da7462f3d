"""Requests as combinations of the channels that an engine computes, and the way back."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..geometry.data.constants import Constant


class Readout:
    """request_s = sum_k matrix[s, k] channel_k, for channels stacked in front."""

    def __init__(self, requests: Sequence[Sequence[tuple[int, float]]], read: Sequence[int]) -> None:
        """``requests`` have pairs of a channel and its factor; ``read`` are the channels that are stacked."""
        matrix = torch.zeros(len(requests), len(read), dtype=torch.float64)
        for row, request in zip(matrix, requests, strict=True):
            for channel, factor in request:
                row[read.index(channel)] = factor
        self._matrix = Constant(matrix)
        self._is_plain = torch.equal(matrix, torch.eye(*matrix.shape, dtype=torch.float64))

    def forth(self, channels: Tensor) -> Tensor:
        """Channels (K, ...) -> requests (S, ...)."""
        return channels if self._is_plain else _mixed(self._matrix.like(channels), channels)

    def back(self, cotangent: Tensor) -> Tensor:
        """The pull on requests (S, ...) -> that on channels (K, ...)."""
        return cotangent if self._is_plain else _mixed(self._matrix.like(cotangent).T, cotangent)


def _mixed(matrix: Tensor, x: Tensor) -> Tensor:
    return (matrix @ x.reshape(len(x), -1)).view(-1, *x.shape[1:])
