"""One network per slab of an axis, such as time, each in local coordinates of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Generator, Tensor, nn

from .constant import set_constant
from .recipe import Recipe
from .registry import known

SLACK = 1e-9  # of the slabs together: ends computed in other ways are still the same


class SlabNetwork(nn.Module):
    """Routes each point by its coordinate along one axis: slab k from ``edges[k]`` to ``edges[k + 1]``.

    A point on an inner edge belongs to the slab below. Below the first edge the network stays as it is there,
    constant along the axis. Beyond ``until``, up to which it is known, it is not a number; left out, it is known to
    the last edge, and stays as it is there.
    """

    def __init__(
        self, axis: int, edges: Sequence[float], networks: Sequence[nn.Module], until: float | None = None
    ) -> None:
        super().__init__()
        # Plain numbers, not a buffer: a network converted to float32 keeps its edges to the last digit.
        self.axis, self.edges = axis, tuple(map(float, edges))
        self.until = math.inf if until is None else float(until)
        self.networks = nn.ModuleList(networks)

    def slab_of(self, x: Tensor) -> Tensor:  # (..., d) -> (...)
        """The slab of each point."""
        inner = torch.tensor(self.edges[1:-1], dtype=x.dtype, device=x.device)
        return (x[..., self.axis, None] > inner).sum(-1)

    def is_beyond(self, x: Tensor) -> Tensor:  # (..., d) -> (...)
        """Which points lie where nothing is known."""
        end = self.until + SLACK * (self.edges[-1] - self.edges[0])
        return x[..., self.axis] > end

    def held(self, x: Tensor) -> Tensor:  # (..., d) -> (..., d)
        """The points, those beyond the edges moved onto them."""
        low, high = (torch.tensor(e, dtype=x.dtype, device=x.device) for e in (self.edges[0], self.edges[-1]))
        columns = list(x.unbind(-1))
        t = columns[self.axis]
        columns[self.axis] = torch.where(t < low, low, torch.where(t > high, high, t))
        return torch.stack(columns, dim=-1)

    def set_constant(self, value: Tensor) -> None:
        for network in self.networks:
            set_constant(network, value.tolist())

    def forward(self, x: Tensor) -> Tensor:  # (..., d) -> (..., outputs)
        slab, beyond, x = self.slab_of(x)[..., None], self.is_beyond(x)[..., None], self.held(x)
        total: Tensor = self.networks[0](x)
        for k, network in enumerate(self.networks):
            total = torch.where(slab == k, network(x), total)
        return torch.where(beyond, torch.nan, total)


@known
@dataclass(frozen=True)
class Slabs:
    """What ``March`` builds a field from: one recipe per slab of an axis.

    Args:
        recipes: one per slab.
        axis: the index of the axis among the field's own.
        edges: where the slabs begin and end, one more than recipes, ascending.
        until: where the solution ends, if a march was cut off; beyond, the field is not a number.

    Raises ValueError where these do not fit each other.

    >>> import torch
    >>> from sirenpde.networks.sine_lattice import SineLattice
    >>> from sirenpde.networks.slabs import Slabs
    >>> recipe = Slabs((SineLattice((3, 8)), SineLattice((3, 12))), axis=0, edges=(0.0, 0.1, 0.3))
    >>> recipe.describe()
    '2 slabs of sine lattice, order 3 x 12'
    >>> recipe.build([0.0, -1.0], [1.0, 1.0], 1, (1,), torch.Generator()).edges
    (0.0, 0.1, 0.3)
    """

    recipes: tuple[Recipe, ...]
    axis: int
    edges: tuple[float, ...]
    until: float | None = None

    def __post_init__(self) -> None:
        if not self.recipes or len(self.edges) != len(self.recipes) + 1:
            raise ValueError(
                f"{len(self.recipes)} recipes and {len(self.edges)} edges; at least one recipe and one edge more "
                f"than recipes were expected. Give both ends of every slab."
            )
        if any(not a < b for a, b in pairwise(self.edges)):
            raise ValueError(
                f"edges={self.edges}; ascending numbers were expected. Sort them, and drop empty slabs."
            )

    def build(
        self,
        low: Sequence[float],
        high: Sequence[float],
        outputs: int,
        periodic: Sequence[int],
        generator: Generator,
    ) -> SlabNetwork:
        seed, networks = int(torch.randint(2**62, (), generator=generator)), []
        for recipe, start, end in zip(self.recipes, self.edges, self.edges[1:], strict=False):
            ends = [(start, end) if a == self.axis else (low[a], high[a]) for a in range(len(low))]
            low_ends, high_ends = [a for a, _ in ends], [b for _, b in ends]
            # Frozen features of a slab are the same in whatever march it is built.
            alike = torch.Generator().manual_seed(seed)
            networks.append(recipe.build(low_ends, high_ends, outputs, periodic, alike))
        return SlabNetwork(self.axis, self.edges, networks, self.until)

    def describe(self) -> str:
        return f"{len(self.recipes)} slabs of {self.recipes[-1].describe()}"
