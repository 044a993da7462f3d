"""Shapes where a function is negative: formulas of torch and numpy, and fields that were solved for."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from boxes import seeded

from sirenpde import (
    Ball,
    Box,
    Ellipse,
    Ellipsoid,
    Field,
    Implicit,
    Problem,
    TriangleMesh,
    laplacian,
    on,
    solve,
)

SQUARE = Box(x=(-2, 2), y=(-2, 2))
CUBE = Box(x=(-2, 2), y=(-2, 2), z=(-2, 2))


def norm(points):
    return points.norm(dim=1) - 1


def in_numpy(points):
    return np.asarray(points)[:, 0] ** 2 + 4 * np.asarray(points)[:, 1] ** 2 - 1


SHAPES = {
    "disk": (Implicit(norm, SQUARE), math.pi, 2 * math.pi),
    "half disk": (Implicit(norm, Box(x=(-2, 2), y=(0, 2))), math.pi / 2, math.pi + 2),
    "ellipse in numpy": (Implicit(in_numpy, SQUARE), math.pi / 2, Ellipse(radii=(1, 0.5)).boundary().measure),
    "ball": (Implicit(norm, CUBE), 4 / 3 * math.pi, 4 * math.pi),
    "half ball": (Implicit(norm, Box(x=(-2, 2), y=(-2, 2), z=(0, 2))), 2 / 3 * math.pi, 3 * math.pi),
    "far from a distance": (
        Implicit(lambda p: 1e3 * (p[:, 0] ** 2 + p[:, 1] ** 2 + p[:, 2] ** 2 / 2.25 - 1), CUBE),
        2 * math.pi,
        Ellipsoid(radii=(1, 1, 1.5)).boundary().measure,
    ),
}
every_shape = pytest.mark.parametrize("name", SHAPES)


@every_shape
def test_measures(name: str) -> None:
    shape, measure, around = SHAPES[name]
    assert shape.measure == pytest.approx(measure, rel=5e-6)
    assert shape.boundary().measure == pytest.approx(around, rel=5e-6)


@every_shape
def test_samples_are_on_the_zero_with_outward_normals(name: str) -> None:
    shape, measure, around = SHAPES[name]
    points, data = shape.boundary().draw(4000, seeded())
    normals = data["normal"]
    assert shape.level(points).abs().max() < 1e-14
    assert (normals.norm(dim=1) - 1).abs().max() < 1e-14
    assert bool((shape.level(points + 1e-7 * normals) > 0).all())
    assert bool((shape.level(points - 1e-7 * normals) < 0).all())
    flux = around * (points * normals).sum(1).mean() / shape.dimension
    assert float(flux) == pytest.approx(measure, rel=0.01)
    inside, _ = shape.draw(2000, seeded())
    assert bool((shape.function(inside) < 0).all())


def test_normals_are_those_of_the_sphere() -> None:
    points, data = SHAPES["ball"][0].boundary().draw(1000, seeded())
    assert (points - data["normal"]).abs().max() < 1e-14
    points, data = SHAPES["ellipse in numpy"][0].boundary().draw(1000, seeded())
    exact = points * torch.tensor([1.0, 4.0])
    assert (exact / exact.norm(dim=1, keepdim=True) - data["normal"]).abs().max() < 1e-9


def test_samples_are_uniform() -> None:
    points, _ = SHAPES["ball"][0].boundary().draw(20_000, seeded())
    heights = torch.histc(points[:, 2], 20, -1, 1) / 1000  # Archimedes
    assert (heights - 1).abs().max() < 0.06
    points, _ = SHAPES["disk"][0].boundary().draw(20_000, seeded())
    angles = torch.histc(torch.atan2(points[:, 1], points[:, 0]), 20, -math.pi, math.pi) / 1000
    assert (angles - 1).abs().max() < 0.03


def test_it_combines_with_other_shapes() -> None:
    lens = Implicit(norm, CUBE) & Ball((1, 0, 0))
    points, _ = lens.boundary().draw(500, seeded())
    assert lens.level(points).abs().max() < 1e-14
    assert lens.measure == pytest.approx(5 / 12 * math.pi, rel=0.01)
    assert TriangleMesh.of(lens, 24).measure == pytest.approx(lens.measure, rel=0.03)


def test_a_solved_field_is_a_shape() -> None:
    """u'' = -4 in the plane with u = 1 - x² - y² around: where it is above 1/2."""
    box = Box(x=(-1, 1), y=(-1, 1))
    x, y = box.axes
    u = Field("u", box)

    def exact(p):
        return 1 - x(p) ** 2 - y(p) ** 2

    inside = on(box, samples=600, name="inside")(lambda p: laplacian(u)(p) + 4)
    rim = on(box.boundary(), samples=200, weight=100, name="rim")(lambda p: u(p) - exact(p))
    solution = solve(Problem(inside, rim))
    warm = Implicit(lambda points: 0.5 - solution[u](points), box)
    points, data = warm.boundary().draw(200, seeded())
    assert (points.norm(dim=1) - 0.5**0.5).abs().max() < 1e-9
    assert (points / 0.5**0.5 - data["normal"]).abs().max() < 1e-7
    assert warm.measure == pytest.approx(math.pi / 2, rel=1e-5)
    bare = Implicit(solution[u], Box(x=(-1, 1), y=(-1, 1)))  # the corners
    assert bare.measure == pytest.approx(4 - math.pi, rel=1e-3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Implicit(lambda p: p.norm(dim=1) + 1, SQUARE),
            r"not negative at all 4096 points .* from 1\.\d+ to",
        ),
        (
            lambda: Implicit(lambda p: p.norm(dim=1) - 9, SQUARE),
            "is negative at all 4096 points .* Widen the box",
        ),
        (
            lambda: Implicit(lambda p: p - 1, SQUARE),
            r"gave shape \(4096, 2\) for points \(4096, 2\); expected",
        ),
        (lambda: Implicit(lambda p: p[:, 0].log(), SQUARE), "gave values that are not finite"),
        (lambda: Implicit(norm, Box(x=(0, 1))), "expected one of two or three axes"),
        (lambda: Implicit(norm, CUBE.at(z=0)), "none of them held fixed"),
    ],
)
def test_errors_teach(make, message) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_what_is_no_function_is_refused() -> None:
    with pytest.raises(TypeError, match="was given 3; expected a function of points"):
        Implicit(3, SQUARE)  # type: ignore[arg-type]
