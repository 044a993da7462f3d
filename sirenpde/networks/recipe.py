"""What every network recipe offers, and the pieces the recipes share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol, TypeVar, runtime_checkable

import torch
from torch import Generator, Tensor, nn

from .dense import DenseNetwork, Embedding

T = TypeVar("T")


class Recipe(Protocol):
    """How to build a network, before the box it lives on and its number of outputs are known."""

    def build(
        self,
        low: Sequence[float],
        high: Sequence[float],
        outputs: int,
        periodic: Sequence[int],
        generator: Generator,
    ) -> nn.Module:
        """The float64 module (n, d) -> (n, outputs) on the box ``low`` to ``high``.

        Along the axes whose indices are in ``periodic`` it has exactly the period high - low. All random
        numbers come from ``generator``.
        """
        ...

    def describe(self) -> str:
        """A few words for tables, such as "SIREN 4 x 256, omega 30"."""
        ...


@runtime_checkable
class Sizable(Protocol):
    """A recipe that may leave its size to a solver, and stand-ins for it until the solver has chosen."""

    @property
    def is_open(self) -> bool:
        """Whether a size is left open."""
        ...

    def smallest(self) -> Any:
        """The recipe with the least sizes in place of those left open: something to start from."""
        ...

    def typical(self) -> Any:
        """The recipe with moderate sizes in their place: something to look at a problem with."""
        ...


@runtime_checkable
class SizedByGrid(Sizable, Protocol):
    """A recipe whose open size a grid of points tells."""

    def at_nyquist(self, shape: Sequence[int]) -> Any:
        """The recipe with as many functions as a grid of n1 x ... x nd points can tell apart, all axes given."""
        ...


def is_open(recipe: object) -> bool:
    """Whether a recipe leaves its size to a solver.

    >>> from sirenpde import SineFeatures, Siren
    >>> is_open(SineFeatures()), is_open(SineFeatures(400, 20.0)), is_open(Siren())
    (True, False, False)
    """
    return isinstance(recipe, Sizable) and recipe.is_open


def smallest(recipe: T) -> T:
    """The recipe, or its smallest form where its size is open; a module of the user's own as it is.

    >>> from sirenpde import SineFeatures, Siren
    >>> smallest(SineFeatures()).describe()
    '1 frozen sines, bandwidth 1'
    """
    return recipe.smallest() if isinstance(recipe, Sizable) and recipe.is_open else recipe


def typical(recipe: T) -> T:
    """The recipe, or a form of moderate size where its size is open.

    >>> from sirenpde import SineFeatures
    >>> typical(SineFeatures(bandwidth=3.0)).describe()
    '64 frozen sines, bandwidth 3'
    """
    return recipe.typical() if isinstance(recipe, Sizable) and recipe.is_open else recipe


def is_linear(recipe: object) -> bool:
    """Whether all that the recipe's network trains is its last layer: a recipe says so by ``is_linear``.

    >>> from sirenpde import FourierFeatures, MLP, SineFeatures
    >>> is_linear(SineFeatures()), is_linear(FourierFeatures(network=MLP(depth=0))), is_linear(MLP())
    (True, True, False)
    """
    return bool(getattr(recipe, "is_linear", False))


def is_curved(recipe: object) -> bool:
    """Whether the recipe's network has derivatives of every order that do not vanish, as ``is_curved`` promises.

    A recipe that promises nothing is looked at when a problem is declared, as a module of the user's own is.

    >>> from sirenpde import MLP
    >>> is_curved(MLP()), is_curved(MLP(depth=0))
    (True, False)
    """
    return bool(getattr(recipe, "is_curved", False))


def highest_derivative(recipe: object) -> int:
    """The order of the highest derivatives that the recipe's network has, as its ``highest_derivative`` says.

    Those above have impulses where a slope jumps. A recipe that says nothing has all four that can be asked for.

    >>> from sirenpde import MLP, FourierFeatures
    >>> highest_derivative(MLP()), highest_derivative(FourierFeatures(network=MLP(activation="relu")))
    (4, 1)
    """
    return int(getattr(recipe, "highest_derivative", 4))


class DenseRecipe(Protocol):
    """A recipe of dense layers, which can stand on any embedding."""

    def on(self, embedding: Embedding, outputs: int, generator: Generator) -> DenseNetwork: ...

    def describe(self) -> str: ...


def check_whole(name: str, value: int, least: int = 1) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(
            f"{name}={value!r}; a whole number of at least {least} was expected. "
            f"Give {name}={max(least, 1)} or more."
        )


def check_positive(name: str, value: float) -> None:
    if not (isinstance(value, int | float) and math.isfinite(value) and value > 0):
        raise ValueError(f"{name}={value!r}; a positive number was expected. Give, say, {name}=10.")


def check_box(low: Sequence[float], high: Sequence[float], outputs: int, periodic: Sequence[int]) -> None:
    check_whole("outputs", outputs)
    if len(low) != len(high) or not low:
        raise ValueError(
            f"{len(low)} lower and {len(high)} upper ends; one of each per axis was expected. Give both ends."
        )
    for axis, (a, b) in enumerate(zip(low, high, strict=True)):
        if not (math.isfinite(a) and math.isfinite(b) and a < b):
            raise ValueError(
                f"axis {axis} runs from {a} to {b}; finite ends, the lower first, were expected. "
                f"Declare the field on a box of positive size."
            )
    for axis in periodic:
        if not 0 <= axis < len(low):
            raise ValueError(
                f"periodic axis {axis}; an index from 0 to {len(low) - 1} was expected. "
                f"Name an axis of the field's box."
            )


def one_per_axis(name: str, given: T | tuple[T, ...], axes: int) -> tuple[T, ...]:
    """A value for every axis: those given, or a single one for all. Raises ValueError for another number."""
    values = given if isinstance(given, tuple) else (given,) * axes
    if len(values) != axes:
        raise ValueError(
            f"{name} has {len(values)} numbers; one per axis, {axes}, was expected. "
            f"Give {axes} numbers, or a single one for all."
        )
    return values


def affine(low: Sequence[float], high: Sequence[float]) -> tuple[Tensor, Tensor]:
    """Centre and scale (each (d,)) of the map of the box to [-1, 1]^d."""
    a = torch.tensor([float(v) for v in low], dtype=torch.float64)
    b = torch.tensor([float(v) for v in high], dtype=torch.float64)
    return (a + b) / 2, 2 / (b - a)


def coordinates(low: Sequence[float], high: Sequence[float], periodic: Sequence[int]) -> Embedding:
    """The coordinates xi in [-1, 1]; for a periodic axis cos(pi xi) and sin(pi xi) in its place."""
    centre, scale = affine(low, high)
    turns = math.pi * torch.eye(len(low), dtype=torch.float64)[list(periodic)]
    quarter = torch.full((len(turns),), math.pi / 2, dtype=torch.float64)
    return Embedding(
        centre,
        scale,
        [axis for axis in range(len(low)) if axis not in periodic],
        torch.cat([turns, turns]),
        torch.cat([quarter, torch.zeros_like(quarter)]),
        torch.ones(2 * len(turns), dtype=torch.float64),
    )


def wave_embedding(
    low: Sequence[float], high: Sequence[float], frequencies: Tensor, phases: Tensor
) -> Embedding:
    """Only the waves sin(frequencies @ xi + phases), with xi in [-1, 1]^d."""
    centre, scale = affine(low, high)
    return Embedding(centre, scale, (), frequencies, phases, torch.ones_like(phases))


def linear_layer(inputs: int, outputs: int) -> nn.Linear:
    """A float64 linear layer whose numbers are to be replaced."""
    # nn.Linear draws from the global random numbers, which are put back; skip_init would import sympy.
    with torch.random.fork_rng(devices=[]):
        return nn.Linear(inputs, outputs, dtype=torch.float64)


def uniform_layer(inputs: int, outputs: int, weight: float, bias: float, generator: Generator) -> nn.Linear:
    """A float64 linear layer with weights in U(-weight, weight) and biases in U(-bias, bias)."""
    layer = linear_layer(inputs, outputs)
    with torch.no_grad():
        layer.weight.uniform_(-1, 1, generator=generator).mul_(weight)
        layer.bias.uniform_(-1, 1, generator=generator).mul_(bias)
    return layer
