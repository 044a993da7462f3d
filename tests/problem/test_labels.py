"""Names of components and units: where they are kept, and what is refused."""

import pytest
import torch

from sirenpde import Box, Field, Problem, grad, on

plane = Box(x=(0, 1), y=(0, 1))
x, y = plane.axes
v = Field("v", plane, shape=(2,))
s = Field("s", plane)


@on(plane, samples=10)
def here(p):
    return torch.stack([*v(p), s(p)])


def stress(p):
    return grad(v)(p)


def problem(**labels):
    return Problem(here, outputs=(v, stress), **labels)


def test_components_and_units_are_kept_by_what_they_belong_to():
    labels = problem(
        components={v: ("vx", "vy"), stress: ("sxx", "sxy", "syx", "syy")},
        units={v: "m/s", stress: "Pa", s: "K", x: "mm"},
    ).labels
    assert labels.components == {v: ("vx", "vy"), stress: ("sxx", "sxy", "syx", "syy")}
    assert labels.units == {v: "m/s", stress: "Pa", s: "K"} and labels.axes == {"x": "mm"}
    assert problem().labels.components == {}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"components": {v: ("vx",)}}, "gives 1 names for v, whose shape is \\(2,\\); expected 2"),
        ({"components": {stress: ("a", "b", "c")}}, "gives 3 names for stress.*expected 4"),
        ({"components": {s: ("a",)}}, "whose shape is \\(\\); expected none"),
        ({"components": {v: ("vx", "vx")}}, "expected different names"),
        ({"components": {v: "xy"}}, "expected different names"),
        ({"components": {"v": ("vx", "vy")}}, "names 'v', which is no field or output"),
        ({"components": ("vx", "vy")}, "expected a dictionary"),
        ({"units": {v: 3}}, "expected a unit as a word"),
        (
            {"units": {Box(z=(0, 1)).axes[0]: "m"}},
            "names the axis z, which is no axis.*axes x, y, or of v, s",
        ),
        ({"units": "m"}, "fields, outputs or axes themselves"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_remedy(given, words):
    with pytest.raises((TypeError, ValueError), match=words):
        problem(**given)
