"""Scattering by circles, of which the series are known, by other bodies, and waves in layered ground."""

from typing import Any

import numpy as np
import pytest
import torch

from sirenpde import Box, Problem, obstacle, solve
from sirenpde.bench.classical.scattering import soft_obstacle
from sirenpde.problem.load import find, load


def declared(name: str, **flags: Any) -> Problem:
    return load(find(name)).problem(**flags)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "flags"),
    [
        ("scattering", {"angle": 25.0}),
        ("scattering", {"kind": "hard", "source": (0.3, -0.35), "size": 0.15}),
        ("penetrable", {"speed": 2.0}),
    ],
)
def test_about_a_circle_the_field_is_the_series(name, flags):
    (errors,) = solve(declared(name, **flags), tolerance=1e-7).errors.values()
    assert errors["relative_l2"] < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "size", "reach"), [("ellipse", 0.2, 1e-6), ("square", 0.1, 1e-4)])
def test_about_other_shapes_it_is_that_of_fundamental_solutions(shape, size, reach):
    problem, k = declared("scattering", shape=shape, size=size), 20.0
    room = Box(x=(-0.5, 0.5), y=(-0.5, 0.5))
    body = obstacle(shape, size, room)
    points = (room - body).draw(1000, torch.Generator().manual_seed(0))[0].numpy()

    def incident(places):
        return np.exp(-1j * k * places[:, 0])

    exact = soft_obstacle(body, k, incident, 200).at(points) + incident(points)
    (total,) = problem.outputs
    found = np.asarray(solve(problem, tolerance=1e-7)[total](points))
    assert np.linalg.norm(found - exact) < reach * np.linalg.norm(exact)


@pytest.mark.parametrize(
    ("name", "flags", "message"),
    [
        ("scattering", {"size": 0.6}, "reaches from -0.6 to 0.6 along x; expected one inside of -0.5 to 0.5"),
        ("scattering", {"shape": "outline.svg"}, "no file 'outline.svg', and no obstacle of that name"),
        ("scattering", {"source": (0.05, 0.0)}, "lies 0.05 from the centre"),
        ("penetrable", {"shape": "ellipse", "speed": 0.0}, "A body with the speed 0; expected a finite"),
        ("layered_ground", {"depth": 0.5}, "expected one in the water"),
        ("layered_ground", {"frequency": 0.0}, "A wave of 0 Hz; expected a finite frequency above 0"),
    ],
)
def test_what_cannot_be_is_said(name, flags, message):
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        declared(name, **flags)
