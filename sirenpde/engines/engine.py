"""What every derivative engine offers: chosen derivatives of a network at points, and the way back."""

from __future__ import annotations

from typing import Any, Protocol

from torch import Tensor


class Engine(Protocol):
    """Derivatives of one network, for a fixed list of S symbols.

    ``theta`` is the flat vector of the network's trainable parameters, in the order of
    ``trainable(module)``. ``load`` does what is needed once per parameter value; ``forward`` and
    ``backward`` then work on one chunk of points after another.
    """

    kind: str  # for the user: "forward jets", "reverse mode", "nested torch.func", ...
    channels: int  # how many channels the plan pushes through the network
    chunk: int  # points to hand over at once on a CPU

    def load(self, theta: Tensor) -> Any:
        """Views and folded weights for this value of the parameters, passed on to the calls below."""
        ...

    def forward(self, weights: Any, x: Tensor) -> tuple[Tensor, Any]:
        """Points (n, d) -> derivatives (S, n, outputs), and a tape valid until the next ``forward``."""
        ...

    def backward(self, weights: Any, tape: Any, cotangent: Tensor, gradient: Tensor) -> None:
        """Adds the pull-back of ``cotangent`` (S, n, outputs) to ``gradient``: summed over the points where
        it is (P,), each point's own to its row where it is (n, P)."""
        ...

    def features(self, weights: Any, x: Tensor) -> Tensor | None:
        """Points (n, d) -> derivatives (S, n, F) of the features of the last, linear layer, the last of
        them its constant bias feature; None where the network has no such layer."""
        ...
