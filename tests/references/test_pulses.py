"""A pulse that meets a disk: its equation, its boundary, and its start."""

import pytest
import torch

from sirenpde import Box, D, laplacian
from sirenpde.problem.reference import exact_values
from sirenpde.references.pulses import scattered_pulse

AXES = Box(x=(-1, 1), y=(-1, 1), t=(0, 2)).axes
x, y, t = AXES
RADIUS, WIDTH = 0.25, 0.15


def bell(s):
    return torch.exp(-((s - 1.4) ** 2) / (2 * WIDTH**2))


def values(function, points):
    return exact_values(function, AXES, torch.tensor(points, dtype=torch.float64), {})


@pytest.mark.parametrize("surface", ["soft", "hard"])
def test_the_wave_about_a_disk(surface):
    u = scattered_pulse(surface, RADIUS, bell, WIDTH, 0.8, 1.8, AXES)
    points = [[-0.5, 0.2, 0.9], [0.3, 0.1, 1.5], [0.0, -0.4, 1.3]]
    inertia = values(D(u, t, t), points)
    left = values(lambda p: D(u, t, t)(p) - laplacian(u, x, y)(p), points)
    assert float(left.abs().max() / inertia.abs().max()) < 1e-6
    on = [[0.15, 0.2, 1.3], [-0.25, 0.0, 1.2]]
    condition = u if surface == "soft" else lambda p: x(p) * D(u, x)(p) + y(p) * D(u, y)(p)
    assert float(values(condition, on).abs().max()) < 1e-7
    start = [[-0.6, 0.3, 0.0], [0.2, 0.5, 0.0]]
    exact = values(lambda p: bell(t(p) - x(p)), start)
    assert float((values(u, start) - exact).abs().max()) < 1e-9
