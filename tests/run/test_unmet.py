"""Constraints that no field meets are told from those that a network is too coarse for."""

import math

import pytest
import torch

from sirenpde import Box, D, Field, LeastSquares, PointCloud, Problem, SineFeatures, laplacian, on, solve

line, box = Box(s=(0, 1)), Box(x=(0, 1), y=(0, 1))
(s,) = line.axes
x, y = box.axes
ends = on(line.boundary(), name="ends")
v, u = Field("v", line, SineFeatures(60, 4.0)), Field("u", box, SineFeatures(200, 5.0))
edge = on(box.boundary(), 150, name="edge")(u)
across = [on(box.boundary(axis), 100, name=f"d{axis}")(D(u, axis)) for axis in box.axes]


def pde(operator):
    return on(box, 600, name="pde")(operator)


def mode(p):
    return torch.sin(math.pi * x(p)) * torch.sin(math.pi * y(p))


UNMET = {
    "a source that no flux carries away": (pde(lambda p: laplacian(u)(p) - 1), *across),
    "a resonance that is driven": (pde(lambda p: laplacian(u)(p) + 2 * math.pi**2 * u(p) - mode(p)), edge),
    "a condition too many": (
        on(line, 200, name="slope")(lambda p: D(v, s)(p) - 1),
        on(line.boundary(), name="ends")(v),
    ),
}
COARSE = {
    "a source with short waves": (pde(lambda p: laplacian(u)(p) - torch.sin(60 * x(p)) * y(p)), edge),
    "a layer at a wall": (
        pde(lambda p: 1e-3 * laplacian(u)(p) - D(u, x)(p)),
        on(box.boundary(), 150, name="edge")(lambda p: u(p) - torch.sin(math.pi * y(p))),
    ),
    "a sharp peak": (pde(lambda p: laplacian(u)(p) - 1 / (0.01 + x(p) ** 2 + y(p) ** 2)), edge),
}


def said(constraints):
    solution = solve(Problem(*constraints), [LeastSquares()])
    assert solution.status == "rough"
    return [text for text in solution.warnings if text.startswith("No field meets all constraints")]


@pytest.mark.parametrize("name", UNMET)
def test_what_no_field_meets_is_told(name):
    (text,) = said(UNMET[name])
    assert "% of what is left of them stays" in text and "most of it in '" in text


@pytest.mark.parametrize("name", COARSE)
def test_nothing_is_said_of(name):
    assert said(COARSE[name]) == []


def test_nothing_is_said_of_measurements():
    data = PointCloud([[0.2], [0.2], [0.7]], line, {"v": [1.0, 2.0, 3.0]})
    seen = on(data, name="seen")(lambda p: v(p) - data["v"](p))
    assert said((on(line, 100, name="even")(D(v, s)), seen)) == []
