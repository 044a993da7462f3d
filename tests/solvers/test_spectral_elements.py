"""Waves in spectral elements against closed forms: a drum, two layers, open walls, and what the stage refuses."""

import math

import pytest
import torch

from sirenpde import (
    Box,
    D,
    Disk,
    Elements,
    Field,
    Interval,
    Problem,
    SpectralElements,
    dot,
    grad,
    laplacian,
    on,
    solve,
)
from sirenpde.references.membranes import bessel_root, round_wave


def drum():
    """The second mode of a round drum, for half of its period."""
    k = bessel_root(1, 1)
    disk = Disk(radius=1)
    spacetime = disk * Interval(t=(0, math.pi / k))
    x, y, t = spacetime.axes
    u, mode = Field("u", spacetime), round_wave(1, k, (x, y))
    rim = disk.boundary() * Interval(t=(0, math.pi / k))
    return Problem(
        on(spacetime, samples=300, name="wave")(lambda p: D(u, t, t)(p) - laplacian(u, x, y)(p)),
        on(rim, samples=100, name="rim")(lambda p: u(p)),
        on(spacetime.at(t=0), samples=100, name="shape")(lambda p: u(p) - mode(p)),
        on(spacetime.at(t=0), samples=100, name="rest")(lambda p: D(u, t)(p)),
        reference={u: lambda p: mode(p) * torch.cos(k * t(p))},
    ), t


def layers(speed=0.5, duration=1.0):
    """A pulse in one axis of space that meets another speed at x = 0; all that leaves goes out through the walls."""
    box = Box(t=(0, duration), x=(-1, 1))
    (t, x), u = box.axes, Field("u", box)
    back = (1 - 1 / speed) / (1 + 1 / speed)  # of u, whose slope is continuous
    walls = box.boundary("x")

    def bell(s):
        return torch.exp(-((s + 0.45) ** 2) / (2 * 0.06**2))

    def exact(p):
        left = bell(x(p) - t(p)) + back * bell(-x(p) - t(p))
        return torch.where(x(p) < 0, left, (1 + back) * bell(x(p) / speed - t(p)))

    def c(p):
        return torch.where(x(p) < 0, 1.0, speed)

    return Problem(
        on(box, samples=400, name="wave")(lambda p: D(u, t, t)(p) - c(p) ** 2 * D(u, x, x)(p)),
        on(walls, samples=50, name="open")(lambda p: D(u, t)(p) + c(p) * dot(walls.normal(p), grad(u)(p))),
        on(box.at(t=0), samples=100, name="shape")(lambda p: u(p) - exact(p)),
        on(box.at(t=0), samples=100, name="motion")(lambda p: D(u, t)(p) - D(exact, t)(p)),
        reference={u: exact},
    ), t


def test_a_drum_swings_and_keeps_its_energy():
    problem, t = drum()
    solution = solve(problem, [SpectralElements(t, order=9, cells=3)])
    (stage,) = solution.stages
    assert solution.errors["u"]["relative_l2"] < 1e-7
    assert float(stage.reason.split("the energy changed by ")[1].split()[0]) < 1e-12


def test_orders_grow_until_two_agree():
    problem, t = drum()
    (stage,) = solve(problem, [SpectralElements(t, tolerance=1e-5, cells=3)]).stages
    assert stage.difference is not None and stage.difference < 1e-5 and stage.steps > 1


@pytest.mark.parametrize("speed", [0.5, 2.0])
def test_a_jump_throws_back_and_open_walls_let_out(speed):
    problem, t = layers(speed)
    solution = solve(problem, [SpectralElements(t, tolerance=1e-6)])
    assert solution.errors["u"]["relative_l2"] < 1e-7


def test_nothing_comes_back_from_open_walls():
    problem, t = layers(2.0, duration=3.0)
    solution = solve(problem, [SpectralElements(t, tolerance=1e-6)])
    u = problem.fields[0]
    left = torch.tensor([[3.0, -0.5], [3.0, 0.1], [3.0, 0.9]], dtype=torch.float64)
    assert float(solution[u](left).abs().max()) < 1e-7


def test_a_declared_network_is_solved_by_the_stage():
    problem, _ = layers()
    assert solve(problem, network=Elements()).stages[0].name == "spectral elements along t"


def test_a_run_goes_on_from_its_values():
    problem, t = drum()
    stages = [SpectralElements(t, order=5, cells=2)]
    solution = solve(problem, stages)
    again = solve(problem, stages, resume=solution.snapshot())
    assert again.errors == solution.errors


def test_an_order_that_is_too_low_names_one_that_does():
    problem, t = layers()
    with pytest.raises(
        ValueError, match=r"Polynomials of order 2 in cells of 0\.333 .* Give order=\d+ or more"
    ):
        solve(problem, [SpectralElements(t, order=2, cells=6)])


@pytest.mark.parametrize("wrong", [{"tolerance": 0.0}, {"order": 0}, {"cells": 2.5}])
def test_arguments_are_checked(wrong):
    with pytest.raises(ValueError, match="expected a positive tolerance, and whole numbers above 0"):
        SpectralElements("t", **wrong)
