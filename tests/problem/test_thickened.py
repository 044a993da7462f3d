"""Easier problems: the highest derivatives of curved constraints count more, and nothing else changes."""

import torch

from sirenpde import Box, D, Field, Point, Problem, grad, laplacian, on
from sirenpde.calculus.evaluate import over_known
from sirenpde.problem.thickened import thickened

SQUARE = Box(x=(0, 1), y=(0, 1))
x, y = SQUARE.axes
u, w = Field("u", SQUARE), Field("w", SQUARE)


def carried() -> Problem:
    """A stream function with its vorticity: the second equation is affine."""

    @on(SQUARE, samples=50)
    def momentum(p: Point) -> torch.Tensor:
        velocity = torch.stack([D(u, y)(p), -D(u, x)(p)])
        return velocity @ grad(w, x, y)(p) - 0.25 * laplacian(w)(p) + x(p)

    @on(SQUARE, samples=50)
    def vorticity(p: Point) -> torch.Tensor:
        return w(p) + laplacian(u)(p)

    return Problem(momentum, vorticity, on(SQUARE.boundary(), samples=40, name="walls")(u))


def test_only_the_highest_derivatives_of_curved_constraints_count_more() -> None:
    problem = carried()
    easier = thickened(problem, 8.0)
    assert easier is not None and easier.fields == problem.fields
    points = torch.tensor([[0.25, 0.5]], dtype=torch.float64)
    jets = {
        d: torch.tensor([float(i + 2)], dtype=torch.float64)
        for i, d in enumerate(dict.fromkeys(d for asked in problem.requests for d in asked.derivatives))
    }
    slope = next(float(value) for d, value in jets.items() if d.field is w and d.symbol.order == 2)

    def at(of: Problem, i: int) -> float:
        return float(over_known(of.constraints[i].residual, ("x", "y"), points, {}, jets))

    assert at(easier, 0) - at(problem, 0) == -7 * 0.25 * slope
    assert at(easier, 1) == at(problem, 1) and at(easier, 2) == at(problem, 2)


def test_there_is_none_of_affine_constraints_nor_of_equations_of_the_first_order() -> None:
    walls = on(SQUARE.boundary(), samples=40, name="walls")(u)
    poisson = on(SQUARE, samples=50, name="poisson")(lambda p: laplacian(u)(p) + 1)
    eikonal = on(SQUARE, samples=50, name="eikonal")(lambda p: grad(u)(p).square().sum() - 1)
    assert thickened(Problem(poisson, walls), 8.0) is None
    assert thickened(Problem(eikonal, walls), 8.0) is None
