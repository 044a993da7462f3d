"""What to solve a problem with when its user does not say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import nn

from ..calculus.field import Field, Recipe
from ..networks.fourier import FourierFeatures
from ..networks.mlp import MLP
from ..networks.series import FourierSeries, WaveSeries
from ..networks.sine_features import SineFeatures
from ..networks.siren import Siren
from ..problem import Problem
from ..residuals import is_affine
from .adam import Adam
from .lbfgs import LBFGS
from .least_squares import LeastSquares
from .stage import Stage

LINEAR = (SineFeatures, FourierSeries, WaveSeries)


@dataclass(frozen=True)
class Rung:
    """A network for every field, and the stages that train them, in order."""

    recipes: Mapping[Field, Recipe | nn.Module]
    stages: tuple[Stage, ...]


@dataclass(frozen=True)
class Choice:
    """Rungs to be tried in order until one is good enough, and one line saying what and why."""

    rungs: tuple[Rung, ...]
    reason: str

    @property
    def recipes(self) -> Mapping[Field, Recipe | nn.Module]:
        """The networks to begin with."""
        return self.rungs[0].recipes

    @property
    def stages(self) -> tuple[Stage, ...]:
        return tuple(stage for rung in self.rungs for stage in rung.stages)

    def recipes_at(self, stage: int) -> Mapping[Field, Recipe | nn.Module]:
        """The networks that a stage trains; those of the last rung beyond it."""
        each = [rung.recipes for rung in self.rungs for _ in rung.stages]
        return each[min(stage, len(each) - 1)]

    def opens(self, stage: int) -> Rung | None:
        """The rung that begins with a stage, if one does."""
        first = 0
        for rung in self.rungs:
            if first == stage:
                return rung
            first += len(rung.stages)
        return None

    def closes(self, stage: int) -> bool:
        """Whether a rung ends with this stage."""
        return self.opens(stage + 1) is not None or stage == len(self.stages) - 1


def choose(problem: Problem, using: Sequence[Stage] | None, network: Recipe | None) -> Choice:
    """Networks where none is declared, and stages where none are named.

    A declared network is respected unless ``network`` replaces it in every field.
    """
    affine = is_affine(problem)
    recipes = {u: _recipe(u, network or u.network, affine, problem) for u in problem.fields}
    stages = using or (problem.using if network is None else None)
    if stages:
        return _one(recipes, tuple(stages), "as asked for")
    if affine and all(map(_is_linear, recipes.values())):
        return _one(
            recipes, (LeastSquares(),), "since the constraints are affine in all that these networks train"
        )
    if affine and not any(_is_foreign(recipe) for recipe in recipes.values()):
        trained: tuple[Stage, ...] = (Adam(), LBFGS(), LeastSquares())
        return _one(
            recipes, trained, "since the constraints are affine, so the last layer is solved for at the end"
        )
    why = "since the constraints are affine but a network is your own"
    return _one(recipes, (Adam(), LBFGS()), why if affine else "since the constraints are not affine")


def _one(recipes: Mapping[Field, Recipe | nn.Module], stages: tuple[Stage, ...], why: str) -> Choice:
    names = ", ".join(f"{u.name}: {_describe(recipe)}" for u, recipe in recipes.items())
    return Choice((Rung(recipes, stages),), f"{names}; {_sequence(stages)}, {why}")


def _sequence(stages: Sequence[Stage]) -> str:
    return " then ".join(stage.name for stage in stages)


def _is_linear(recipe: object) -> bool:
    """Whether all that the network trains is its last layer."""
    if isinstance(recipe, FourierFeatures):
        return _is_linear(recipe.network)
    return isinstance(recipe, LINEAR) or (isinstance(recipe, MLP) and recipe.depth == 0)


def _is_foreign(recipe: Recipe | nn.Module) -> bool:
    return isinstance(recipe, (nn.Module, *LINEAR[1:]))


def _describe(recipe: Recipe | nn.Module) -> str:
    return type(recipe).__name__ if isinstance(recipe, nn.Module) else recipe.describe()


def _recipe(
    u: Field, network: Recipe | nn.Module | None, affine: bool, problem: Problem
) -> Recipe | nn.Module:
    if network is None:
        return SineFeatures() if affine else Siren(width=64 if len(u.axes) < 3 else 128, depth=3)
    if isinstance(network, FourierSeries) and network.order is None:
        return network.at_nyquist(_grid(u, problem))
    if isinstance(network, WaveSeries) and network.order is None:
        return network.at_nyquist(_grid(u, problem)[1:])
    return network


def _grid(u: Field, problem: Problem) -> tuple[int, ...]:
    """How many points along each axis the problem's grid has."""
    domains: list[object] = [u.domain, *(constraint.domain for constraint in problem.constraints)]
    for domain in domains:
        lattice = getattr(domain, "lattice", None)
        if lattice is not None:
            return tuple(lattice.shape)
    raise ValueError(
        f"Field '{u.name}' has a series without an order, and no domain of the problem is a grid that would give "
        f"one. Give the order, as in FourierSeries(order=64)."
    )
