"""A second march beside one in cells, with fewer features in each: how far apart the two are is the error bar.

As in ``second_march``, every slab that is closed is solved once more from where the second march stood. One
least-squares solve does, linearised about the fields of the first: the square of their distance is all that it
leaves out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from ...calculus.field import Field
from ...geometry.slab import Slab
from ...networks.partition import Partition
from ...networks.pieces import Pieces, PiecesNetwork
from ...networks.sine_features import SineFeatures
from ...networks.values import recipe_from_value, recipe_to_value
from ...residuals import Parameters
from ...residuals.unfit import TooLarge, TooLong
from ...sampling.pieces import gauss_pattern
from ..direct.pieces_growth import fineness
from ..direct.pieces_newton import tangent_pieces
from ..direct.pieces_solve import solve_pieces
from ..stage import State
from .apart import Apart
from .handover import Before
from .slab_cells import values_of
from .slab_problem import slab_problem
from .trial import SlabTrial, slab_network, slab_system

# Of the features in a cell. With 0.6 the bar of a front that forms from a sine is 1.3 times its error, with half of
# them that of a smooth front 1,300 times.
FEWER = 0.55
COMPARED = 12  # nodes of Gauss along an axis of a cell


@dataclass(frozen=True)
class SecondCells:
    """The last slab of the second march, enough to build its networks again, and how far it is from the first."""

    low: float
    high: float
    recipes: dict[str, dict[str, Any]]
    theta: Tensor
    apart: Apart


def followed(state: State, trial: SlabTrial, before: SecondCells | None) -> SecondCells | None:
    """The second march, one slab on; None where there is no time for it.

    Args:
        state: of the march.
        trial: the slab as the first march solved it.
        before: the second march so far, unless the slab is its first.
    """
    slab, first, fewer = trial.slab, trial.work, _fewer(trial)
    stood = None if before is None else _last(state, trial, before)
    problem = slab_problem(trial.whole, slab, stood).problem
    system = slab_system(state, problem, {u: first.build(u, recipe) for u, recipe in fewer.items()})
    near = system.with_networks(first.system.parameters.networks), first.theta
    shape, workers = fineness(fewer, len(problem.fields[0].axes)), torch.get_num_threads()
    try:
        if problem.traits.affine:
            solved = solve_pieces(system, shape, workers=workers, deadline=state.deadline)
        else:
            solved = tangent_pieces(system, shape, near, workers, state.deadline)
    except (TooLarge, TooLong):
        return None
    far = _apart(Before.of(*near), Before.of(system, solved.theta))
    values = {u.name: value for u, recipe in fewer.items() if (value := recipe_to_value(recipe)) is not None}
    return SecondCells(
        slab.low, slab.high, values, solved.theta, far if before is None else before.apart.plus(far)
    )


def _fewer(trial: SlabTrial) -> dict[Field, Pieces]:
    """The recipes of a slab with fewer features in the same cells, slower as these are fewer."""
    found = {}
    for u, recipe in trial.work.recipes.items():
        assert isinstance(recipe, Pieces) and isinstance(recipe.recipe, SineFeatures)
        sines, slower = recipe.recipe, FEWER ** (1 / len(u.axes))
        assert sines.count is not None and sines.bandwidth is not None
        rates = sines.bandwidth
        bandwidth = tuple(slower * r for r in rates) if isinstance(rates, tuple) else slower * rates
        closed = replace(sines, count=math.ceil(FEWER * sines.count), bandwidth=bandwidth)
        found[u] = replace(recipe, recipe=closed)
    return found


def _last(state: State, trial: SlabTrial, before: SecondCells) -> Before:
    """The fields of the second march's last slab."""
    slab = Slab(trial.slab.axis, before.low, before.high)
    networks = {
        u: slab_network(state, u, recipe_from_value(before.recipes[u.name]), slab) for u in trial.work.recipes
    }
    system = state.system
    parameters = Parameters(networks, (), system.scales.units)
    return Before(parameters, before.theta.to(state.theta), system)


def _apart(first: Before, second: Before) -> Apart:
    """How far fields in the same cells are apart."""
    squares, sizes = [], []
    for u, network in first.parameters.networks.items():
        assert isinstance(network, PiecesNetwork)
        points, weights = _nodes(network.partition)
        one, two = (values_of(known, u, points) for known in (first, second))
        squares.append(float(weights @ (one - two).square().sum(1)))
        sizes.append(float(weights @ one.square().sum(1)))
    return Apart(tuple(squares), tuple(sizes))


def _nodes(partition: Partition) -> tuple[Tensor, Tensor]:
    """Of Gauss in every cell, (n, d), with their weights, (n,)."""
    unit, share = gauss_pattern(partition.dimension, COMPARED)
    low, high = (torch.tensor(e, dtype=torch.float64)[:, None] for e in (partition.low, partition.high))
    weights = (high - low).prod(-1) * share
    return (low + (high - low) * unit).reshape(-1, partition.dimension), weights.reshape(-1)
