"""How fast the waves are that the parameters of a network multiply."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from .dense import DenseNetwork
from .series import SeparableSeries


def frequencies_of(module: nn.Module) -> dict[str, Tensor]:
    """The parameters that multiply fixed waves of the point, by name: how fast each wave is, in cycles per side.

    That is the length |b| of its frequency, in the shape of the parameter or one that broadcasts to it; 0 for a
    coordinate among the waves. Nothing for a network that stands on no waves.

    >>> from sirenpde import FourierFeatures, IntegerLattice, MLP
    >>> lattice = FourierFeatures(IntegerLattice(2), MLP(depth=0))
    >>> frequencies_of(lattice.build([0.0], [3.0], 1, (), torch.Generator()))["head.weight"].tolist()
    [1.0, 2.0, 1.0, 2.0]
    """
    if isinstance(module, DenseNetwork) and module.embedding.phases.numel():
        embedding = module.embedding
        waves = embedding.frequencies.norm(dim=1) / math.pi
        speeds = torch.cat([waves.new_zeros(len(embedding.passed)), waves])
        return {"hidden.0.weight" if len(module.hidden) else "head.weight": speeds}
    if isinstance(module, SeparableSeries):
        squares = torch.zeros((), dtype=torch.float64)
        for axis in range(module.dimension):
            basis = module.basis(axis)
            shape = [-1 if a == axis else 1 for a in range(module.dimension + 1)]
            squares = squares + (basis.spacing * basis.modes.double() / 2).square().reshape(shape)
        return {"coefficients": squares.sqrt()}
    return {}
