"""What is and what is not a wave equation, and what is said of the latter."""

import pytest
import torch

from sirenpde import Box, D, Field, Problem, SpectralElements, dot, grad, laplacian, on, solve
from sirenpde.residuals.unfit import Unfit
from sirenpde.solvers.waves.form import NoWaves, are_waves, parts_of

BOX = Box(t=(0, 1), x=(0, 1), y=(0, 1))
t, x, y = BOX.axes
WALLS = BOX.boundary("x", "y")


def waves(equation=None, wall=None, extra=()):
    """u_tt = Δu in a box, or another equation of u and a point, or another condition on the walls."""
    u = Field("u", BOX)
    equation = equation or (lambda u, p: D(u, t, t)(p) - laplacian(u, x, y)(p))
    wall = wall or (lambda u, p: u(p))
    made = [
        on(BOX, samples=50, name="wave")(lambda p: equation(u, p)),
        on(WALLS, samples=50, name="wall")(lambda p: wall(u, p)),
        on(BOX.at(t=0), samples=50, name="shape")(lambda p: u(p) - x(p) * (1 - x(p)) * y(p) * (1 - y(p))),
        on(BOX.at(t=0), samples=50, name="rest")(lambda p: D(u, t)(p)),
    ]
    return Problem(
        *made, *(on(domain, samples=9, name=f"extra {i}")(lambda p: u(p)) for i, domain in enumerate(extra))
    )


def refused(problem):
    with pytest.raises((Unfit, ValueError)) as error:
        solve(problem, [SpectralElements(t, order=4, cells=2)])
    return str(error.value)


def test_parts_are_told_apart():
    parts = parts_of(waves(), t)
    assert (parts.equations, parts.walls, parts.start) == ((0,), (1,), (2, 3))
    assert are_waves(waves(), t)


@pytest.mark.parametrize(
    "equation",
    [
        lambda u, p: D(u, t)(p) - laplacian(u, x, y)(p),
        lambda u, p: D(u, t, t)(p) - D(u, t, x)(p) - laplacian(u, x, y)(p),
        lambda u, p: D(u, t, t)(p) + laplacian(laplacian(u, x, y), x, y)(p),
    ],
    ids=["heat", "carried", "plate"],
)
def test_other_equations_are_none(equation):
    assert not are_waves(waves(equation), t)


def test_a_speed_is_positive():
    wrong = waves(lambda u, p: D(u, t, t)(p) + laplacian(u, x, y)(p))
    assert "The square of the waves' speed is -1 at" in refused(wrong)
    zero = waves(lambda u, p: D(u, t, t)(p) - torch.relu(x(p) - 0.5) * laplacian(u, x, y)(p))
    assert "The square of the waves' speed is 0 at" in refused(zero)


def test_media_are_at_rest():
    moving = waves(lambda u, p: D(u, t, t)(p) - (2 + torch.sin(t(p))) * laplacian(u, x, y)(p))
    assert "depend on time; expected a medium at rest" in refused(moving)


def test_there_is_an_energy():
    wind = waves(lambda u, p: D(u, t, t)(p) - laplacian(u, x, y)(p) - 3 * y(p) * D(u, x)(p))
    assert "neither u_tt = c² Δu nor u_tt = div(c² ∇u)" in refused(wind)


def test_walls_have_conditions():
    slanted = waves(wall=lambda u, p: dot(WALLS.normal(p), grad(u)(p)) + 0.5 * D(u, x)(p) + 0.5 * D(u, y)(p))
    assert "not along its normal" in refused(slanted)
    box = Box(t=(0, 1), x=(0, 1), y=(0, 1))
    u = Field("u", box)
    bare = Problem(
        on(box, samples=50, name="wave")(lambda p: D(u, t, t)(p) - laplacian(u, x, y)(p)),
        on(box.boundary("x"), samples=50, name="wall")(lambda p: u(p)),
        on(box.at(t=0), samples=50, name="shape")(lambda p: u(p) - x(p)),
        on(box.at(t=0), samples=50, name="rest")(lambda p: D(u, t)(p)),
    )
    assert "No constraint holds on the wall at" in refused(bare)


def test_later_data_are_refused():
    with pytest.raises(NoWaves, match=r"'extra 0' holds at t = 0\.5, after the start"):
        parts_of(waves(extra=[BOX.at(t=0.5)]), t)
