"""Fields along rays and on whole grids, as terms of constraints."""

import math

import numpy as np
import pytest
import torch

from sirenpde import (
    Box,
    D,
    Field,
    LeastSquares,
    PixelGrid,
    Problem,
    Rays,
    SineFeatures,
    Whole,
    along,
    everywhere,
    line_integral,
    on,
    solve,
)  # fmt: skip
from sirenpde.problem.probe import ConstraintError

plane = Box(x=(-1, 1), y=(-1, 1))
x, y = plane.axes


def test_a_field_is_found_from_its_projections():
    """exp(-4 r²) from the exact integrals over the chords of a square: √π/2 exp(-4 s²) erf(2 l) in units of 1/2."""
    u = Field("u", plane, SineFeatures(200, bandwidth=7.0))
    beams = Rays.parallel(plane, np.linspace(0, math.pi, 13)[:-1], 24, nodes=40)
    near, far = (torch.as_tensor(ends) for ends in (beams.near, beams.far))
    middle = -((beams.origins * beams.directions).sum(1))  # where a ray is nearest to the centre
    ends = torch.erf(2 * (far - middle)) - torch.erf(2 * (near - middle))
    seen = math.sqrt(math.pi) / 4 * torch.exp(-4 * beams.data["offset"] ** 2) * ends
    rays = Rays(beams.origins, beams.directions, plane, data={"seen": seen}, nodes=40, rule="gauss")

    @on(rays)
    def projection(p):
        return line_integral(u)(p) - rays["seen"](p)

    found = solve(Problem(projection), [LeastSquares()])[u]
    points = torch.tensor([[0.0, 0.0], [0.3, -0.2], [0.5, 0.5]], dtype=torch.float64)
    exact = torch.exp(-4 * points.square().sum(1))
    assert float((found(points) - exact).abs().max()) < 1e-2


def test_a_picture_is_found_from_its_row_sums_and_column_sums():
    grid = PixelGrid({"scene": np.add.outer([1.0, 0, 2, 1], [0.0, 3, 1])})
    u = Field("u", grid, SineFeatures(40, bandwidth=4.0))
    whole = Whole(grid)

    @on(whole)
    def sums(p):
        difference = (everywhere(u)(p) - grid["scene"](p)).reshape(4, 3)
        return torch.cat([difference.sum(0), difference.sum(1)])

    assert sums.count == 1
    found = solve(Problem(sums), [LeastSquares()])[u](grid.points).reshape(4, 3)
    scene = grid.images["scene"]
    assert torch.allclose(found.sum(0), scene.sum(0), atol=1e-6)
    assert torch.allclose(found.sum(1), scene.sum(1), atol=1e-6)


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda u, w: on(plane, 5)(lambda p: line_integral(u)(p)), "Declare the constraint on Rays"),
        (lambda u, w: on(w)(lambda p: D(lambda q: everywhere(u)(q)[0], x)(p)), "in place of D\\(everywhere"),
        (lambda u, w: on(w)(lambda p: everywhere(lambda q: u(q) * w["own"](q))(p)), "expected a row for each"),
    ],
)  # fmt: skip
def test_what_is_read_in_the_wrong_place_is_said(write, said):
    whole = Whole(plane.nodes(3), {"own": [1.0, 2.0]})
    u = Field("u", plane)
    with pytest.raises(ConstraintError, match=said):
        Problem(write(u, whole))


def test_something_that_is_no_function_is_refused():
    for operator in (along, everywhere, line_integral):
        with pytest.raises(TypeError, match=operator.__name__):
            operator(3.0)
