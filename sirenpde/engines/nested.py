"""The generic engine: nested forward-mode derivatives of any module, and the oracle of the fast ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..calculus.symbols import Symbol
from .flat import unflatten


@dataclass(frozen=True)
class _Tape:
    x: Tensor
    pull_back: Callable[[Tensor], tuple[Tensor, ...]]


class NestedEngine:
    """Each term of each symbol by nested ``torch.func.jvp``; slow, and right for any module.

    The module maps points (n, d) to (n, outputs), each point by itself.
    """

    kind = "nested torch.func"

    def __init__(self, module: nn.Module, symbols: Sequence[Symbol], dimension: int) -> None:
        self.module = module
        self.symbols = tuple(symbols)
        self.dimension = dimension
        self.channels = sum(2**symbol.order * len(symbol.terms) for symbol in symbols)
        self.chunk = 1024

    def load(self, theta: Tensor) -> Tensor:
        return theta.detach()

    def forward(self, weights: Tensor, x: Tensor) -> tuple[Tensor, _Tape]:
        derivatives, pull_back, *_ = torch.func.vjp(lambda theta: self._derivatives(theta, x), weights)
        return derivatives, _Tape(x, pull_back)

    def backward(self, weights: Tensor, tape: _Tape, cotangent: Tensor, gradient: Tensor) -> None:
        if gradient.dim() == 1:
            gradient += tape.pull_back(cotangent)[0]
            return

        def row(x: Tensor, own: Tensor) -> Tensor:
            _, pull_back, *_ = torch.func.vjp(lambda theta: self._derivatives(theta, x[None]), weights)
            return pull_back(own[:, None])[0]  # type: ignore[no-any-return]

        gradient += torch.func.vmap(row, in_dims=(0, 1))(tape.x, cotangent)

    def features(self, weights: Tensor, x: Tensor) -> Tensor | None:
        return None

    def _derivatives(self, theta: Tensor, x: Tensor) -> Tensor:
        parameters = unflatten(self.module, theta)

        def network(points: Tensor) -> Tensor:
            y: Tensor = torch.func.functional_call(self.module, parameters, (points,))
            return y

        rows = []
        for symbol in self.symbols:
            terms = []
            for powers, factor in symbol.terms:
                term: Callable[[Tensor], Tensor] = network
                for axis, times in enumerate(powers):
                    for _ in range(times):
                        term = _partial(term, axis)
                terms.append(factor * term(x))
            rows.append(torch.stack(terms).sum(0))
        return torch.stack(rows)


def _partial(function: Callable[[Tensor], Tensor], axis: int) -> Callable[[Tensor], Tensor]:
    def derivative(x: Tensor) -> Tensor:
        direction = torch.zeros_like(x)
        direction[:, axis] = 1
        slope: Tensor = torch.func.jvp(function, (x,), (direction,))[1]
        return slope

    return derivative
