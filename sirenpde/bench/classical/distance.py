"""Distances to surfaces: the nearest of many points."""

from __future__ import annotations

from collections.abc import Callable
from math import pi, sqrt

import numpy as np

from .measured import Array, Classical, relative, timed

_QUERIES = 20_000


def sphere(points: int = 200_000, radius: float = 0.6) -> Classical:
    """In a shell of half the radius to either side."""
    i = np.arange(points) + 0.5  # the lattice of Fibonacci
    z, turn = 1 - 2 * i / points, pi * (1 + sqrt(5)) * i
    flat = np.sqrt(1 - z**2)
    normals = np.stack([flat * np.cos(turn), flat * np.sin(turn), z], axis=1)
    return _nearest(radius * normals, normals, lambda x: np.linalg.norm(x, axis=1) - radius, radius / 2)


def torus(points: int = 200_000, radius: float = 0.6, tube: float = 0.25) -> Classical:
    """In a shell of half the tube's radius to either side."""
    around = round(sqrt(points * radius / tube))
    a, b = np.meshgrid(*(2 * pi * np.arange(n) / n for n in (around, points // around)))
    out = np.stack([np.cos(a), np.sin(a), 0 * a], axis=-1)
    normals = np.cos(b)[..., None] * out + np.sin(b)[..., None] * np.array([0.0, 0.0, 1.0])
    surface = radius * out + tube * normals

    def exact(x: Array) -> Array:
        distance: Array = np.hypot(np.hypot(x[:, 0], x[:, 1]) - radius, x[:, 2]) - tube
        return distance

    return _nearest(surface.reshape(-1, 3), normals.reshape(-1, 3), exact, tube / 2)


def _nearest(surface: Array, normals: Array, exact: Callable[[Array], Array], shell: float) -> Classical:
    """The distance to the tangent plane at the nearest surface point, found in a k-d tree."""
    from scipy.spatial import cKDTree

    x = np.random.default_rng(0).uniform(-1, 1, (_QUERIES * 8, 3))
    x = x[np.abs(exact(x)) < shell][:_QUERIES]

    def solve() -> Array:
        _, nearest = cKDTree(surface).query(x)
        distances: Array = np.einsum("ij,ij->i", normals[nearest], x - surface[nearest])
        return distances

    distances, seconds = timed(solve)
    return Classical(f"nearest of {len(surface)} points, k-d tree", relative(distances, exact(x)), seconds)
