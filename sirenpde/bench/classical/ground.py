"""Finite differences of fourth order for waves in layered ground, by one sparse factorisation."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray

from ...references.ground import DEPTH, LENGTH, STRENGTH, WATER, angular, speed

NEAR, FAR = 0.1, 0.025  # the known wave of the source counts within NEAR; over FAR that ends
ENDS = (LENGTH, DEPTH)  # of the slice
PARTS = 4  # in which each side of a cell is cut for the mean of 1 / c² over it

Array = NDArray[np.floating]
Waves = NDArray[np.complexfloating]


def layered_ground(
    frequency: float, step: float, along: float = 0.8, depth: float = 0.25
) -> tuple[Array, Array, Waves]:
    """The problem of ``layered_ground``: x, y and the total field (x, y) on a grid.

    The source's wave in water is cut off smoothly, and what is to be added has a smooth source. Both derivatives
    of ∂(∂u / e) / e along each axis are staggered differences of fourth order; 1 / c² is its mean over a cell.

    Args:
        frequency: in hertz.
        step: of the grid, in km; it divides the layers, 3 / frequency thick.
    """
    from scipy.sparse import diags, identity, kron
    from scipy.sparse.linalg import splu
    from scipy.special import erf, hankel2

    omega = angular(frequency)
    k = omega / WATER
    layer = 2 * WATER / frequency
    x, y = (step * np.arange(1, round((end + 2 * layer) / step)) - layer for end in ENDS)
    r = np.maximum(np.hypot(x[:, None] - along, y - depth), 1e-3)
    wave, slope = ((1j - 1) / 4 * f for f in (hankel2(0, k * r), -k * hankel2(1, k * r)))
    bell = -np.exp(-(((r - NEAR) / FAR) ** 2)) / (FAR * math.sqrt(math.pi))  # the slope of what cuts off
    bend = -2 * (r - NEAR) / FAR**2 * bell
    load = -(2 * bell * slope + (bend + bell / r) * wave)
    first, second = (_stretched(nodes, step, layer, end) for nodes, end in zip((x, y), ENDS, strict=True))
    operator = kron(first, identity(len(y))) + kron(identity(len(x)), second)
    operator = operator + omega**2 * diags(_slowness(x, y, step).ravel())
    rest = splu(operator.tocsc()).solve(load.ravel()).reshape(load.shape)
    total: Waves = rest + (1 - erf((r - NEAR) / FAR)) / 2 * wave
    return x, y, total


def _stretched(nodes: Array, step: float, layer: float, end: float):  # type: ignore[no-untyped-def]
    """∂(∂u / e) / e on the nodes, u = 0 at both ends and beyond."""
    from scipy.sparse import diags

    count = len(nodes)
    halves = np.append(nodes - step / 2, nodes[-1] + step / 2)
    weights = np.array([1, -27, 27, -1]) / (24 * step)
    to_halves = diags(list(weights), [-2, -1, 0, 1], shape=(count + 1, count))
    to_nodes = diags(list(weights), [-1, 0, 1, 2], shape=(count, count + 1))
    inner = [1 / _stretch(s, layer, end) for s in (halves, nodes)]
    return diags(inner[1]) @ to_nodes @ diags(inner[0]) @ to_halves


def _stretch(s: Array, layer: float, end: float) -> Waves:
    depth = np.maximum(-s, s - end).clip(min=0) / layer
    e: Waves = 1 - 1j * STRENGTH * depth**2
    return e


def _slowness(x: Array, y: Array, step: float) -> Array:
    """The mean of 1 / c² over the cell of each node, (x, y)."""
    offsets = step * ((np.arange(PARTS) + 0.5) / PARTS - 0.5)
    total = np.zeros((len(x), len(y)))
    for a in offsets:
        for b in offsets:
            places = torch.from_numpy(x + a)[:, None], torch.from_numpy(y + b)[None]
            total += (speed(*places) ** -2).expand(total.shape).numpy()
    return total / PARTS**2
