"""Integrals over spectral elements by their own nodes: masses, stiffness, and those over their outer sides."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ..engines.elements import slopes_of_maps
from ..networks.elements import ElementSeries, products
from ..networks.lobatto import lobatto, slopes_at_nodes


@dataclass(frozen=True)
class Sides:
    """The outer sides of cells: the numbers of their nodes among all (m, k), the nodes' places (m, k, d), outward
    unit normals (m, k, d), and weights of an integral over them (m, k)."""

    numbers: Tensor
    places: Tensor
    normals: Tensor
    weights: Tensor


class Mesh:
    """The cells of an ``ElementSeries``, and integrals over them by the rule of Lobatto at their nodes.

    >>> import torch
    >>> from sirenpde.networks.elements import Elements
    >>> one = Elements(4, (((0.0, 0.0), (0.0, 1.0), (2.0, 0.0), (2.0, 1.0)),), (0.0, 1.0))
    >>> mesh = Mesh(one.build([0.0] * 3, [1.0, 2.0, 1.0], 1, (), torch.Generator()))
    >>> round(float(mesh.weights.sum()), 12), round(float(mesh.sides.weights.sum()), 12)
    (2.0, 6.0)
    """

    def __init__(self, module: ElementSeries) -> None:
        self.order, self.dim, self.count = module.order, module.dim, module.nodes
        self.places, self.numbers = module.positions, module.numbers
        slopes = slopes_of_maps(module)
        self.inverse = torch.linalg.inv(slopes)  # (cells, k, coordinates, axes)
        _, line = lobatto(self.order)
        self.stretch = torch.linalg.det(slopes)
        self.weights = self.stretch.abs() * products([line[None].to(slopes)] * self.dim)  # (cells, k)
        self.turn = slopes

    def summed(self, local: Tensor) -> Tensor:
        """Values at the nodes of each cell (cells, k) -> their sums over the cells that share a node, (nodes,)."""
        return local.new_zeros(self.count).index_add_(0, self.numbers.reshape(-1), local.reshape(-1))

    def gradient(self, local: Tensor) -> Tensor:
        """The slopes (cells, k, axes) of functions given at the nodes of each cell, (cells, k)."""
        along = torch.stack([self._along(local, i) for i in range(self.dim)], dim=-1)
        slopes: Tensor = (along[..., None, :] @ self.inverse)[..., 0, :]
        return slopes

    def _along(self, local: Tensor, axis: int, transposed: bool = False) -> Tensor:
        slopes = slopes_at_nodes(self.order).to(local)
        matrix = slopes.T if transposed else slopes
        after = (self.order + 1) ** (self.dim - 1 - axis)
        if after == 1:  # along the last axis one matrix product for all
            found: Tensor = local.reshape(-1, self.order + 1) @ matrix.T
        else:
            found = matrix @ local.reshape(-1, self.order + 1, after)
        return found.reshape(local.shape)

    @cached_property
    def sides(self) -> Sides:
        """The sides that one cell alone has."""
        k, dim = self.order + 1, self.dim
        grid = torch.arange(k**dim).reshape([k] * dim)
        sides = list(itertools.product(range(dim), (0, 1)))
        own = torch.stack([grid.select(a, e * (k - 1)).reshape(-1) for a, e in sides])
        count = len(self.numbers)
        nodes, cell = own.repeat_interleave(count, 0), torch.arange(count).repeat(len(sides))
        axis, end = torch.tensor(sides).repeat_interleave(count, 0).T
        numbers = self.numbers[cell[:, None], nodes]
        _, which, times = torch.unique(
            numbers.sort(dim=1).values, dim=0, return_inverse=True, return_counts=True
        )
        outer = times[which] == 1
        nodes, cell, axis, end, numbers = nodes[outer], cell[outer], axis[outer], end[outer], numbers[outer]
        # Nanson's formula: the area vector of a side is det(J) J^-T e.
        row = self.inverse[cell[:, None], nodes, axis[:, None]]  # (m, k, axes)
        area = self.stretch[cell[:, None], nodes].abs()[..., None] * row * (2 * end - 1)[:, None, None]
        length = area.norm(dim=2)
        _, line = lobatto(self.order)
        ones = torch.ones(1, 1, dtype=torch.float64)
        rule = products([line[None]] * (dim - 1)) if dim > 1 else ones
        return Sides(
            numbers, self.places[cell[:, None], nodes], area / length[..., None], length * rule.to(length)
        )


class Stiffness:
    """u -> the derivatives by v of the integral of grad v · A grad u + b u v, as sums over nodes; never a matrix.

    ``conduction`` is A at the nodes of each cell, (cells, k) or (cells, k, d, d), ``reaction`` b with its weights,
    summed, (nodes,).
    """

    def __init__(self, mesh: Mesh, conduction: Tensor, reaction: Tensor) -> None:
        self.mesh, self.reaction = mesh, reaction
        plain = (
            conduction
            if conduction.ndim == 4
            else conduction[..., None, None] * torch.eye(mesh.dim).to(conduction)
        )
        metric = mesh.inverse @ plain @ mesh.inverse.transpose(2, 3)
        self.metric = mesh.weights[..., None, None] * metric  # (cells, k, d, d)
        self._entries = [
            [self.metric[..., i, j].contiguous() for j in range(mesh.dim)] for i in range(mesh.dim)
        ]

    def __call__(self, u: Tensor) -> Tensor:
        mesh = self.mesh
        local = u[mesh.numbers]
        along = [mesh._along(local, j) for j in range(mesh.dim)]
        total = torch.zeros_like(local)
        for i, row in enumerate(self._entries):
            flux = row[0] * along[0]
            for entry, slope in zip(row[1:], along[1:], strict=True):
                flux = torch.addcmul(flux, entry, slope)
            total += mesh._along(flux, i, transposed=True)
        return mesh.summed(total) + self.reaction * u

    def fastest(self, masses: Tensor, steps: int = 40) -> float:
        """A bound of the highest frequency, sqrt(largest u·Ku / u·Mu), by power iteration."""
        u = torch.randn(len(masses), generator=torch.Generator().manual_seed(0), dtype=torch.float64).to(
            masses
        )
        square = 0.0
        for _ in range(steps):
            v = self(u) / masses
            square = float((v @ (masses * u)) / (u @ (masses * u)))
            u = v / v.norm()
        return 1.1 * math.sqrt(max(square, 0.0))
