"""What a layer of forward jets offers to the engine that goes through them."""

from __future__ import annotations

from typing import Any, Protocol

from torch import Tensor

from ..buffers import Take, Turns
from .linear import Affine, AffineGradient
from .waves import LoadedWaves


class LayerBuffers(Protocol):
    """A layer's memory for a chunk of n points, and its work on it. Rows of a matrix are channels of points.

    Other work on the same memory, such as a kernel of one device, is another class of this protocol.
    """

    out: Tensor  # what the layer makes, (channels, n, width)
    pull: Tensor  # what pulls on ``out``, (all channels, n, width), there before ``back``

    def forth(self, weights: Any) -> None:
        """Fills ``out``."""
        ...

    def back(self, weights: Any, into: AffineGradient) -> None:
        """Adds to the gradient of the layer's parameters, and turns ``pull`` into that on W h + b."""
        ...

    def pass_down(self, affine: Affine, below: Tensor) -> None:
        """After ``back``: the pull on the layer's inputs, written to ``below``, the next layer's ``pull``."""
        ...


class Layer(Protocol):
    """A kind of layer for a plan, before the number of points is known."""

    def load(self, affine: Affine, waves: LoadedWaves) -> Any:
        """What ``forth`` and ``back`` need of the parameters."""
        ...

    def lay_out(self, h: Tensor, depth: int, turns: Turns, take: Take) -> LayerBuffers:
        """The buffers of the layer at this depth, whose inputs are ``h`` (channels, n, in)."""
        ...
