"""Waves in time, against closed forms in one axis of space, where runs are short."""

import math

import pytest
import torch

from sirenpde import Box, D, Field, Problem, SpectralElements, dot, grad, on, solve


def string(duration=1.0, damping=0.0, source=0.0, ends="held", speed=1.0):
    """u = cos kx ... between two ends, or what is asked for; returns the problem and its field."""
    box = Box(t=(0, duration), x=(0, 1))
    t, x = box.axes
    u, start, walls = Field("u", box), box.at(t=0), box.boundary("x")
    k = math.pi
    swing = math.sqrt((speed * k) ** 2 - damping**2 / 4)

    def shape(p):
        return torch.sin(k * x(p)) if ends == "held" else torch.cos(k * x(p))

    def exact(p):
        fall = torch.exp(-damping * t(p) / 2)
        turn = torch.cos(swing * t(p)) + damping / (2 * swing) * torch.sin(swing * t(p))
        rest = (speed * k) ** 2 - 4
        driven = (torch.sin(2 * t(p)) - 2 / (speed * k) * torch.sin(speed * k * t(p))) / rest
        return shape(p) * (fall * turn + source * driven)

    @on(box, samples=200)
    def wave(p):
        moved = D(u, t, t)(p) + damping * D(u, t)(p) - speed**2 * D(u, x, x)(p)
        return moved - source * torch.sin(2 * t(p)) * shape(p)

    @on(walls, samples=20)
    def wall(p):
        return u(p) if ends == "held" else dot(walls.normal(p), grad(u)(p))

    @on(start, samples=20)
    def begin(p):
        return u(p) - shape(p)

    @on(start, samples=20)
    def rest(p):
        return D(u, t)(p)

    return Problem(wave, wall, begin, rest, reference={u: exact}), t


@pytest.mark.parametrize(
    "case",
    [
        {},
        {"ends": "free"},
        {"damping": 1.5},
        {"source": 3.0, "ends": "free"},
        {"duration": 4.0, "speed": 2.0},
    ],
    ids=str,
)
def test_strings_swing_as_they_do(case):
    problem, t = string(**case)
    solution = solve(problem, [SpectralElements(t)])
    assert solution.errors["u"]["relative_l2"] < 1e-9
    assert solution.status == "solved"


def test_the_energy_stays():
    problem, t = string(duration=2.0)
    (stage,) = solve(problem, [SpectralElements(t)]).stages
    assert "the energy changed by" in stage.reason
    assert float(stage.reason.split("the energy changed by ")[1].split()[0]) < 1e-12
