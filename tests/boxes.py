"""A box of two axes, and points in it, for tests of networks."""

import torch
from torch import Tensor

LOW, HIGH = (-0.5, 2.0), (1.5, 2.7)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def points(n: int, seed: int = 1) -> Tensor:
    low, high = torch.tensor(LOW, dtype=torch.float64), torch.tensor(HIGH, dtype=torch.float64)
    return low + (high - low) * torch.rand(n, 2, dtype=torch.float64, generator=seeded(seed))
