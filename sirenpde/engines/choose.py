"""The choice of a derivative engine, by counting what each would cost."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from ..calculus.symbols import Symbol
from ..networks.dense import DenseNetwork
from ..networks.slabs import SlabNetwork
from .dense_jets import JetEngine
from .engine import Engine
from .nested import NestedEngine
from .pieces import SlabEngine
from .reverse import ReverseEngine
from .series import separable_engine


def engine_for(module: nn.Module, symbols: Sequence[Symbol], dimension: int) -> Engine:
    """The cheapest engine that gives these derivatives of ``module``, in the order of ``symbols``.

    A point and hidden layer of width H cost 6 C H² operations for C channels. Forward jets need the channels
    of their plan, 1 + d for a gradient; reverse mode needs one, and one more for each output, but knows first
    derivatives only. Tensor-product series have an engine of their own; slabs hand each point to the engine
    of its network; any other module gets nested ``torch.func``.

    Raises ValueError for an operator of another number of axes, or of an order above four.
    """
    for symbol in symbols:
        if symbol.dimension != dimension:
            raise ValueError(
                f"an operator on {symbol.dimension} axes; expected {dimension}, the axes of the field. "
                "Build it with as many powers as the field has axes."
            )
        if symbol.order > 4:
            raise ValueError(
                f"an operator of order {symbol.order}; at most 4 was expected. "
                "Introduce a field for a lower derivative and constrain it to be that derivative."
            )
    series = separable_engine(module, symbols)
    if series is not None:
        return series
    if isinstance(module, SlabNetwork):
        return SlabEngine(module, symbols, dimension, engine_for)
    if not isinstance(module, DenseNetwork):
        return NestedEngine(module, symbols, dimension)
    jets = JetEngine(module, symbols, dimension)
    first_order = max(symbol.order for symbol in symbols) == 1
    if first_order and len(module.hidden) and 1 + module.head.out_features < jets.channels:
        return ReverseEngine(module, symbols, dimension)
    return jets
