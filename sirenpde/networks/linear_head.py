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


def linear_heads(module: nn.Module) -> tuple[nn.Linear, ...]:
    """The last layers of a module whose value is their sum, each of features of its own: one, or those that it names
    as its ``linear_heads``, as networks under windows do; none where it does not end in any.
    """
    several = getattr(module, "linear_heads", None)
    if several is not None:
        return tuple(several)
    head = linear_head(module)
    return () if head is None else (head,)


def has_linear_head(module: nn.Module) -> bool:
    return bool(linear_heads(module))


def head_width(module: nn.Module) -> int:
    """How many numbers the last layers have for each output: one per feature, and the biases; none without one."""
    return sum(head.in_features + (head.bias is not None) for head in linear_heads(module))


def head_names(module: nn.Module) -> list[tuple[str, str | None]]:
    """The names of the last layers' weights and biases among the parameters. Raises ValueError without one."""
    if not has_linear_head(module):
        raise ValueError(
            f"a {type(module).__name__}; a module with a linear head was expected. Give it the attribute "
            f"linear_head, its last nn.Linear, and the method features(x)."
        )
    names = {id(parameter): name for name, parameter in module.named_parameters()}
    return [
        (names[id(head.weight)], None if head.bias is None else names[id(head.bias)])
        for head in linear_heads(module)
    ]
