"""Whether the networks that fields are declared with have the derivatives that are asked of them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ...calculus.field import Derivative, Field
from ...calculus.modules import as_network, inside
from ...calculus.symbols import Symbol
from ...engines.flat import flatten
from ...engines.nested import NestedEngine
from ...networks.recipe import Recipe, highest_derivative, is_curved, smallest
from .messages import ConstraintError, sentence

POINTS = 16


def check_smooth(u: Field, asked: Sequence[Derivative]) -> None:
    """Raises ConstraintError where a derivative of second order or higher vanishes whatever the parameters.

    So do those of a network of ReLU, which is linear in pieces. A network that solves Δu = 0 by the way it is
    built is none: its derivatives along single axes do not vanish.
    """
    if u.network is not None and not isinstance(u.network, nn.Module):
        check_kinks(u, u.network, asked)
    network = _network(u)
    wanted = [derivative for derivative in asked if derivative.symbol.order >= 2]
    if network is None or not wanted:
        return
    for derivative in wanted:
        pure = _along_axes(derivative.symbol)
        try:
            sizes = [_largest(u, network, pure, theta) for theta in _thetas(network)]
        except Exception as error:
            raise ConstraintError(
                f"The network of field '{u.name}', a {type(u.network).__name__}, cannot be differentiated for "
                f"{derivative}: {sentence(error)} Build it of torch's functions without changes in place."
            ) from error
        if max(sizes) == 0:
            raise ConstraintError(
                f"A constraint asks for {derivative} of field '{u.name}', whose network, a "
                f"{type(u.network).__name__}, has none: its derivatives of order {derivative.symbol.order} vanish "
                f"everywhere, as those of ReLU and of linear layers do. Use smooth activations: nn.Tanh(), "
                f"nn.GELU(), torch.sin, or a recipe such as Siren()."
            )


def check_kinks(u: Field, recipe: Recipe, asked: Sequence[Derivative]) -> None:
    """Raises ConstraintError for derivatives that have impulses where slopes of the recipe's activation jump."""
    highest = highest_derivative(recipe)
    for derivative in asked:
        order = derivative.symbol.order
        if order > highest:
            raise ConstraintError(
                f"A constraint asks for {derivative} of field '{u.name}', whose network, {recipe.describe()}, has "
                f"derivatives up to order {highest}: those of order {highest} jump where units switch on, and no "
                f"point sees the impulses that these jumps are in order {highest + 1}. Use a smooth activation, "
                f"'tanh', 'softplus' or 'gelu', or Siren(); or make the slopes a field of their own."
            )


def _network(u: Field) -> nn.Module | None:
    """A network that need not be smooth; most recipes promise that theirs are."""
    if isinstance(u.network, nn.Module):
        return as_network(u.network).to(device="cpu", dtype=torch.float64)
    if u.network is None or is_curved(u.network):
        return None
    low, high = [axis.low for axis in u.axes], [axis.high for axis in u.axes]
    periodic = tuple(u.position(axis) for axis in u.periodic)
    return smallest(u.network).build(low, high, u.outputs, periodic, torch.Generator().manual_seed(0))


def _along_axes(symbol: Symbol) -> list[Symbol]:
    """The derivatives of the same order along each single axis that occurs."""
    along = []
    for axis in range(symbol.dimension):
        if any(powers[axis] for powers, _ in symbol.terms):
            step = Symbol.partial(symbol.dimension, axis)
            pure = step
            for _ in range(symbol.order - 1):
                pure = pure * step
            along.append(pure)
    return along


def _thetas(network: nn.Module) -> list[Tensor]:
    """Its own parameters, and others: a last layer that starts at zero hides the rest."""
    theta = flatten(network).double()
    noise = torch.randn(theta.shape, dtype=theta.dtype, generator=torch.Generator().manual_seed(0))
    size = float(theta.square().mean().sqrt()) if theta.numel() else 0.0
    return [theta, theta + noise * (0.3 * size or max(theta.numel(), 1) ** -0.5)]


def _largest(u: Field, network: nn.Module, symbols: Sequence[Symbol], theta: Tensor) -> float:
    engine = NestedEngine(network, symbols, len(u.axes))
    values, _ = engine.forward(theta, inside(u.axes, POINTS, seed=1))
    return float(values.nan_to_num(1.0).abs().max())
