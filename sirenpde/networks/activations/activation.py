"""Elementwise nonlinearities with their derivatives up to the fourth, in closed form, and their names."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Activation:
    """A function f with ``derivatives(z, order) = (f, f', ..., f^(order))``, each shaped like z.

    ``order`` is at most 4. ``function`` consists of operations that ``torch.func`` can differentiate any
    number of times. Derivatives above the ``highest`` have impulses where one below jumps, which no point sees.
    """

    name: str
    function: Callable[[Tensor], Tensor]
    derivatives: Callable[[Tensor, int], Sequence[Tensor]]
    highest: int = 4


_named: dict[str, Activation] = {}


def offer_activation(activation: Activation) -> Activation:
    """Let ``MLP(activation=...)`` take it by its name."""
    _named[activation.name] = activation
    return activation


def offered_activations() -> tuple[Activation, ...]:
    """All that networks can take by name.

    >>> [activation.name for activation in offered_activations()][:2]
    ['elu', 'gaussian']
    """
    _load()
    return tuple(_named[name] for name in sorted(_named))


def activation_named(name: str) -> Activation:
    """The activation of that name, for networks whose layers are scaled like a perceptron's.

    Raises ValueError for any other name.

    >>> import torch
    >>> activation_named("tanh").derivatives(torch.zeros(1), 1)[1]
    tensor([1.])
    """
    _load()
    if name in _named:
        return _named[name]
    expected = ", ".join(sorted(_named))
    if name in ("sine", "sin"):
        remedy = "Use Siren(...), which scales the layers of sines as they need it."
    else:
        remedy = "Choose one of these."
    raise ValueError(f"activation={name!r}; one of {expected} was expected. {remedy}")


@functools.cache
def _load() -> None:
    """Imports every file of this folder, so that a new one need not be named anywhere else."""
    for module in pkgutil.iter_modules(sys.modules[__package__].__path__):
        importlib.import_module(f"{__package__}.{module.name}")
