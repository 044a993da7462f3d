"""Problems whose short waves grow without bound are told; those where growth is bounded are not."""

import pytest
import torch

from sirenpde import Box, D, Disk, Field, Interval, Problem, diagnosis, grad, laplacian, on, solve
from sirenpde.diagnosis.illposed import ill_posed

box = Box(t=(0, 1), y=(0, 2))
t, y = box.axes
w, v, z = Field("w", box), Field("v", box), Field("z", box, dtype=complex)
start, end = on(box.at(t=0), 9, name="start")(w), on(box.at(t=1), 9, name="end")(w)
speed, walls = on(box.at(t=0), 9, name="speed")(D(w, t)), on(box.boundary("y"), 9, name="walls")(w)
foot, slope = on(box.at(y=0), 9, name="foot")(w), on(box.at(y=0), 9, name="slope")(D(w, y))
pair = on(box.at(t=0), 9, name="start")(lambda p: torch.stack([w(p), v(p)]))


def pde(operator):
    return on(box, 99, name="pde")(operator)


heat, backward = pde(lambda p: D(w, t)(p) - D(w, y, y)(p)), pde(lambda p: D(w, t)(p) + D(w, y, y)(p))

cylinder = Disk() * Interval(t=(0, 1))
q, last = Field("q", cylinder), cylinder.axes[-1]
side = on(cylinder.boundary("x", "y"), 9, name="side")(q)
disk_start, disk_end = on(cylinder.at(t=0), 9, name="start")(q), on(cylinder.at(t=1), 9, name="end")(q)
disk_heat = on(cylinder, 99, name="pde")(lambda p: D(q, last)(p) - laplacian(q, *cylinder.axes[:2])(p))

GROWING = {
    "a final temperature on a disk": (
        (disk_heat, disk_end, side),
        "along t there are conditions at t = 1 alone",
    ),
    "the heat equation backward": ((backward, start, walls), "along t there are conditions at t = 0 alone"),
    "a final temperature": ((heat, end, walls), "along t there are conditions at t = 1 alone"),
    "Laplace from one side": ((pde(laplacian(w)), start, speed, walls), "at t = 0 alone"),
    "heat from one side": ((heat, start, foot, slope), "along y there are conditions at y = 0 alone"),
    "Cauchy and Riemann": (
        (pde(lambda p: torch.stack([D(w, t)(p) - D(v, y)(p), D(v, t)(p) + D(w, y)(p)])), pair, walls),
        "at t = 0 alone",
    ),
    "a beam of the wrong sign": (
        (pde(lambda p: D(w, t, t)(p) - D(w, y, y, y, y)(p)), start, speed, walls),
        "along t there are conditions at t = 0 alone",
    ),
    "diffusion that is negative": (
        (pde(lambda p: D(w, t)(p) + D(lambda q: w(q) ** 2 * D(w, y)(q), y)(p)), start, walls),
        "at t = 0 alone",
    ),
}
BOUNDED = {
    "heat on a disk": (disk_heat, disk_start, side),
    "heat": (heat, start, walls),
    "heat backward from the end": (backward, end, walls),
    "Laplace": (pde(laplacian(w)), start, end, walls),
    "Laplace with a condition missing": (pde(laplacian(w)), start, walls),
    "a wave": (pde(lambda p: D(w, t, t)(p) - D(w, y, y)(p)), start, speed, walls),
    "a wave as a system": (
        pde(lambda p: torch.stack([D(w, t)(p) - D(v, y)(p), D(v, t)(p) - D(w, y)(p)])),
        pair,
        walls,
    ),
    "a beam": (pde(lambda p: D(w, t, t)(p) + D(w, y, y, y, y)(p)), start, speed, walls),
    "growth of all waves alike": (pde(lambda p: D(w, t)(p) - 50 * w(p)), start),
    "short waves that are damped": (
        pde(lambda p: D(w, t)(p) + w(p) * D(w, y)(p) + D(w, y, y)(p) + D(w, y, y, y, y)(p)),
        start,
        walls,
    ),
    "dispersion": (pde(lambda p: D(w, t)(p) + w(p) * D(w, y)(p) + D(w, y, y, y)(p)), start, walls),
    "Schrödinger": (
        pde(lambda p: 1j * D(z, t)(p) + D(z, y, y)(p)),
        on(box.at(t=0), 9, name="start")(z),
        on(box.boundary("y"), 9, name="walls")(z),
    ),
    "a porous medium": (
        pde(lambda p: D(w, t)(p) - D(lambda q: w(q) ** 2 * D(w, y)(q), y)(p)),
        start,
        walls,
    ),
}


@pytest.mark.parametrize("name", GROWING)
def test_unbounded_growth_is_told(name):
    constraints, words = GROWING[name]
    (said,) = ill_posed(Problem(*constraints))
    assert said.startswith("The problem is ill-posed: ") and words in said


@pytest.mark.parametrize("name", BOUNDED)
def test_nothing_is_said_of(name):
    assert ill_posed(Problem(*BOUNDED[name])) == []


def test_the_growth_is_that_of_the_symbol():
    # Waves of length 2 · 2 / 128 grow by k² in a time of 1, k = 64 π.
    assert f"e^{(64 * torch.pi) ** 2:.0f}" in ill_posed(Problem(backward, start, walls))[0]


def test_unsteady_flow_is_well_posed():
    space = Box(t=(0, 1), x=(0, 1), y=(0, 1))
    t, x, y = space.axes
    u, q = Field("u", space, shape=(2,)), Field("q", space)

    def flow(p):
        slopes = grad(u, x, y)(p)
        momentum = D(u, t)(p) + slopes @ u(p) + grad(q, x, y)(p) - 0.01 * laplacian(u, x, y)(p)
        return torch.stack([*momentum, slopes[0, 0] + slopes[1, 1]])

    still = on(space.at(t=0), 9, name="start")(u), on(space.boundary("x", "y"), 9, name="walls")(u)
    assert diagnosis.warnings(Problem(on(space, 99, name="flow")(flow), *still)) == []


def test_solve_says_it_first():
    w = Field("w", box)
    constraints = (
        on(box, 200, name="pde")(lambda p: D(w, t)(p) + D(w, y, y)(p)),
        on(box.at(t=0), 30, name="start")(lambda p: w(p) - torch.sin(torch.pi * y(p))),
        on(box.boundary("y"), 30, name="walls")(w),
    )
    assert solve(Problem(*constraints), budget=1).warnings[0].startswith("The problem is ill-posed: along t")
