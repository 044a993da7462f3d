"""How far fields are from a second fit with other and fewer features: two resolutions, compared as an error bar.

The residual of equations says little about the error of fields where the equations amplify it; two fits that share
neither features nor points agree to about the error of the coarser one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from ..calculus.field import Field
from ..geometry import can
from ..geometry.domain import Domain
from ..linear.dense_rows import column_count, store, tangent_fields
from ..linear.qr import solve_dense
from ..networks.linear_head import has_linear_head
from ..networks.sine_features import SineFeatures
from ..networks.slabs import SlabNetwork
from ..residuals import System
from ..sampling.drawing import generator
from ..sampling.ends import draw
from .begin import build_network
from .fields import values
from .iterate import Recipes

FEWER = 0.9  # of the features
ROWS = 2.5  # for each of its columns
LEAST = 40  # features, below which a second fit says nothing
MOST = 4500  # columns, beyond which a second fit takes minutes
COMPARED = 1000  # points of every field's domain
DRAWN, POINTS = -3, 9  # numbers of the draws, other than those of fits and held-out points
SMALL = 1e-4  # of a field's unit, below which its size says nothing: fields that vanish are rounding
OTHER = 7919  # added to the seed of the features


def second_fit(system: System, theta: Tensor, recipes: Recipes, seed: int) -> dict[str, float] | None:
    """By the fields' names, the relative L2 distance to a fit about these fields with fewer and other features.

    One least-squares solve, linearised about the fields, as long as that which found them. None where the
    networks are not frozen sines on the whole domain, or too many of them.
    """
    if any(isinstance(network, SlabNetwork) for network in system.parameters.networks.values()):
        return None
    if all(map(has_linear_head, system.parameters.networks.values())) and column_count(system) > MOST:
        return None
    if system.problem.has_priors and any(c.is_measured for c in system.problem.constraints):
        return None  # what noise and priors leave open is no matter of resolution
    fewer: dict[Field, SineFeatures] = {}
    for u, recipe in recipes.items():
        if not isinstance(recipe, SineFeatures) or recipe.is_open or (recipe.count or 0) < LEAST:
            return None
        fewer[u] = replace(recipe, count=math.ceil(FEWER * (recipe.count or 0)))
    built = {u: build_network(u, recipe, seed + OTHER + i) for i, (u, recipe) in enumerate(fewer.items())}
    other = system.with_networks(built)
    start = other.initial()
    start[other.parameters.numbers_slice] = theta[system.parameters.numbers_slice]
    random, columns = generator(seed, DRAWN), column_count(other)
    batches = draw(other, random, 1.0)
    shortage = ROWS * columns / other.row_count(batches)
    if shortage > 1:
        batches = draw(other, generator(seed, DRAWN), shortage)
    linear = tangent_fields(other, start, system, theta, batches)
    found = store(other, start, solve_dense(linear.matrix, linear.target).x)
    return {u.name: _distance(u, system, theta, other, found, seed) for u in fewer}


def _distance(u: Field, system: System, theta: Tensor, other: System, found: Tensor, seed: int) -> float:
    ones: list[Tensor] = []
    twos: list[Tensor] = []
    for domain in _domains(u, system):
        points, data = domain.draw(None if domain.size is not None else COMPARED, generator(seed, POINTS))
        for found_by, parameters, into in ((system, theta, ones), (other, found, twos)):
            into.append(values(found_by, parameters, [u], domain.axes, points, data)[0].flatten())
    one, two = torch.cat(ones), torch.cat(twos)
    least = SMALL * system.parameters.units[u] * math.sqrt(one.numel())
    size = max(float(torch.linalg.vector_norm(one)), least)
    return float(torch.linalg.vector_norm(one - two)) / size


def _domains(u: Field, system: System) -> list[Domain]:
    """Where constraints hold on a field: inside, or on boundaries where no constraint does so inside."""
    pairs = zip(system.problem.constraints, system.problem.requests, strict=True)
    on = list(
        dict.fromkeys(c.domain for c, requests in pairs if u in requests.fields and _has_axes(c.domain, u))
    )
    most = max(can.dimension_of(domain) for domain in on)
    return [domain for domain in on if can.dimension_of(domain) == most]


def _has_axes(domain: Domain, u: Field) -> bool:
    """Not where a field is read at other points alone, as the rim that an integral runs along."""
    return {axis.name for axis in u.axes} <= {axis.name for axis in domain.axes}


def worst(apart: Mapping[str, float] | None) -> float | None:
    """The largest of the distances; None where there are none."""
    return max(apart.values()) if apart else None
