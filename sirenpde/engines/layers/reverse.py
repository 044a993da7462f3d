"""A hidden layer in reverse mode: two sweeps that give values and slopes, and the same two reversed.

forth   z = h W' + b,  v = f(z)
down    B = f'(z) A above,  A = B W              A is what an output's unit pull makes of the layer's inputs
up      pulls on A and so on B, W and f'(z)
back    pulls on v and f'(z) and so on z, W and b
"""

from __future__ import annotations

import torch
from torch import Tensor

from ...networks.activations.activation import Activation
from ..buffers import Take, Turns
from .linear import Affine, AffineGradient
from .slopes import Slopes


class Reversed:
    """A hidden layer of a network with so many outputs."""

    def __init__(self, activation: Activation, width: int, outputs: int) -> None:
        self.activation, self.width, self.outputs = activation, width, outputs

    def lay_out(self, h: Tensor, depth: int, turns: Turns, take: Take) -> ReversedBuffers:
        """The buffers of the layer at this depth, whose inputs are ``h`` (n, in)."""
        return ReversedBuffers(self, h, depth, turns, take)


class ReversedBuffers:
    """The memory of a hidden layer for a chunk, and its work on it. Rows are points, or outputs of points."""

    def __init__(self, layer: Reversed, h: Tensor, depth: int, turns: Turns, take: Take) -> None:
        n, width, outputs = len(h), layer.width, layer.outputs
        self.h = h  # the inputs, (n, in)
        z, self.out, self._f_bar = (take(n, width) for _ in range(3))  # f_bar: the pull on f'(z)
        self._z = z  # spoilt by the activation
        self._b, self.a = take(outputs, n, width), take(outputs, *h.shape)
        pulls = turns.pull(depth, outputs + 1, n, width)
        self._up = pulls[:outputs]  # the pull on B, then on A above
        self.down = pulls[outputs]  # the pull on f(z), then on z, (n, width)
        self._slopes = Slopes(layer.activation, 2, z, self.out, take)
        self._b_rows, self._a_rows, self.up_rows = (
            rows.view(outputs * n, -1) for rows in (self._b, self.a, self._up)
        )

    def sweep_forth(self, affine: Affine) -> None:
        affine.forth(self.h, self._z, self._z)
        self._slopes.fill()

    def sweep_down(self, affine: Affine, above: Tensor) -> None:
        """``above`` (outputs, n or 1, width): A of the layer above, or the rows of the head."""
        torch.mul(self._slopes[1][0], above, out=self._b)
        torch.mm(self._b_rows, affine.weight, out=self._a_rows)

    def sweep_up(self, affine: Affine, into: AffineGradient, pull: Tensor, above: Tensor) -> None:
        """``pull`` (rows, in) on A; ``above`` as it was on the way down. Leaves the pull on it in ``up_rows``."""
        into.add(self._b_rows, pull, None)
        torch.mm(pull, affine.transposed, out=self.up_rows)
        torch.mul(self._up[0], above[0], out=self._f_bar)
        for i in range(1, len(self._up)):
            self._f_bar.addcmul_(self._up[i], above[i])
        self._up.mul_(self._slopes[1][0])

    def sweep_back(self, into: AffineGradient) -> None:
        """Turns ``down`` from the pull on f(z) into that on z."""
        (f1, _), (f2, sign) = self._slopes[1], self._slopes[2]
        self.down.mul_(f1).addcmul_(f2, self._f_bar, value=sign)
        into.add(self.down, self.h, self.down)

    def head_pull(self, by_point: bool) -> Tensor:
        """After ``sweep_up`` of the last layer: the pull on the rows of the head, ([n,] outputs, width)."""
        return self._up.transpose(0, 1) if by_point else self._up.sum(1)
