"""A small scene of spheres, a box and a chequered floor, seen exactly by any ray."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..geometry.views import WIDE, Views, camera_rays, turning

Array = NDArray[np.float64]

SPHERES = (  # centre, radius, colour
    ((-0.35, -0.3, 0.05), 0.35, (0.9, 0.25, 0.2)),
    ((0.4, -0.35, -0.1), 0.2, (0.2, 0.45, 0.9)),
    ((0.0, 0.05, 0.45), 0.15, (0.95, 0.8, 0.2)),
)
BOX = ((0.0, 0.1, -0.3), (0.5, 0.6, 0.3), (0.3, 0.75, 0.4))  # low and high corner, colour
FLOOR, HALF, SQUARES = -0.3, 0.8, 8  # height, half side, squares along it
LIGHT = np.array([0.4, -0.5, 0.77])
AMBIENT = 0.35


def seen(origins: Array, directions: Array) -> Array:
    """The colours (n, 3) that rays (n, 3) see: matt surfaces under one light and the sky's; black beside them.

    >>> import numpy as np
    >>> from sirenpde.references.scene import seen
    >>> seen(np.array([[0.0, 0, 3], [0, 0, 3]]), np.array([[0.0, 0, -1], [0, 0, 1]])).round(2).tolist()
    [[0.88, 0.74, 0.19], [0.0, 0.0, 0.0]]
    """
    unit = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    nearest, colours = np.full(len(unit), np.inf), np.zeros(unit.shape)
    for centre, radius, colour in SPHERES:
        offset = origins - np.array(centre)
        half = np.einsum("nd,nd->n", offset, unit)
        root = half**2 - np.einsum("nd,nd->n", offset, offset) + radius**2
        depth = -half - np.sqrt(np.maximum(root, 0))
        normal = (offset + depth[:, None] * unit) / radius
        _painted(nearest, colours, depth, (root > 0) & (depth > 0), normal, np.array(colour))
    low, high, green = map(np.array, BOX)
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = np.stack([(low - origins) / unit, (high - origins) / unit])
        floor = (FLOOR - origins[:, 2]) / unit[:, 2]
    first, last = ends.min(0), ends.max(0)
    axis = first.argmax(1)
    depth = first.max(1)
    normal = -np.sign(unit) * (np.arange(3) == axis[:, None])
    _painted(nearest, colours, depth, (depth < last.min(1)) & (depth > 0), normal, green)
    places = origins[:, :2] + floor[:, None] * unit[:, :2]
    inside = (floor > 0) & (np.abs(places) < HALF).all(1)
    where = np.floor(np.where(inside[:, None], places + HALF, 0) * SQUARES / (2 * HALF)).sum(1)
    squares = np.where(where[:, None] % 2 == 0, 0.9, 0.25) * np.ones(3)
    up = np.broadcast_to(np.array([0.0, 0.0, 1.0]), unit.shape)
    _painted(nearest, colours, floor, inside, up, squares)
    return np.clip(colours, 0, 1)


def _painted(
    nearest: Array, colours: Array, depth: Array, hit: NDArray[np.bool_], normal: Array, colour: Array
) -> None:
    """Paints what is nearer than all before it."""
    first = hit & (depth < nearest)
    light = AMBIENT + (1 - AMBIENT) * np.maximum(normal @ (LIGHT / np.linalg.norm(LIGHT)), 0)
    nearest[first] = depth[first]
    colours[first] = (light[:, None] * colour)[first]


def views(count: int, size: int, start: float = 0.0, samples: int = 2) -> Views:
    """Pictures of size x size pixels from ``count`` cameras about the scene, at three heights in turn.

    Each pixel is the mean of ``samples`` squared rays through it.
    """
    circles = [turning(count, 3.0, height, start) for height in (0.8, 1.6, 2.4)]
    poses = np.stack([circles[k % 3][k] for k in range(count)])
    focal = WIDE * size
    fine = seen(*camera_rays(poses, focal * samples, samples * size, samples * size))
    fine = fine.reshape(count, size, samples, size, samples, 3)
    return Views(fine.mean((2, 4)), poses, focal)
