"""Solutions in SI units, nanometres and kilometres agree."""

import pytest
import torch
from units import F64, QUICK, SLOWER, UNITS, poisson

from sirenpde import Box, D, Field, GaussNewton, Problem, Siren, Unknown, on, solve


def values(solution):
    """Every field at some points of its box, as a fraction of its largest value."""
    unit = torch.rand(200, 2, dtype=F64, generator=torch.Generator().manual_seed(3))
    found = []
    for u in solution.problem.fields:
        own = solution[u](unit[:, : len(u.axes)] * torch.tensor([axis.high for axis in u.axes], dtype=F64))
        found.append(own / own.abs().max())
    return torch.cat(found)


@pytest.mark.parametrize("declare", [*QUICK, *(pytest.param(f, marks=pytest.mark.slow) for f in SLOWER)])
def test_ten_problems_agree_in_all_units(declare):
    solutions = {name: solve(declare(*units)) for name, units in UNITS.items()}
    for name, solution in solutions.items():
        error = max(own["relative_l2"] for own in solution.errors.values())
        assert error < 1e-10 and solution.relative_residual < 1e-10, (name, error)
        assert 1e-3 * solution.relative_residual < max(error, 1e-15) < 1e3 * solution.relative_residual, name
    first, *others = map(values, solutions.values())
    assert all(float((other - first).abs().max()) < 1e-9 for other in others)


@pytest.mark.parametrize("length", [1e-6, 1e-3, 1.0, 1e3, 1e6])
def test_poisson_on_a_square_of_any_size(length):
    assert solve(poisson(length, 1.0, 1.0)).errors["u"]["relative_l2"] < 1e-10


@pytest.mark.slow
@pytest.mark.parametrize("length", [1e-6, 1e6])
def test_a_declared_network_is_trained_in_any_unit(length):
    """A square of 1000 km in metres, and one of a micrometre."""
    solution = solve(poisson(length, 1.0, 1.0), network=Siren(10, depth=2, omega=4, omega_hidden=1))
    assert solution.errors["u"]["relative_l2"] < 1e-6
    assert solution.relative_residual == max(c["relative"] for c in solution.constraints.values()) < 1e-6


def test_gauss_newton_takes_the_same_steps_in_any_unit():
    """From one unit to another that is a power of two of it, not a bit of the parameters changes."""
    network, found = Siren(8, depth=1, omega=4, omega_hidden=1), []
    for length, size in ((2.0**20, 2.0**30), (2.0**-24, 2.0**-18)):
        solution = solve(poisson(length, 1.0, size), [GaussNewton(steps=5)], network=network)
        found.append(solution)
    assert torch.equal(found[0].theta, found[1].theta)
    assert found[0].relative_residual == pytest.approx(found[1].relative_residual, rel=1e-9)


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_an_unknown_number_beside_a_field_in_other_units(size):
    """c u'' = -size on a line, u known at five points: c = 2."""
    line = Box(x=(0, 1))
    (x,) = line.axes
    u, c = Field("u", line), Unknown("c", initial=1.0)

    def exact(p):
        return size * x(p) * (1 - x(p)) / 4

    inside = on(line, 50, name="inside")(lambda p: c(p) * D(u, x, x)(p) + size)
    data = on(line, 20, name="data")(lambda p: u(p) - exact(p))
    solution = solve(Problem(inside, data))
    assert solution.unknowns["c"] == pytest.approx(2, rel=1e-8)


def test_a_checkpoint_keeps_the_sizes_that_its_parameters_are_in():
    """Rounding may lead to the next power of two on another machine: there its fields must be the same."""
    from sirenpde.run.solve import recall

    problem = poisson(1e3, 1.0, 2.0**30)
    (u,), solution = problem.fields, solve(problem)
    snapshot = solution.snapshot()
    points = torch.tensor([[250.0, 250.0], [700.0, 100.0]], dtype=F64)
    assert torch.equal(recall(problem, snapshot)[u](points), solution[u](points))
    doubled = {**snapshot, "sizes": {"u": 2 * snapshot["sizes"]["u"]}}
    assert torch.equal(recall(problem, doubled)[u](points), 2 * solution[u](points))
