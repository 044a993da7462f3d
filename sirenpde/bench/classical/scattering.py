"""Waves about soft obstacles by the method of fundamental solutions: line sources inside, fitted on the boundary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ...geometry.plane.arc import Arc
from ...geometry.shape import Shape, arcs_of
from .measured import Array

Waves = NDArray[np.complex128]

PLACES = 3  # on the boundary to a source
DEEPEST, STEEP = 0.1, 0.8  # sources behind the boundary: of an arc's length, and of the way to its next end
BENT = 0.6  # and of the smallest radius of its bends
BENDS = 256  # steps in which these are looked at
CLUSTERED = 18.0  # between arcs that meet in a corner: places come as near as e^-18 of an arc


@dataclass(frozen=True)
class Sources:
    """Σ c_j H₀⁽²⁾(k |x - x_j|), and the largest error of the values on the boundary between the places of the fit."""

    wavenumber: float
    places: Array  # (m, 2)
    strengths: Waves  # (m,)
    misfit: float

    def at(self, points: Array) -> Waves:
        """Points (n, 2) -> values (n,)."""
        found: Waves = _waves(self.wavenumber, points, self.places) @ self.strengths
        return found


def soft_obstacle(
    shape: Shape, wavenumber: float, incident: Callable[[Array], Waves], count: int = 150
) -> Sources:
    """The scattered field where the total one vanishes on a shape's boundary, of smooth arcs.

    What the equation's solutions outside of the shape miss on its boundary bounds what they miss anywhere.

    Args:
        incident: of points (n, 2).
        count: sources for each arc.

    Source: Barnett and Betcke, J. Comput. Phys. 227, 2008; with corners, Gopal and Trefethen, PNAS 116, 2019.
    """
    arcs = arcs_of(shape)
    assert arcs is not None
    behind = [_places(arc, (np.arange(count) + 0.5) / count, inside=True) for arc in arcs]
    sources = np.concatenate(behind)
    fitted, between = (
        np.concatenate([_places(arc, (np.arange(PLACES * count) + a) / (PLACES * count)) for arc in arcs])
        for a in (0.5, 0.05)
    )
    matrix = _waves(wavenumber, fitted, sources)
    scale = np.linalg.norm(matrix, axis=0)
    strengths = np.linalg.lstsq(matrix / scale, -incident(fitted), rcond=1e-14)[0] / scale
    left = _waves(wavenumber, between, sources) @ strengths + incident(between)
    return Sources(wavenumber, sources, strengths, float(np.abs(left).max()))


def _places(arc: Arc, unit: Array, inside: bool = False) -> Array:
    """Places on an arc, or behind it, for numbers in (0, 1): crowded towards both ends of one that has ends."""
    s = unit if arc.closed else 1 / (1 + np.exp(-CLUSTERED * (2 * unit - 1)))
    fractions = torch.from_numpy(s)
    points: Array = arc.at(fractions).numpy()
    if not inside:
        return points
    even = torch.linspace(0, 1, BENDS + 1, dtype=torch.float64)
    bend = float(arc.normals(even).diff(dim=0).norm(dim=1).amax()) * BENDS  # over the length
    ends = np.full_like(s, 1.0) if arc.closed else np.minimum(s, 1 - s)
    nearest = np.minimum(min(DEEPEST, BENT / max(bend, 1.0)), STEEP * ends)
    behind: Array = points - arc.measure * nearest[:, None] * arc.normals(fractions).numpy()
    return behind


def _waves(k: float, points: Array, sources: Array) -> Waves:
    from scipy.special import hankel2

    found: Waves = hankel2(0, k * np.hypot(*(points[:, None, i] - sources[None, :, i] for i in range(2))))
    return found
