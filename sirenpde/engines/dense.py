"""The cheaper of forward jets and reverse mode for a dense network, by counting."""

from __future__ import annotations

from collections.abc import Sequence

from ..calculus.symbols import Symbol
from ..networks.dense import DenseNetwork
from .engine import Engine
from .forward import ForwardEngine
from .registry import differentiates
from .reverse import ReverseEngine


@differentiates(DenseNetwork)
def dense_engine(network: DenseNetwork, symbols: Sequence[Symbol], dimension: int) -> Engine:
    """Forward jets, or reverse mode where that has fewer channels.

    A point and hidden layer of width H cost 6 C H² operations for C channels. Forward jets need the channels of
    their plan, 1 + d for a gradient; reverse mode needs one, and one more for each output, but knows first
    derivatives only.
    """
    jets = ForwardEngine(network, symbols, dimension)
    first_order = max(symbol.order for symbol in symbols) == 1
    if first_order and len(network.hidden) and 1 + network.head.out_features < jets.channels:
        return ReverseEngine(network, symbols, dimension)
    return jets
