"""The linear layers of a network, read from a flat vector of parameters, and their gradients in another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ...networks.dense import DenseNetwork
from ..flat import trainable

NARROW = 16  # inputs, such as coordinates, below which products take a fifth of the time the other way round


@dataclass(frozen=True)
class Affine:
    """A linear layer with its omega folded in: z = h @ transposed + bias, transposed = weight.T."""

    weight: Tensor
    transposed: Tensor
    bias: Tensor | None
    omega: float

    def forth(self, h: Tensor, z: Tensor, values: Tensor) -> None:
        """Rows ``h`` (m, in) to ``z`` (m, out); ``values`` (n, out) are those rows of z that have the bias."""
        if self.bias is not None and len(values) == len(z):
            torch.addmm(self.bias, h, self.transposed, out=z)  # no pass of its own
            return
        torch.mm(h, self.transposed, out=z)
        if self.bias is not None:
            values.add_(self.bias)


@dataclass(frozen=True)
class AffineGradient:
    """Where the gradient of an `Affine` layer is accumulated; None for what is not trained.

    Summed over the points, or each point's own, with a first dimension of n points more.
    """

    layer: Affine
    weight: Tensor | None
    bias: Tensor | None
    omega: Tensor | None
    points: int | None  # how many rows there are; None for a sum

    def add(self, z: Tensor, h: Tensor, values: Tensor | None) -> None:
        """``z`` (m, out) pulls on the outputs, ``h`` (m, in) were the inputs, m channels of points;
        ``values`` (n, out) are those rows of z on which the bias acts."""
        wide = h.shape[1] >= NARROW
        if self.weight is not None and self.points is None and self.omega is None and wide:
            self.weight.addmm_(z.T, h, alpha=self.layer.omega)
        elif self.points is None:
            self.add_product(z.T @ h if wide else (h.T @ z).T)
        else:
            by_point = z.view(-1, self.points, z.shape[1]), h.view(-1, self.points, h.shape[1])
            self.add_product(torch.bmm(by_point[0].permute(1, 2, 0), by_point[1].transpose(0, 1)))
        if self.bias is not None and values is not None:
            pull = values.sum(0) if self.points is None else values
            self.bias.add_(pull, alpha=self.layer.omega)
            if self.omega is not None and self.layer.bias is not None:
                self.omega.add_(pull @ self.layer.bias, alpha=1 / self.layer.omega)

    def add_product(self, product: Tensor) -> None:
        """``product`` ([n,] out, in) is the gradient by the weight with its omega folded in."""
        if self.weight is not None:
            self.weight.add_(product, alpha=self.layer.omega)
        if self.omega is not None:
            by_weight = (product * self.layer.weight).sum((-2, -1))
            self.omega.add_(by_weight, alpha=1 / self.layer.omega)


class LinearLayers:
    """The linear layers of a network, the head last, read from and accumulated into flat vectors."""

    def __init__(self, network: DenseNetwork) -> None:
        parameters = [parameter for _, parameter in trainable(network)]
        index = {id(parameter): i for i, parameter in enumerate(parameters)}
        self._sizes = [parameter.numel() for parameter in parameters]
        self._omegas = index.get(id(network.omega))  # None where they are fixed
        hidden = [layer for layer in network.hidden if isinstance(layer, nn.Linear)]
        self.widths = [layer.out_features for layer in hidden]
        self._layers = [*hidden, network.head]
        self._indices = [
            (index.get(id(layer.weight)), layer.weight.shape, index.get(id(layer.bias)))
            for layer in self._layers
        ]
        self._fixed = network.omega.detach().tolist()
        trained = [weight is not None or bias is not None for weight, _, bias in self._indices]
        self._trained = [layer or self._omegas is not None for layer in trained[:-1]] + trained[-1:]

    def any_trained_below(self, depth: int) -> bool:
        return any(self._trained[:depth])

    def load(self, theta: Tensor) -> list[Affine]:
        pieces = theta.split(self._sizes)
        omegas = self._fixed if self._omegas is None else pieces[self._omegas].tolist()
        layers = []
        for layer, (weight, shape, bias), omega in zip(
            self._layers, self._indices, (*omegas, 1.0), strict=True
        ):
            matrix = layer.weight.detach().to(theta) if weight is None else pieces[weight].view(shape)
            shift = layer.bias if bias is None else pieces[bias]  # None where there is none
            if shift is not None:
                shift = shift.detach().to(theta) * omega
            folded = matrix * omega
            layers.append(Affine(folded, folded.T, shift, omega))
        return layers

    def gradients(self, gradient: Tensor, layers: Sequence[Affine]) -> list[AffineGradient]:
        """Views of ``gradient`` (P,), or (n, P) for each point's own."""
        pieces = gradient.split(self._sizes, dim=-1)
        points = None if gradient.dim() == 1 else len(gradient)
        before = gradient.shape[:-1]
        omegas: Sequence[Tensor | None] = [None] * len(self._fixed)
        if self._omegas is not None:
            omegas = pieces[self._omegas].unbind(-1)
        return [
            AffineGradient(
                layer,
                None if weight is None else pieces[weight].view(*before, *shape),
                None if bias is None else pieces[bias],
                omega,
                points,
            )
            for layer, (weight, shape, bias), omega in zip(
                layers, self._indices, (*omegas, None), strict=True
            )
        ]
