"""A solver's state at its start, for tests that drive a stage step by step."""

import torch

from sirenpde.residuals import System
from sirenpde.solvers.stage import State


def state_of(problem, seed=0):
    """The first state of a problem whose fields all declare a recipe, in float64."""

    def build(u, recipe):
        low, high = [axis.low for axis in u.axes], [axis.high for axis in u.axes]
        periodic = tuple(u.position(axis) for axis in u.periodic)
        return recipe.build(low, high, u.outputs, periodic, torch.Generator().manual_seed(seed))

    recipes = {u: u.network for u in problem.fields}
    networks = {u: build(u, recipe) for u, recipe in recipes.items()}
    system = System(problem, networks, torch.device("cpu"), torch.float64)
    return State(system, system.initial(), recipes, build, seed)
