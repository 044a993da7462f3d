"""What to solve a problem with when its user does not say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from ..calculus.field import Field, Recipe
from ..calculus.layout import flatten
from ..geometry.boundary import Boundary
from ..geometry.domain import Domain
from ..geometry.point import Axis
from ..networks.fourier import FourierFeatures
from ..networks.mlp import MLP
from ..networks.series import FourierSeries, WaveSeries
from ..networks.sine_features import SineFeatures
from ..networks.sine_lattice import SineLattice
from ..networks.siren import Siren
from ..problem import Problem
from ..residuals import is_affine
from .direct.least_squares import LeastSquares
from .marching.march import March
from .marching.slab_domains import instant
from .stage import Stage
from .tensor.collocation import Collocation
from .training.adam import Adam
from .training.broyden import SelfScaledBroyden
from .training.gauss_newton import GaussNewton
from .training.lbfgs import LBFGS

LINEAR = (SineFeatures, SineLattice, FourierSeries, WaveSeries)
DENSE = 4000  # parameters up to which a step with the whole Jacobian takes seconds
QUASI_NEWTON = 20_000  # and up to which a dense inverse Hessian fits

Given = Mapping[Field, Recipe | nn.Module | None]


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

    def rung_at(self, stage: int) -> int:
        """Which rung a stage belongs to."""
        return [i for i, rung in enumerate(self.rungs) for _ in rung.stages][stage]

    def last_of(self, rung: int) -> int:
        """The last stage of a rung."""
        return sum(len(r.stages) for r in self.rungs[: rung + 1]) - 1

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
    affine, time = is_affine(problem), None if problem.unknowns else time_axis(problem)
    given = {u: network or u.network for u in problem.fields}
    stages = using or (problem.using if network is None else None)
    if stages:
        return _choice([Rung(_chosen(problem, given, affine, time), tuple(stages))], "as asked for")
    rungs = [_direct(problem, given, affine, time)]
    if rungs[0] is None or (not affine and None in given.values()):
        rungs.append(_trained(problem, given, affine))
    return _choice([rung for rung in rungs if rung is not None], _reason(problem, affine, time))


def _chosen(
    problem: Problem, given: Given, affine: bool, time: Axis | None
) -> dict[Field, Recipe | nn.Module]:
    """Every field's network, with what is left open filled in as far as it is known before the solve."""
    open_one: Recipe = SineFeatures() if affine or time is None else SineLattice()
    return {u: _at_nyquist(u, recipe or open_one, problem) for u, recipe in given.items()}


def _direct(problem: Problem, given: Given, affine: bool, time: Axis | None) -> Rung | None:
    """Networks that are linear in all they train, and the solver of their coefficients."""
    if not _is_smooth(problem):
        return None
    recipes = _chosen(problem, given, affine, time)
    if not all(map(_is_linear, recipes.values())):
        return None
    if any(isinstance(recipe, SineLattice) for recipe in recipes.values()) and not problem.unknowns:
        return Rung(recipes, (Collocation() if time is None else March(time),))
    return Rung(recipes, (LeastSquares(),))


def _trained(problem: Problem, given: Given, affine: bool) -> Rung:
    """Networks trained in all their parameters, by the strongest stage that their number allows."""
    recipes = {u: recipe or _small_siren(u) for u, recipe in given.items()}
    foreign = any(isinstance(recipe, nn.Module) for recipe in recipes.values())
    polish = (LeastSquares(),) if affine and not foreign else ()
    if not _is_smooth(problem):
        return Rung(recipes, (Adam(), LBFGS(), *polish))
    count = sum(map(_parameters, recipes, recipes.values())) + len(problem.unknowns)
    if count <= DENSE and not foreign:
        return Rung(recipes, (GaussNewton(), *polish))
    if count <= QUASI_NEWTON:
        return Rung(recipes, (Adam(steps=1000), SelfScaledBroyden(), *polish))
    return Rung(recipes, (Adam(), LBFGS(), *polish))


def _small_siren(u: Field) -> Siren:
    return Siren(width=24, depth=3, omega=6.0, omega_hidden=1.0)


def _parameters(u: Field, recipe: Recipe | nn.Module) -> int:
    if isinstance(recipe, nn.Module):
        return flatten(recipe).numel()
    low, high = [axis.low for axis in u.axes], [axis.high for axis in u.axes]
    periodic = tuple(u.position(axis) for axis in u.periodic)
    return flatten(recipe.build(low, high, u.outputs, periodic, torch.Generator())).numel()


def _choice(rungs: Sequence[Rung], why: str) -> Choice:
    words = []
    for rung in rungs:
        names = ", ".join(f"{u.name}: {_describe(recipe)}" for u, recipe in rung.recipes.items())
        words.append(f"{names}; {' then '.join(stage.name for stage in rung.stages)}")
    return Choice(tuple(rungs), f"{', and if that is not good enough '.join(words)}, {why}")


def _reason(problem: Problem, affine: bool, time: Axis | None) -> str:
    if not _is_smooth(problem):
        names = [c.name for c in problem.constraints if c.loss.name != "l2"]
        return f"since the loss of {', '.join(names)} is not a sum of squares"
    if affine:
        return "since the constraints are affine in the fields"
    grows = "" if time is None else f" and {time.name} starts at {time.low:g}"
    return f"since the constraints are not affine in the fields{grows}"


def _is_smooth(problem: Problem) -> bool:
    """Whether the objective is a sum of squares, as least-squares solvers need."""
    return all(constraint.loss.name == "l2" for constraint in problem.constraints)


def time_axis(problem: Problem) -> Axis | None:
    """The axis along which all fields evolve: constraints hold at its low end alone, and none at its high end."""
    shared = [axis for axis in problem.fields[0].axes if all(axis in u.axes for u in problem.fields)]
    for axis in shared:
        domains = [c.domain for c in problem.constraints if axis in c.domain.axes]
        ends = [instant(domain, axis) for domain in domains]
        if axis.low in ends and axis.high not in ends and None in ends and not _faces(domains, axis):
            return axis
    return None


def _faces(domains: Sequence[Domain], axis: Axis) -> bool:
    """Whether a boundary among the domains has a face across the axis."""
    return any(
        isinstance(domain, Boundary) and any(instant(face.slice, axis) is not None for face in domain.faces)
        for domain in domains
    )


def _is_linear(recipe: object) -> bool:
    """Whether all that the network trains is its last layer."""
    if isinstance(recipe, FourierFeatures):
        return _is_linear(recipe.network)
    return isinstance(recipe, LINEAR) or (isinstance(recipe, MLP) and recipe.depth == 0)


def _describe(recipe: Recipe | nn.Module) -> str:
    return type(recipe).__name__ if isinstance(recipe, nn.Module) else recipe.describe()


def _at_nyquist(u: Field, recipe: Recipe | nn.Module, problem: Problem) -> Recipe | nn.Module:
    if isinstance(recipe, FourierSeries) and recipe.order is None:
        return recipe.at_nyquist(_grid(u, problem))
    if isinstance(recipe, WaveSeries) and recipe.order is None:
        return recipe.at_nyquist(_grid(u, problem)[1:])
    return recipe


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
