"""A film made by a formula, for when there is none at hand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def rolling_wheel(
    frames: int = 48, height: int = 96, width: int = 128, rate: float = 24.0
) -> NDArray[np.uint8]:
    """A spoked wheel that rolls along a striped road before hills, a ball that bounces: frames (t, H, W, 3) of bytes.

    The hills are 160 waves whose amplitudes fall as those of natural pictures do, with 1/f, and move as a camera that
    pans along; edges are smooth over a pixel. The wheel rolls without slip.

    >>> from sirenpde.references.film import rolling_wheel
    >>> rolling_wheel(2, 24, 32).shape
    (2, 24, 32, 3)
    """
    pixel = 1 / height
    x = (np.arange(width) + 0.5) * pixel
    y = 1 - (np.arange(height) + 0.5) * pixel
    x, y = np.meshgrid(x, y)
    waves = _waves(np.random.default_rng(0))
    shown = [_frame(k / rate, x, y, pixel, waves) for k in range(frames)]
    return np.round(255 * np.clip(np.stack(shown), 0, 1)).astype(np.uint8)


def _waves(rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Wave vectors (n, 2), phases (n,) and colours (n, 3) of a texture."""
    size = np.exp(rng.uniform(np.log(4), np.log(160), 160))  # radians per height
    angle = rng.uniform(0, np.pi, 160)
    colours = rng.normal(size=(160, 3)) * 0.3 + rng.normal(size=(160, 1))
    return (
        np.stack([np.cos(angle), np.sin(angle)], 1) * size[:, None],
        rng.uniform(0, 7, 160),
        colours / size[:, None],
    )


def _frame(t: float, x: Array, y: Array, pixel: float, waves: tuple[Array, Array, Array]) -> Array:
    vectors, phases, colours = waves
    far = x + 0.08 * t  # the background pans
    wave = np.cos(far[..., None] * vectors[:, 0] + y[..., None] * vectors[:, 1] + phases)
    sky = np.array([0.55, 0.68, 0.85]) + 0.35 * (wave @ colours)
    road = 0.35 + 0.1 * np.sign(np.sin(30 * (x + 0.2 * t + y)))[..., None] * np.array([1.0, 0.95, 0.85])
    picture = _over(sky, road, _inside(y - 0.18, pixel))
    radius = 0.26
    speed = 0.35
    middle = (0.2 + speed * t, 0.18 + radius)
    dx, dy = x - middle[0], y - middle[1]
    r, turn = np.hypot(dx, dy), np.arctan2(dy, dx) + speed * t / radius
    spoke = np.abs(r * np.sin((turn * 6 + np.pi) % (2 * np.pi) - np.pi) / 6) - 0.008
    rim = np.abs(r - radius + 0.03) - 0.025
    picture = _over(
        picture, np.array([0.75, 0.75, 0.7]), _inside(np.maximum(spoke, r - radius + 0.04), pixel)
    )
    picture = _over(picture, np.array([0.08, 0.07, 0.1]), _inside(rim, pixel))
    height = 0.3 + 0.5 * abs(np.sin(3 * t + 1))
    ball = np.hypot(x - 1.05 + 0.1 * np.sin(t), y - height) - 0.09
    return _over(
        picture,
        np.array([0.9, 0.25, 0.1]) * (1 - 2 * np.clip(ball, -0.2, 0)[..., None]),
        _inside(ball, pixel),
    )


def _inside(distance: Array, pixel: float) -> Array:
    """1 where a distance is negative, falling to 0 over a pixel."""
    return np.clip(0.5 - distance / pixel, 0, 1)[..., None]


def _over(below: Array, above: Array, share: Array) -> Array:
    return below * (1 - share) + above * share
