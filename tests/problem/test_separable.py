"""Which boxes can be taken apart along their axes."""

import pytest

from sirenpde import Box, D, Field, Problem, laplacian, on

BOX = Box(t=(0, 1), x=(0, 1), y=(0, 1))
T, X, Y = BOX.axes


def made(inside, *conditions, shape=(), periodic=()):
    u = Field("u", BOX, shape=shape, periodic=periodic)
    constraints = [on(BOX, samples=10, name="inside")(inside(u))]
    constraints += [
        on(domain, samples=10, name=f"condition {i}")(what(u)) for i, (domain, what) in enumerate(conditions)
    ]
    return Problem(*constraints).traits.separable


def heat(u):
    return lambda p: D(u, T)(p) - laplacian(u, X, Y)(p)


def wave(u):
    return lambda p: D(u, T, T)(p) - laplacian(u, X, Y)(p)


def value(u):
    return u


def rate(u):
    return D(u, T)


START, SIDES = (BOX.at(t=0), value), (BOX.boundary("x", "y"), value)


@pytest.mark.parametrize(
    ("arguments", "options", "expected"),
    [
        ((heat, START, SIDES), {}, True),
        ((heat, START), {}, False),
        ((heat, SIDES), {}, False),
        ((heat, START, SIDES), {"shape": (2,)}, True),
        ((heat, START, (BOX.boundary("x"), value)), {"periodic": (Y,)}, True),
        ((heat, START, (BOX.boundary("x"), value)), {"periodic": (X, Y)}, False),
        ((wave, START, SIDES), {}, False),
        ((wave, START, (BOX.at(t=0), rate), SIDES), {}, True),
        ((wave, START, (BOX.at(t=1), value), SIDES), {}, True),
        ((heat, START, SIDES, (BOX.at(x=0, y=0), value)), {}, False),
        ((heat, START, SIDES, (BOX, value)), {}, False),
    ],
)
def test_conditions_are_counted_across_every_axis(arguments, options, expected):
    assert made(*arguments, **options) is expected
