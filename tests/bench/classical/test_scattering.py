"""Fundamental solutions against the series of a circle, and against more of themselves."""

import numpy as np
import torch

from sirenpde import Box, obstacle
from sirenpde.bench.classical.scattering import soft_obstacle
from sirenpde.problem.reference import exact_values
from sirenpde.references.scattering import PlaneWave, soft_cylinder

ROOM, K = Box(x=(-0.5, 0.5), y=(-0.5, 0.5)), 20.0
PLACES = np.array([[0.3, 0.2], [-0.25, 0.1], [0.0, -0.3]])


def incident(points):
    return np.exp(-1j * K * points[:, 0])


def test_about_a_circle_they_are_the_series():
    found = soft_obstacle(obstacle("circle", 0.1, ROOM), K, incident, 100)
    series = soft_cylinder(K, 0.1, PlaneWave(), ROOM.axes).scattered
    exact = exact_values(series, ROOM.axes, torch.from_numpy(PLACES), {}).numpy()
    assert found.misfit < 1e-12
    assert np.abs(found.at(PLACES) - exact).max() < 1e-12


def test_with_corners_too_they_miss_little_of_the_boundary_values():
    fewer, more = (soft_obstacle(obstacle("square", 0.1, ROOM), K, incident, n) for n in (100, 150))
    assert more.misfit < 1e-5
    assert np.abs(fewer.at(PLACES) - more.at(PLACES)).max() < 1e-6
