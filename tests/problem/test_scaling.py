"""The sizes of fields and constraints that follow from a declaration, in any units."""

import pytest
import torch
from units import F64, QUICK, SLOWER, UNITS, beam, plane_stress, poisson, stokes

from sirenpde import Box, D, Field, Problem, Siren, Unknown, laplacian, on, solve
from sirenpde.problem.scaling import scales_of
from sirenpde.residuals import System


@pytest.mark.parametrize("declare", [*QUICK, *SLOWER])
def test_units_multiply_the_scales_and_change_nothing_else(declare):
    one = scales_of(declare(1.0, 1.0, 1.0))
    other = scales_of(declare(2.0**12, 1.0, 1.0))
    for u, v in zip(one.sizes, other.sizes, strict=True):
        ratio = other.sizes[v] / one.sizes[u]
        expected = (
            2.0**12 if declare in (plane_stress, beam) or (u.name in "uv" and declare is stokes) else 1.0
        )
        assert 0.5 <= ratio / expected <= 2, (u.name, ratio)
    assert scales_of(declare(1.0, 1.0, 2.0**40)).constraints.keys() == one.constraints.keys()


def test_ordinary_problems_are_left_as_they_are_declared():
    problem = poisson(1.0, 1.0, 1.0)
    assert scales_of(problem).units == {problem.fields[0]: 1.0}
    assert [scales_of(problem).row_unit(c.name) for c in problem.constraints] == [1.0, 1.0]


def test_weights_that_make_up_for_the_units_are_respected():
    box = Box(x=(0, 1e3), y=(0, 1e3))
    u = Field("u", box)

    def declare(weight):
        inside = on(box, 100, weight=weight, name="inside")(lambda p: laplacian(u)(p) + 1e-6)
        return scales_of(Problem(inside, on(box.boundary(), 100, name="walls")(lambda p: u(p) - 1)))

    assert declare(1e12).row_unit("inside") == declare(1e12).row_unit("walls") == 1.0
    assert declare(1.0).row_unit("inside") == 2.0**-18 and declare(1.0).row_unit("walls") == 1.0


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_sizes_where_slopes_depend_on_the_fields(unit):
    """Equations that hold for fields of size ``unit`` and for none much larger or smaller."""
    line = Box(x=(0, 2))
    (x,) = line.axes
    u = Field("u", line)
    for residual in (
        lambda p: D(u, x)(p).abs() - unit,
        lambda p: D(u, x)(p) ** 2 - unit**2,
        lambda p: u(p) * D(u, x)(p) - unit**2,
        lambda p: u(p) ** 2 + unit * u(p) - 2 * unit**2,
        lambda p: D(u, x, x)(p) + unit * torch.exp(u(p) / unit),
        lambda p: torch.sqrt(u(p)) - unit**0.5,
    ):
        scales = scales_of(Problem(on(line, 50, name="own")(residual)))
        assert 1 / 8 <= scales.sizes[u] / unit <= 8
    for residual in (
        lambda p: D(u, x)(p) - unit**2 / u(p),
        lambda p: D(u, x)(p) - unit * torch.log(u(p) / unit),
    ):
        start = on(line.at(x=0), name="start")(lambda p: u(p) - unit)
        scales = scales_of(Problem(on(line, 50, name="own")(residual), start))
        assert 1 / 8 <= scales.sizes[u] / unit <= 8


def test_data_of_rounding_size_say_nothing():
    """Walls at 1e-16, as sin(πx) has them, and a source of size one."""
    line = Box(x=(0, 2))
    (x,) = line.axes
    u = Field("u", line)
    ends = on(line.boundary(), name="ends")(lambda p: u(p) - 1e-16)
    scales = scales_of(Problem(on(line, 50, name="inside")(lambda p: D(u, x, x)(p) + 1), ends))
    assert scales.sizes[u] == scales.constraints["ends"] == 1.0


def test_a_field_without_data_has_the_size_that_others_give_it():
    """σ = E u', σ' = -f: the stress from the load, the displacement from the stress."""
    line = Box(x=(0, 2))
    (x,) = line.axes
    u, stress = Field("u", line), Field("stress", line)
    problem = Problem(
        on(line, 50, name="law")(lambda p: stress(p) - 2.0**37 * D(u, x)(p)),
        on(line, 50, name="balance")(lambda p: D(stress, x)(p) + 2.0**15),
        on(line.boundary(), name="ends")(u),
    )
    scales = scales_of(problem)
    assert scales.sizes[stress] == 2.0**15 and scales.sizes[u] == scales.constraints["ends"] == 2.0**-22
    assert solve(problem).relative_residual < 1e-10


def test_rows_are_the_same_by_differences_and_by_derivatives_in_any_unit():
    """A load that is large beside the slopes of a stiffness in small numbers."""
    problem = beam(*UNITS["kilometres"])
    system = System(problem, {u: _features(u) for u in problem.fields}, torch.device("cpu"), F64)
    batches = system.draw(torch.Generator().manual_seed(0))
    pairs = zip(system.linear_rows(batches), system.linear_rows(batches, at=system.initial()), strict=True)
    for exact, tangent in pairs:
        torch.testing.assert_close(exact.slopes[0], tangent.slopes[0], rtol=1e-9, atol=0)


def _features(u):
    recipe = Siren(8, depth=1)
    low, high = [axis.low for axis in u.axes], [axis.high for axis in u.axes]
    return recipe.build(low, high, u.outputs, (), torch.Generator().manual_seed(0))


def test_a_constraint_on_numbers_alone_has_a_size():
    box = Box(x=(0, 1))
    u, c = Field("u", box), Unknown("c", initial=1.0)
    known = on(box, 5, name="known")(lambda p: c(p) - 3)
    scales = scales_of(Problem(known, on(box, 20, name="own")(lambda p: u(p) - c(p))))
    assert scales.constraints == {"known": 2.0, "own": 1.0} and scales.sizes[u] == 1.0
