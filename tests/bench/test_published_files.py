"""What a suite's file of values allows, on a line where both distances are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from sirenpde import Box, Field, PointCloud, Problem, Reference, laplacian, on, solve
from sirenpde.bench.published_files import beside_the_file

LINE = Box(x=(0, 1))
(X,) = LINE.axes
NODES = np.linspace(0, 1, 11)
PARABOLA = NODES * (1 - NODES)


def solved(known: Reference, factor: float = 2.0):
    u = Field("u", LINE)
    bending = on(LINE, samples=40, name="u'' = -f")(lambda p: laplacian(u)(p) + factor)
    ends = on(LINE.boundary(), samples=2, name="ends")(u)
    return solve(Problem(bending, ends, reference={u: known}))


def test_floor_and_distance_are_those_of_the_file():
    published = 1.01 * PARABOLA
    cloud = PointCloud(NODES[:, None], LINE, {"certified": PARABOLA, "published": published})
    found = beside_the_file(solved(Reference(cloud["certified"], cloud)))
    assert found["floor"] == pytest.approx(0.01, rel=1e-9)
    assert found["to_file"] == pytest.approx(0.01 / 1.01, rel=1e-9)


def test_a_closed_form_is_compared_on_the_nodes_and_blanks_do_not_count():
    published = torch.from_numpy(1.01 * PARABOLA)
    cloud = PointCloud(NODES[:, None], LINE, {"published": torch.zeros(11)})
    published[3] = math.nan
    cloud.data["published"][:] = published
    found = beside_the_file(solved(Reference(lambda p: X(p) * (1 - X(p)), cloud), factor=4.0))
    assert found["floor"] == pytest.approx(0.01, rel=1e-9)
    assert found["to_file"] == pytest.approx(0.99 / 1.01, rel=1e-9)  # twice the parabola


def test_without_a_file_nothing_is_said():
    assert beside_the_file(solved(Reference(lambda p: X(p) * (1 - X(p))))) == {}
