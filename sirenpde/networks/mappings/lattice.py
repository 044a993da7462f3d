"""All whole frequencies up to an order, which make the perceptron a Fourier series."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from ..recipe import check_whole
from ..registry import known


@known
@dataclass(frozen=True)
class IntegerLattice:
    """All whole frequencies n with max |n_i| <= order, one of each pair ±n: ((2 order + 1)^d + 1)/2 rows.

    Kept are n = 0 and every n whose first non-zero entry is positive. A perceptron on this mapping is the
    d-dimensional Fourier series (Benbarka et al. 2021, section 3); ``FourierSeries`` is the same space of
    functions with faster evaluation on grids.

    >>> import torch
    >>> from sirenpde import IntegerLattice
    >>> IntegerLattice(1).frequencies(2, torch.Generator()).tolist()
    [[0.0, 0.0], [0.0, 1.0], [1.0, -1.0], [1.0, 0.0], [1.0, 1.0]]
    """

    order: int = 8

    def __post_init__(self) -> None:
        check_whole("order", self.order)

    def frequencies(self, dimension: int, generator: Generator) -> Tensor:
        n = torch.arange(-self.order, self.order + 1, dtype=torch.float64)
        rows = torch.cartesian_prod(n[self.order :], *[n] * (dimension - 1)).reshape(-1, dimension)
        # Read as digits, the row has the sign of its first non-zero entry.
        digits = (2.0 * self.order + 1) ** torch.arange(dimension - 1, -1, -1, dtype=torch.float64)
        return rows[rows @ digits >= 0]

    def describe(self) -> str:
        return f"lattice (order {self.order})"
