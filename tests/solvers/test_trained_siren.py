"""The trained network that the ladder sizes: as fast as the data, as wide as they need."""

import math

import numpy as np
import pytest
import torch

from sirenpde import Box, D, Field, PixelGrid, Problem, Recording, Siren, laplacian, on, solve
from sirenpde.problem.load import build, find, load
from sirenpde.solvers.ladder import choose
from sirenpde.solvers.trained_siren import bandwidth, siren_of


def poisson(f, low=-1.0, high=1.0) -> Problem:
    box = Box(x=(low, high), y=(low, high))
    u = Field("u", box)
    equation = on(box, 100, name="poisson")(lambda p: laplacian(u)(p) - f(*p.coords))
    return Problem(equation, on(box.boundary(), 40, name="walls")(u))


DATA = {
    "a sine": (lambda x, y: torch.sin(20 * x), 20.0),
    "of any size": (lambda x, y: 1e-9 * torch.sin(20 * x), 20.0),
    "along the faster axis": (lambda x, y: torch.sin(3 * x) * torch.cos(15 * y), 15.0),
    "a narrow pulse": (lambda x, y: torch.exp(-((x / 0.1) ** 2) / 2) + 0 * y, 13.0),  # 1.3 / σ
    "with a jump": (lambda x, y: torch.sin(20 * x) + torch.where(y > 0.3, 1.0, 0.0), 20.0),
    "constant": (lambda x, y: 2 + 0 * x, 0.0),
    "linear": (lambda x, y: 1 + 3 * x, 0.0),
}


@pytest.mark.parametrize(("f", "expected"), DATA.values(), ids=list(DATA))
def test_the_bandwidth_is_that_of_the_data(f, expected):
    assert bandwidth(poisson(f)) == pytest.approx(expected, rel=0.25, abs=0.1)


def test_the_bandwidth_counts_in_half_sides():
    assert bandwidth(poisson(lambda x, y: torch.sin(20 * x), 0.0, 0.5)) == pytest.approx(5.0, rel=0.1)


@pytest.mark.parametrize("speed", [1.0, 40.0])
def test_in_time_fields_are_as_fast_as_the_equation_makes_their_start(speed):
    problem = build(load(find("convection")), {"speed": speed})
    t = problem.fields[0].axes[0]
    assert bandwidth(problem, t) == pytest.approx(max(math.pi, speed / 2), rel=0.05)  # half of t in (0, 1)
    assert bandwidth(problem) == pytest.approx(math.pi, rel=0.05)


@pytest.mark.parametrize(
    ("name", "flags", "omega"),
    [
        ("poisson_square", {}, 4.0),
        ("helmholtz_modes", {"modes": (1, 4)}, 8.0),
        ("helmholtz_modes", {"modes": (10, 10)}, 20.0),
        ("poisson_multiscale", {}, 16.0),
        ("wave_string", {}, 8.4),
        ("burgers", {}, 4.0),
        ("cavity", {}, 4.0),
    ],
)
def test_the_factor_is_near_what_was_best_by_hand(name, flags, omega):
    recipe = choose(build(load(find(name)), flags), None, "siren").recipes.popitem()[1]
    assert recipe.omega == pytest.approx(omega, rel=0.15)


def test_pictures_get_the_network_of_the_paper_and_many_axes_two_layers():
    grid = PixelGrid({"f": torch.rand(120, 100).numpy()})
    u = Field("u", grid)
    assert siren_of(Problem(on(grid, name="keep")(lambda p: u(p) - grid["f"](p)))) == Siren()
    assert siren_of(build(load(find("poisson_5d")), {})) == Siren(48, depth=2, omega=2.5)


def test_it_replaces_networks_and_stages_and_reaches_the_solution():
    line = Box(t=(0, 1))
    u = Field("u", line, Siren(8, depth=1))
    decay = on(line, 60, name="decay")(lambda p: D(u, line.axes[0])(p) + 5 * u(p))
    start = on(line.at(t=0), name="start")(lambda p: u(p) - 1)
    solution = solve(Problem(decay, start), network="siren", steps=60)
    assert "SIREN 2 x 32, omega 4; Gauss-Newton" in solution.choice
    assert abs(float(solution[u]([[1.0]])[0]) - math.exp(-5)) < 1e-8


def test_a_name_that_is_none_is_told():
    with pytest.raises(ValueError, match="network='sirene' was given; expected 'auto', 'siren' or a recipe"):
        choose(poisson(lambda x, y: x), None, "sirene")


def test_recordings_get_a_first_layer_as_fast_as_their_sound():
    """440 Hz over half of two seconds are 2 pi 440 radians; slow ones keep the paper's factor."""
    for frequency, omega in ((440, 2800.0), (1, 30.0)):
        recording = Recording(np.sin(2 * np.pi * frequency * np.arange(4000) / 2000), 2000)
        u = Field("u", recording)
        match = on(recording, name="u = f")(lambda p, u=u, r=recording: u(p) - r["sound"](p))
        assert siren_of(Problem(match)).omega == omega
