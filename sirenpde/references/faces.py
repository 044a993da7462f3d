"""Small pictures of faces, made by a formula with random numbers: a set on which a prior can be learnt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def faces(count: int, size: int = 32, seed: int = 0) -> Array:
    """Pictures (count, size, size, 3) in [0, 1]: heads with hair, eyes, brows, a nose and a mouth, all varied.

    Head, features and background are functions of the place, in colours, sizes and places drawn at random: some forty
    numbers a face. Heads are turned by a small angle, and light comes from a side.

    >>> from sirenpde.references.faces import faces
    >>> pictures = faces(3, 16)
    >>> pictures.shape, bool((pictures >= 0).all() and (pictures <= 1).all())
    ((3, 16, 16, 3), True)
    """
    random = np.random.default_rng(seed)
    line = (2 * np.arange(size) + 1 - size) / size
    y, x = np.meshgrid(line, line, indexing="ij")
    return np.stack([_face(x, y, 2.0 / size, random) for _ in range(count)])


def _face(x: Array, y: Array, pixel: float, random: np.random.Generator) -> Array:
    between = random.uniform
    picture = _background(x, y, random)
    angle, dx, dy = between(-0.2, 0.2), between(-0.12, 0.12), between(-0.08, 0.12)
    x, y = x - dx, y - dy
    x, y = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    width, height = between(0.45, 0.62), between(0.62, 0.8)
    skin = np.array([between(0.45, 0.98), 0.0, 0.0])
    skin[1] = skin[0] * between(0.68, 0.85)
    skin[2] = skin[1] * between(0.65, 0.9)
    hair = np.array([between(0.05, 0.85)] * 3) * np.array([1.0, between(0.6, 0.95), between(0.2, 0.8)])

    def paint(shape: Array, colour: Array) -> None:
        """Blend a colour in where the shape, a signed distance, is negative, with an edge a pixel wide."""
        nonlocal picture
        share = 1 / (1 + np.exp(np.clip(4 * shape / pixel, -40, 40)))
        picture = picture + share[..., None] * (colour - picture)

    def oval(cx: float, cy: float, rx: float, ry: float) -> Array:
        return (np.hypot((x - cx) / rx, (y - cy) / ry) - 1) * min(rx, ry)

    length, lift = between(0.0, 1.0), between(0.1, 0.22)
    paint(oval(0, -lift + 0.35 * length, 1.18 * width, height + 0.25 * length), hair)
    paint(np.maximum(np.abs(x) - 0.45 * width, 0.3 - y), 0.9 * skin)
    light = np.clip(1 + between(-0.35, 0.35) * x / width + between(-0.15, 0.15) * y, 0.5, 1.4)[..., None]
    paint(oval(0, 0.06, width, height), np.clip(light * skin, 0, 1))
    fringe = between(-0.62, -0.3)
    paint(np.maximum(oval(0, 0, 1.05 * width, height), y - fringe + between(-0.5, 0.5) * x), hair)

    apart, level, open_ = between(0.42, 0.52) * width, between(-0.14, 0.0), between(0.07, 0.12)
    iris = np.array([between(0.05, 0.5), between(0.1, 0.5), between(0.1, 0.7)])
    for side in (-1, 1):
        paint(oval(side * apart, level, 0.13, open_), np.array([0.95, 0.95, 0.95]))
        paint(oval(side * apart, level, 0.065, 0.065), iris)
        paint(oval(side * apart, level - between(0.15, 0.19), 0.16, 0.035), 0.7 * hair)
    paint(oval(0, between(0.15, 0.25), 0.05, 0.12), 0.82 * skin)
    lips = np.array([between(0.5, 0.9), between(0.15, 0.4), between(0.15, 0.4)])
    bend, where = between(-0.5, 0.9), between(0.42, 0.5)
    smile = np.abs(y - where + bend * x**2) - between(0.025, 0.07)
    paint(np.maximum(smile, np.abs(x) - between(0.14, 0.28)), lips)
    return np.clip(picture, 0, 1)


def _background(x: Array, y: Array, random: np.random.Generator) -> Array:
    """A colour that changes evenly from one side to another."""
    one, other = random.uniform(0.05, 0.95, 3), random.uniform(0.05, 0.95, 3)
    turn = random.uniform(0, 2 * np.pi)
    share = 0.5 + 0.5 * np.clip(np.cos(turn) * x + np.sin(turn) * y, -1, 1)
    colours: Array = one + share[..., None] * (other - one)
    return colours
