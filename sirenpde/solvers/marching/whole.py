"""The fields of all slabs that are closed, as the one system that a run shows; beyond them nothing is known."""

from __future__ import annotations

import torch
from torch import nn

from ...engines.flat import flatten
from ...geometry.point import Axis
from ...networks.recipe import smallest
from ...networks.slabs import SlabNetwork, Slabs
from ...residuals import Parameters
from ..stage import State
from .handover import Before
from .trial import SlabTrial


def open_whole(state: State, axis: Axis) -> None:
    """Make the state's fields those of a march that knows nothing yet."""
    networks = {}
    for u, network in state.system.parameters.networks.items():
        recipe, position, ends = smallest(state.recipes[u]), u.position(axis), (axis.low, axis.high)
        assert not isinstance(recipe, nn.Module)
        networks[u] = SlabNetwork(position, ends, [network], axis.low)
        state.recipes[u] = Slabs((recipe,), position, ends, axis.low)
    state.system = state.system.with_networks(networks)


def append(state: State, trial: SlabTrial) -> None:
    """Put a slab behind those of the state, whose fields are known to its end from now on."""
    slab, work, networks, pieces = trial.slab, trial.work, {}, []
    for u, network in state.system.parameters.networks.items():
        slabs, recipe = state.recipes[u], work.recipes[u]
        assert (
            isinstance(network, SlabNetwork)
            and isinstance(slabs, Slabs)
            and not isinstance(recipe, nn.Module)
        )
        modules = [] if slab.is_first else list(network.networks)
        recipes = () if slab.is_first else slabs.recipes
        edges = (slab.low,) if slab.is_first else slabs.edges
        if not slab.is_first:
            pieces.append(state.system.parameters.of(u, state.theta))
        pieces.append(work.system.parameters.of(u, work.theta).to(state.theta))
        edges = (*edges, slab.high)
        networks[u] = SlabNetwork(
            network.axis, edges, [*modules, work.system.parameters.networks[u]], slab.high
        )
        state.recipes[u] = Slabs((*recipes, recipe), slabs.axis, edges, slab.high)
    state.system, state.theta = state.system.with_networks(networks), torch.cat(pieces)


def last_of(state: State) -> Before:
    """The fields of the last slab that is closed."""
    networks, pieces = {}, []
    for u, network in state.system.parameters.networks.items():
        assert isinstance(network, SlabNetwork)
        networks[u] = network.networks[-1]
        theta = state.system.parameters.of(u, state.theta)
        pieces.append(theta[len(theta) - flatten(networks[u]).numel() :])
    parameters = Parameters(networks, (), state.system.scales.units)
    return Before(parameters, torch.cat(pieces), state.system)
