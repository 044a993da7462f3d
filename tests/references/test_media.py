"""Waves in media and from sources satisfy their equations, and hold at walls, jumps and the start."""

import math

import pytest
import torch

from sirenpde import Box, D, dot, grad, laplacian
from sirenpde.problem.reference import exact_values
from sirenpde.references.media import Ricker, driven_gaussian, echoes_in_a_cube, fish_eye, two_layers

PLANE = Box(t=(0, 3), x=(-1, 1), y=(-1, 1))
t, x, y = PLANE.axes


def values(function, points, axes=PLANE.axes):
    return exact_values(function, axes, torch.tensor(points, dtype=torch.float64), {})


def residual(u, speed, points, source=lambda p: 0.0):
    """u_tt - c² Δu - f, relative to the largest u_tt."""
    inertia = values(D(u, t, t), points)
    left = values(lambda p: D(u, t, t)(p) - speed(p) ** 2 * laplacian(u, x, y)(p) - source(p), points)
    return float(left.abs().max() / inertia.abs().max())


def test_the_fish_eye():
    u = fish_eye((-0.5, 0.0), 0.3, PLANE.axes)
    points = [[0.3, -0.3, 0.1], [1.4, 0.2, -0.5], [2.9, 0.5, 0.05]]
    assert residual(u, lambda p: (1 + x(p) ** 2 + y(p) ** 2) / 2, points) < 1e-10
    outward = values(
        lambda p: dot(torch.stack([x(p), y(p)]), grad(u, x, y)(p)), [[1.3, 0.6, 0.8], [0.8, -1, 0]]
    )
    assert float(outward.abs().max()) < 1e-12
    assert float(values(D(u, t), [[0.0, -0.4, 0.1]]).abs()) < 1e-12
    (start,) = values(fish_eye((-0.5, 0.0), 0.1, PLANE.axes), [[0.0, -0.5, 0.0]])
    assert abs(float(start) - 1) < 0.01


@pytest.mark.parametrize("speeds", [(1.0, 0.5), (1.0, 1.7)])
def test_two_layers(speeds):
    u = two_layers(speeds, math.radians(30), 0.8, 0.12, PLANE.axes)
    points = [[0.9, -0.2, 0.1], [1.2, 0.2, -0.3], [0.8, -0.05, 0.0]]
    assert residual(u, lambda p: torch.where(x(p) < 0, *speeds), points) < 1e-10
    sides = [[1.0, -1e-9, 0.2], [1.0, 1e-9, 0.2]]
    for f in (u, D(u, x)):
        left, right = values(f, sides)
        assert abs(float(left)) > 1e-3 and abs(float(left - right)) < 1e-6 * abs(float(left))


def test_total_reflection_is_refused():
    with pytest.raises(ValueError, match=r"an angle below 0\.524"):
        two_layers((1.0, 2.0), 0.6, 0.8, 0.1, PLANE.axes)


def test_a_driven_point():
    signal = Ricker(1.5, 0.5)
    u = driven_gaussian(signal, 1.0, 0.15, PLANE.axes, (0.1, 0.0))

    def source(p):
        return signal(t(p)) * torch.exp(-((x(p) - 0.1) ** 2 + y(p) ** 2) / (2 * 0.15**2))

    points = [[0.5, 0.3, 0.1], [0.9, -0.4, 0.3], [0.7, 0.1, 0.2]]
    assert residual(u, lambda p: torch.ones(()), points, source) < 1e-8
    assert float(values(u, [[0.0, 0.3, 0.1]])) == 0.0


def test_echoes_in_a_cube():
    box = Box(t=(0, 2), x=(-1, 1), y=(-1, 1), z=(-1, 1))
    s, a, b, c = box.axes
    u = echoes_in_a_cube(1.0, 0.25, 2.0, box.axes)
    points = [[0.5, 0.3, 0.1, -0.4], [1.4, 0.9, 0.2, 0.1], [2.0, 0.1, 0.6, 0.3]]
    left = values(lambda p: D(u, s, s)(p) - laplacian(u, a, b, c)(p), points, box.axes)
    assert float(left.abs().max() / values(D(u, s, s), points, box.axes).abs().max()) < 1e-7
    rigid = values(D(u, a), [[1.7, 1.0, 0.2, 0.1], [1.7, -1.0, 0.5, 0.4]], box.axes)
    assert float(rigid.abs().max()) < 1e-10
    start = values(u, [[0.0, 0.2, 0.1, 0.0]], box.axes)
    assert abs(float(start) - math.exp(-0.05 / 0.125)) < 1e-11  # but for the tails of the images


@pytest.mark.parametrize("speed, width", [(0.0, 0.1), (1.0, -0.1)])
def test_sources_whose_waves_stand_still_are_refused(speed, width):
    with pytest.raises(ValueError, match="positive"):
        driven_gaussian(torch.sin, speed, width, Box(t=(0, 1), x=(-1, 1), y=(-1, 1)).axes)
