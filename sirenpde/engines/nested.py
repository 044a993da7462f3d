"""The generic engine: nested forward-mode derivatives of any module, and the oracle of the fast ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..calculus.symbols import Symbol
from ..networks.linear_head import linear_head
from .flat import unflatten
from .given import Given

READING = 1 << 16  # points at once of a network that is made for each sample, so that few make it


Pull = Callable[[Tensor], Tensor]  # of a cotangent (S, n, outputs), to theta


@dataclass(frozen=True)
class _Tape:
    x: Tensor
    pull_back: Pull
    given: Given | None = None


class _Features(nn.Module):
    """A module without its linear head."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Tensor) -> Tensor:
        features: Tensor = self.module.features(x)  # type: ignore[operator]
        return features


class NestedEngine:
    """Each term of each symbol by nested ``torch.func.jvp``; slow, and right for any module.

    The module maps points (n, d) to (n, outputs), each point by itself. One that ``reads`` data of samples maps
    points (q, n, d) of n samples and their data to (q, n, outputs); the engine's weights are then ``Given``, and its
    points (q n, d).
    """

    kind = "nested torch.func"

    def __init__(self, module: nn.Module, symbols: Sequence[Symbol], dimension: int) -> None:
        self.module = module
        self.symbols = tuple(symbols)
        self.dimension = dimension
        self.channels = sum(2**symbol.order * len(symbol.terms) for symbol in symbols)
        self.chunk = READING if getattr(module, "reads", ()) else 1024

    def load(self, theta: Tensor) -> Tensor:
        return theta.detach()

    def forward(self, weights: Tensor | Given, x: Tensor) -> tuple[Tensor, _Tape]:
        theta, given = (weights.weights, weights) if isinstance(weights, Given) else (weights, None)
        derivatives, pull_back = self._pulled(theta, x, given)
        return derivatives, _Tape(x, pull_back, given)

    def _pulled(self, theta: Tensor, x: Tensor, given: Given | None) -> tuple[Tensor, Pull]:
        """The derivatives and their pull-back to theta, by each tensor of it: as slices of it they would each be as
        long as theta."""
        parameters = unflatten(self.module, theta)
        derivatives, pull_back, *_ = torch.func.vjp(lambda q: self._derivatives(q, x, given), parameters)

        def to_theta(cotangent: Tensor) -> Tensor:
            (slopes,) = pull_back(cotangent)
            return torch.cat([theta[:0], *(slopes[name].reshape(-1) for name in parameters)])

        return derivatives, to_theta

    def backward(self, weights: Tensor, tape: _Tape, cotangent: Tensor, gradient: Tensor) -> None:
        if gradient.dim() == 1:
            gradient += tape.pull_back(cotangent)
            return
        if tape.given is not None:
            for i in cotangent.abs().amax((0, 2)).nonzero()[:, 0].tolist():
                only = torch.zeros_like(cotangent)
                only[:, i] = cotangent[:, i]
                gradient[i] += tape.pull_back(only)
            return

        def row(x: Tensor, pull: Tensor) -> Tensor:
            return self._pulled(weights, x[None], None)[1](pull[:, None])

        gradient += torch.func.vmap(row, in_dims=(0, 1))(tape.x, cotangent)

    def features(self, weights: Tensor, x: Tensor) -> Tensor | None:
        head = linear_head(self.module)
        if head is None:
            return None
        module = _Features(self.module)
        parameters = {f"module.{name}": value for name, value in unflatten(self.module, weights).items()}
        rows = self._of(lambda points: torch.func.functional_call(module, parameters, (points,)), x)
        has_bias = head.bias is not None
        if not has_bias:
            return rows
        values = [float(symbol.order == 0) * symbol.terms[0][1] for symbol in self.symbols]
        constant = rows.new_tensor(values)[:, None, None].expand(-1, len(x), 1)
        return torch.cat([rows, constant], dim=-1)

    def _derivatives(self, parameters: dict[str, Tensor], x: Tensor, given: Given | None) -> Tensor:
        if given is None:
            return self._of(lambda points: torch.func.functional_call(self.module, parameters, (points,)), x)

        def network(points: Tensor) -> Tensor:
            nodes = points.unflatten(0, (-1, given.samples))
            values: Tensor = torch.func.functional_call(self.module, parameters, (nodes, dict(given.data)))
            return values.flatten(0, 1)

        return self._of(network, x)

    def _of(self, network: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
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
