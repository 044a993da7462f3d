"""Networks under overlapping windows that sum to one: a finite basis."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from .constant import set_constant
from .linear_head import linear_head

SMOOTH = 4  # derivatives of the windows that are continuous, as many as an operator may have


@dataclass(frozen=True)
class Windows:
    """Smooth windows on a grid of cells, products of one factor per axis that sum to one everywhere.

    Along an axis with inner edges e_1 < ... < e_n the factors are differences of steps,

        w_j(x) = s_j(x) - s_{j+1}(x),   s_i(x) = S((x - e_i) / h_i),   S(xi) = integral of (1 - t²)⁴ from -1 to xi,

    with S scaled to rise from 0 to 1, s_0 = 1 and s_{n+1} = 0: four times continuously differentiable, and zero
    farther than h_i from their cell. h_i is ``overlap`` times half of the shorter cell beside the edge.

    >>> import torch
    >>> windows = Windows(((0.0, 1.0, 2.0),), overlap=0.5)
    >>> windows.factors(0, torch.tensor([0.2, 1.0, 1.8]), 0).T
    tensor([[1.0000, 0.5000, 0.0000],
            [0.0000, 0.5000, 1.0000]])
    >>> windows.box(1)
    ((0.75,), (2.0,))
    """

    edges: tuple[tuple[float, ...], ...]
    overlap: float

    def __len__(self) -> int:
        return math.prod(len(places) - 1 for places in self.edges)

    @cached_property
    def _cells(self) -> tuple[tuple[int, ...], ...]:
        return tuple(itertools.product(*(range(len(places) - 1) for places in self.edges)))

    def reach(self, axis: int) -> tuple[float, ...]:
        """How far a step reaches on each side of an edge; nothing at the ends of the axis."""
        widths = [b - a for a, b in itertools.pairwise(self.edges[axis])]
        inner = [self.overlap / 2 * min(pair) for pair in itertools.pairwise(widths)]
        return (0.0, *inner, 0.0)

    def box(self, window: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The low and the high corner of where a window is not zero."""
        lows, highs = [], []
        for axis, cell in enumerate(self._cells[window]):
            reach, places = self.reach(axis), self.edges[axis]
            lows.append(places[cell] - reach[cell])
            highs.append(places[cell + 1] + reach[cell + 1])
        return tuple(lows), tuple(highs)

    def along(self, window: int, axis: int) -> int:
        """Which of the factors of an axis a window has."""
        return self._cells[window][axis]

    def factors(self, axis: int, x: Tensor, derivative: int) -> Tensor:
        """The derivative of every factor of an axis at coordinates (n,): (n, factors)."""
        inner, reach = self.edges[axis][1:-1], self.reach(axis)[1:-1]
        first = torch.full_like(x, float(derivative == 0))[:, None]
        steps = [first]
        if inner:
            places, h = x.new_tensor(inner), x.new_tensor(reach)
            steps.append(_step((x[:, None] - places) / h, derivative) / h**derivative)
        steps.append(torch.zeros_like(first))
        s = torch.cat(steps, dim=1)
        return s[:, :-1] - s[:, 1:]


def _step(xi: Tensor, derivative: int) -> Tensor:
    """The derivative of S, a polynomial between -1 and 1."""
    inside = xi.clamp(-1, 1)
    coefficients = _POLYNOMIALS[derivative]
    value = torch.zeros_like(xi)
    for c in reversed(coefficients):
        value = value * inside + c
    # Beyond the step to the last digit, so that no other window has a share there.
    beyond = (xi >= 1).to(xi) if derivative == 0 else torch.zeros_like(xi)
    return torch.where(xi.abs() < 1, value.clamp(0, 1) if derivative == 0 else value, beyond)


def _polynomials() -> tuple[tuple[float, ...], ...]:
    """The coefficients, ascending, of S and of its derivatives."""
    slope = [0.0] * (2 * SMOOTH + 1)
    for k in range(SMOOTH + 1):
        slope[2 * k] = (-1) ** k * math.comb(SMOOTH, k)
    rise = [0.0, *(c / (i + 1) for i, c in enumerate(slope))]
    height = 2 * sum(rise[1::2])
    found = [[0.5, *(c / height for c in rise[1:])]]
    for _ in range(SMOOTH):
        found.append([i * c for i, c in enumerate(found[-1])][1:])
    return tuple(map(tuple, found))


_POLYNOMIALS = _polynomials()


class WindowsNetwork(nn.Module):
    """x -> Σ_j w_j(x) N_j(x), every network N_j in coordinates of its own window's box.

    Source: Moseley, Markham and Nissen-Meyer, Finite Basis Physics-Informed Neural Networks, 2023, section 3.
    """

    def __init__(self, windows: Windows, networks: Sequence[nn.Module]) -> None:
        super().__init__()
        # Plain numbers, not buffers: a network converted to float32 keeps its windows to the last digit.
        self.windows = windows
        self.networks = nn.ModuleList(networks)

    @property
    def linear_heads(self) -> tuple[nn.Linear, ...]:
        heads = [linear_head(network) for network in self.networks]
        return () if None in heads else tuple(head for head in heads if head is not None)

    def set_constant(self, value: Tensor) -> None:
        for network in self.networks:
            set_constant(network, value.tolist())

    def forward(self, x: Tensor) -> Tensor:  # (..., d) -> (..., outputs)
        flat = x.reshape(-1, x.shape[-1])
        factors = [self.windows.factors(axis, flat[:, axis], 0) for axis in range(flat.shape[1])]
        total = None
        for j, network in enumerate(self.networks):
            weight = math.prod(
                (f[:, self.windows.along(j, axis)] for axis, f in enumerate(factors)), start=torch.ones(())
            )
            term = weight.to(x)[:, None] * network(flat)
            total = term if total is None else total + term
        assert total is not None
        values: Tensor = total.reshape(*x.shape[:-1], -1)
        return values
