"""Networks that end in a linear layer, which a least-squares solve can find."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from torch import Tensor, nn


@runtime_checkable
class LinearHead(Protocol):
    """A module whose value is ``linear_head(features(x))``, that layer with parameters of its own.

    A module of the user's that has both is solved for by ``LeastSquares`` as those of the package are.
    """

    linear_head: nn.Linear

    def features(self, x: Tensor) -> Tensor:
        """Points (..., d) -> what the last layer takes, (..., features)."""
        ...


def linear_head(module: nn.Module) -> nn.Linear | None:
    """The last layer of a module that ends in one and says so, as `LinearHead` has it; else None.

    >>> from sirenpde import SineFeatures
    >>> import torch
    >>> linear_head(SineFeatures(40, 5.0).build([0.0], [1.0], 1, (), torch.Generator()))
    Linear(in_features=40, out_features=1, bias=True)
    """
    if not isinstance(module, LinearHead):
        return None
    return module.linear_head if isinstance(module.linear_head, nn.Linear) else None


def has_linear_head(module: nn.Module) -> bool:
    return linear_head(module) is not None


def head_width(module: nn.Module) -> int:
    """How many numbers the last layer has for each output: one per feature, and the bias; none without one."""
    head = linear_head(module)
    return 0 if head is None else head.in_features + (head.bias is not None)


def head_names(module: nn.Module) -> tuple[str, str | None]:
    """The names of the last layer's weight and bias among the module's parameters. Raises ValueError without one."""
    head = linear_head(module)
    if head is None:
        raise ValueError(
            f"a {type(module).__name__}; a module with a linear head was expected. Give it the attribute "
            f"linear_head, its last nn.Linear, and the method features(x)."
        )
    names = {id(parameter): name for name, parameter in module.named_parameters()}
    return names[id(head.weight)], None if head.bias is None else names[id(head.bias)]
