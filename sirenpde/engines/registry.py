"""The engine of a module: its own, the one registered for its type, or nested ``torch.func``."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import sys
from collections.abc import Callable, Sequence
from typing import Any

from torch import nn

from ..calculus.symbols import Symbol
from .engine import Engine
from .nested import NestedEngine

Make = Callable[[Any, Sequence[Symbol], int], Engine]  # of a module, its requests and its number of axes

_engines: dict[type[nn.Module], Make] = {}


def differentiates(kind: type[nn.Module]) -> Callable[[Make], Make]:
    """A decorator: what it stands on makes the engines of modules of this type, subclasses left out."""

    def register(make: Make) -> Make:
        _engines[kind] = make
        return make

    return register


def engine_for(module: nn.Module, symbols: Sequence[Symbol], dimension: int) -> Engine:
    """An engine that gives these derivatives of ``module``, in the order of ``symbols``.

    A module with a method ``engine(symbols) -> Engine`` makes its own; a type that a file of this folder registers
    with ``differentiates`` has that engine; any other module gets nested ``torch.func``.

    Raises ValueError for an operator of another number of axes, or of an order above four, and TypeError where
    the module's own method returns something else than an engine.

    >>> engine_for(nn.Linear(2, 1), [Symbol.partial(2, 0)], 2).kind
    'nested torch.func'
    """
    _check(symbols, dimension)
    _load()
    if callable(getattr(module, "engine", None)):
        return _of_module(module, symbols)
    make: Make = _engines.get(type(module), NestedEngine)
    return make(module, symbols, dimension)


def _of_module(module: Any, symbols: Sequence[Symbol]) -> Engine:
    engine = module.engine(symbols)
    missing = [name for name in ("load", "forward", "backward", "features") if not hasattr(engine, name)]
    if missing:
        raise TypeError(
            f"{type(module).__name__}.engine(symbols) returned a {type(engine).__name__} without "
            f"{', '.join(missing)}; expected an engine as sirenpde.engines.engine.Engine describes it. Return one, "
            f"or give the method another name."
        )
    made: Engine = engine
    return made


def _check(symbols: Sequence[Symbol], dimension: int) -> None:
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


@functools.cache
def _load() -> None:
    """Imports every file of this folder, so that a new one need not be named anywhere else."""
    for module in pkgutil.iter_modules(sys.modules[__package__].__path__):
        importlib.import_module(f"{__package__}.{module.name}")
