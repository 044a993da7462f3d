"""What the ladder asks of a problem: squares, affine, an evolution, a family, axes of space, products."""

import pytest
from ladder_problems import bratu, burgers, decays, disk, fredholm, heat, picture, poisson, unknown_rate

from sirenpde import Box, D, Disk, Field, Interval, Problem, l1, laplacian, on

# Each problem, the axis it evolves along, and what is true of it.
TRAITS = {
    "affine": (lambda: poisson(), None, "smooth affine alike tensor products separable"),
    "many axes": (lambda: poisson(axes=5), None, "smooth affine alike wide products"),
    "absolute values": (lambda: poisson(loss=l1), None, "alike tensor products separable"),
    "nonlinear": (lambda: bratu(), None, "smooth alike tensor products separable"),
    "evolution": (lambda: burgers(), "t", "smooth alike tensor products"),
    "known at the end": (lambda: burgers(known_at=0.2), None, "smooth alike tensor products"),
    "heat on a line": (lambda: heat(axes=1), "t", "smooth affine alike tensor products separable"),
    "heat in a square": (lambda: heat(), "t", "smooth affine alike wide tensor products separable"),
    "a family": (lambda: decays(), "t", "smooth alike family tensor products separable"),
    "an affine family": (
        lambda: decays(power=1),
        "t",
        "smooth affine alike family tensor products separable",
    ),
    "one equation": (lambda: decays(family=False), "t", "smooth alike tensor products"),
    "fields on other axes": (lambda: decays(family=False, other=True), "t", "smooth products"),
    "evolution on a disk": (lambda: disk(), "t", "smooth alike wide"),
    "a picture": (lambda: picture(), None, "smooth affine alike family products"),
    "an integral": (lambda: fredholm(), None, "smooth affine alike family products"),
    "an unknown number": (lambda: unknown_rate(), None, "smooth alike"),
}


@pytest.mark.parametrize(("declare", "time", "true"), TRAITS.values(), ids=list(TRAITS))
def test_the_traits_of(declare, time, true):
    traits = vars(declare().traits)
    assert (traits["time"].name if traits["time"] else None) == time
    assert {name for name, holds in traits.items() if name != "time" and holds} == set(true.split())


def test_a_side_of_a_shape_without_slices_is_no_start():
    square = Box(x=(-1, 1), y=(-1, 1))
    plate = square - Disk(radius=0.3)
    u = Field("u", plate)
    left = on(plate.boundary(where=lambda p: p[:, 0] == -1, name="left"), samples=20)(u)
    problem = Problem(on(plate, samples=50, name="laplace")(laplacian(u)), left)
    assert problem.traits.time is None
    spacetime = plate * Interval(t=(0, 1))
    v = Field("v", spacetime)
    heat = on(spacetime, samples=50, name="heat")(lambda p: D(v, spacetime.axes[2])(p) - laplacian(v)(p))
    start = on(spacetime.at(t=0), samples=20, name="start")(v)
    assert str(Problem(heat, start).traits.time) == "t"
