"""Where a run begins: networks built from their recipes, and from initial values or constants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from ..calculus.field import Field
from ..calculus.modules import as_network
from ..networks.constant import set_constant
from ..networks.recipe import Recipe, smallest
from ..problem.problem import Problem
from ..problem.scaling import scales_of
from ..residuals import System
from ..solvers.initial import set_initial
from ..solvers.ladder import Choice
from ..solvers.stage import State
from ..solvers.starts import Constants, constant_start, number_start
from .iterate import Recipes
from .run import Run


def begin(
    problem: Problem, choice: Choice, device: torch.device, dtype: torch.dtype | None, seed: int, scale: float
) -> Run:
    """A run before its first step. Raises ValueError for another dtype or a scale that is not positive."""
    dtype = dtype or _precision(problem, choice)
    if dtype not in (torch.float32, torch.float64):
        raise ValueError(f"solve was given dtype={dtype}; expected torch.float32 or torch.float64.")
    if not scale > 0:
        raise ValueError(f"solve was given samples_scale={scale}; expected a positive number.")

    build = builder(problem, seed, {})
    system = system_of(problem, choice.recipes, build, device, dtype)
    start = {u: values for u, values in constant_start(system, seed).items() if u.initial is None}
    if start:
        build = builder(problem, seed, start)
        system = system_of(problem, choice.recipes, build, device, dtype)
    state = State(system, number_start(system, seed), dict(choice.recipes), build, seed, scale)
    return Run(problem, choice, state, start, waiting=list(range(1, len(choice.rungs))))


def builder(
    problem: Problem, seed: int, start: Constants
) -> Callable[[Field, Recipe | nn.Module], nn.Module]:
    """What builds a field's network: from its declared initial values, or constants where there are such."""

    def build(u: Field, recipe: Recipe | nn.Module) -> nn.Module:
        module = build_network(u, recipe, seed + problem.fields.index(u))
        if u.initial is not None:
            return set_initial(module, u, scales_of(problem).units[u])
        return set_constant(module, start[u]) if u in start else module

    return build


def system_of(
    problem: Problem, recipes: Recipes, build: Any, device: torch.device, dtype: torch.dtype
) -> System:
    # A recipe that leaves its size to the solver still needs some network to start from.
    networks = {u: build(u, smallest(recipe)) for u, recipe in recipes.items()}
    return System(problem, networks, device, dtype)


def build_network(u: Field, recipe: Recipe | nn.Module, seed: int) -> nn.Module:
    """A field's network in float64; a module of the user's own is copied, so that it stays as it was."""
    if isinstance(recipe, nn.Module):
        return as_network(recipe)
    low, high = [axis.low for axis in u.axes], [axis.high for axis in u.axes]
    periodic = tuple(u.position(axis) for axis in u.periodic)
    generator = torch.Generator().manual_seed(seed)
    return recipe.build(low, high, u.outputs, periodic, generator)


def _precision(problem: Problem, choice: Choice) -> torch.dtype:
    asked = {u.dtype for u in problem.fields} & {
        torch.float32,
        torch.float64,
        torch.complex64,
        torch.complex128,
    }
    wanted = [torch.empty(0, dtype=d).real.dtype for d in asked]  # type: ignore[arg-type]
    wanted = wanted or [stage.precision for rung in choice.rungs for stage in rung.stages]
    return torch.float64 if torch.float64 in wanted else torch.float32
