"""The values that residuals are functions of: samples, and the flat parameter vector."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..calculus.field import Field, Unknown
from ..engines.flat import flatten


@dataclass(frozen=True)
class Batch:
    """The samples of one group of constraints: points (n, d) and their data, each (n, ...).

    ``weights`` (n, constraints of the group) are factors on each point's loss; None stands for ones.
    """

    points: Tensor
    data: Mapping[str, Tensor]
    weights: Tensor | None = None

    def __len__(self) -> int:
        return len(self.points)

    def part(self, rows: slice | Tensor) -> Batch:
        """Some of the samples, with their data and weights."""
        weights = None if self.weights is None else self.weights[rows]
        return Batch(self.points[rows], {key: value[rows] for key, value in self.data.items()}, weights)


class Parameters:
    """Where each field's network and each unknown number lies in the flat vector theta.

    A field is ``units[u]`` times what its network gives; where they are left out, the network's values themselves.
    """

    def __init__(
        self,
        networks: Mapping[Field, nn.Module],
        unknowns: Sequence[Unknown],
        units: Mapping[Field, float] | None = None,
    ) -> None:
        self.networks = dict(networks)
        self.unknowns = tuple(unknowns)
        self.units = {u: 1.0 if units is None else units[u] for u in self.networks}
        self.slices: dict[Hashable, slice] = {}
        start = 0
        for u, module in self.networks.items():
            count = sum(q.numel() for q in module.parameters() if q.requires_grad)
            self.slices[u] = slice(start, start + count)
            start += count
        for c in self.unknowns:
            self.slices[c] = slice(start, start + 1)
            start += 1
        self.numbers_slice = slice(start - len(self.unknowns), start)

    def initial(self) -> Tensor:
        weights = [flatten(module) for module in self.networks.values()]
        like = weights[0] if weights else torch.zeros(0, dtype=torch.float64)
        return torch.cat([*weights, *(c.raw().to(like).reshape(1) for c in self.unknowns)])

    def of(self, key: Field | Unknown, theta: Tensor) -> Tensor:
        return theta[self.slices[key]]

    def numbers(self, theta: Tensor) -> Tensor:
        """The values of the unknown numbers, (len(unknowns),)."""
        return self.bounded(theta[self.numbers_slice])

    def bounded(self, raw: Tensor) -> Tensor:
        """The unknown numbers for their unconstrained parameters, both (len(unknowns),)."""
        values = [c.value(q) for c, q in zip(self.unknowns, raw.unbind(), strict=True)]
        return torch.stack(values) if values else raw
