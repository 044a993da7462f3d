"""Square equations on boxes: their tangent, their preconditioner, and what does not match."""

import math

import pytest
import torch
from tensor_problems import random, system_of

from sirenpde import Box, D, Field, SineLattice, laplacian, on
from sirenpde.geometry.nodes import gauss
from sirenpde.linear.axis_polynomials import AxisPolynomials
from sirenpde.linear.end_tests import EndTests
from sirenpde.linear.tau_rows import TauRows
from sirenpde.linear.tau_solve import TauSolve
from sirenpde.linear.tensor_rows import TensorRows, Unsuited


def rows_of(u, counts, *constraints):
    bases = [AxisPolynomials(axis.low, axis.high, n) for axis, n in zip(u.axes, counts, strict=True)]
    return TensorRows(system_of(*constraints), {u: bases})


def zero(rows):
    return torch.zeros(sum(math.prod(shape) for shape in rows.shapes), dtype=torch.float64)


def matrix_of(tangent):
    columns = torch.eye(len(tangent.at), dtype=torch.float64)
    return torch.stack([tangent.apply(column) for column in columns], dim=1)


def heated(between=1.0):
    """Heat in a rectangle over time, with all kinds of sides."""
    box = Box(t=(0, 0.3), x=(0, 2), y=(1, 2))
    tau, a, b = box.axes
    u = Field("u", box, SineLattice(1))

    @on(box, samples=10)
    def heat(p):
        return D(u, tau)(p) - between * laplacian(u, a, b)(p) + (1 + a(p)) * D(u, a)(p) + u(p)

    @on(box.at(t=0), samples=10)
    def start(p):
        return u(p) - a(p) * b(p)

    @on(box.boundary("x"), samples=10)
    def fixed(p):
        return u(p) - tau(p)

    @on(box.at(y=1), samples=10)
    def insulated(p):
        return D(u, b)(p)

    @on(box.at(y=2), samples=10)
    def cooled(p):
        return D(u, b)(p) + 3 * u(p)

    return u, (heat, start, fixed, insulated, cooled)


def test_the_preconditioner_of_coefficients_along_their_own_axis_is_the_inverse():
    u, constraints = heated()
    rows = rows_of(u, (4, 7, 6), *constraints)
    tau = TauRows(rows, zero(rows))
    tangent = tau.tangent(zero(rows))
    matrix = matrix_of(tangent)
    assert matrix.shape == (4 * 7 * 6, 4 * 7 * 6)
    solve = TauSolve(tangent)
    y = random(len(matrix))
    expected = torch.linalg.solve(matrix, y)
    assert float((solve.solve(y) - expected).norm() / expected.norm()) < 1e-10


def test_axes_with_all_conditions_at_one_end_are_separated_exactly_too():
    """A wave that is damped, and carried from where it comes in: two conditions at the start, one at the inflow."""
    box = Box(x=(0, 2), t=(0, 0.3))
    a, tau = box.axes
    u = Field("u", box, SineLattice(1))

    @on(box, samples=10)
    def wave(p):
        return D(u, tau, tau)(p) + 2 * D(u, tau)(p) - D(u, a)(p) + u(p)

    @on(box.at(t=0), samples=10)
    def start(p):
        return u(p) - a(p)

    @on(box.at(t=0), samples=10)
    def speed(p):
        return D(u, tau)(p)

    @on(box.at(x=2), samples=10)
    def inflow(p):
        return u(p) - tau(p)

    rows = rows_of(u, (6, 7), wave, start, speed, inflow)
    tangent = TauRows(rows, zero(rows)).tangent(zero(rows))
    matrix, y = matrix_of(tangent), random(42)
    expected = torch.linalg.solve(matrix, y)
    assert float((TauSolve(tangent).solve(y) - expected).norm() / expected.norm()) < 1e-10


@pytest.mark.parametrize("frequency", [1.0, 10.0, 40.0, 1e3, 1e5])
def test_no_wave_grows_from_slab_to_slab_whatever_its_frequency(frequency):
    count, ends = 10, [-1, -1]
    functions, tests = AxisPolynomials(-1.0, 1.0, count), EndTests(count, ends)
    line = gauss(-1.0, 1.0, count)
    tested = tests.combined(functions.matrix(line.nodes, 0) * line.weights[:, None])[:, : count - 2].T
    inside = tested @ (functions.matrix(line.nodes, 2) + frequency**2 * functions.matrix(line.nodes, 0))
    first, last = (
        torch.cat([frequency ** (1 - k) * functions.matrix(torch.tensor([end]).double(), k) for k in (0, 1)])
        for end in (-1.0, 1.0)
    )
    start = torch.cat([torch.zeros(count - 2, 2), torch.eye(2)]).double()
    slab = last @ torch.linalg.solve(torch.cat([inside, first]), start)
    assert float(torch.linalg.eigvals(slab).abs().max()) <= 1 + 1e-9


def test_the_tangent_is_the_derivative_of_the_rows():
    box = Box(x=(0, 1), y=(0, 1))
    a, b = box.axes
    u = Field("u", box, SineLattice(1))

    @on(box, samples=10)
    def inside(p):
        return (1 + a(p) * b(p)) * laplacian(u)(p) + u(p) ** 3 - 1

    @on(box.boundary(), samples=10)
    def edges(p):
        return u(p) + 0.1 * u(p) ** 2

    rows = rows_of(u, (6, 5), inside, edges)
    at, step = random(30), random(30, 1)
    tau = TauRows(rows, at)
    image = tau.tangent(at).apply(step)
    ahead, behind = tau.vector(at + 1e-5 * step), tau.vector(at - 1e-5 * step)
    assert float((image - (ahead - behind) / 2e-5).norm() / image.norm()) < 1e-8


def test_solutions_among_the_polynomials_are_met_exactly():
    """u = t + x² y solves u_t - Δu = 1 - 2 y."""
    box = Box(t=(0, 1), x=(0, 1), y=(0, 1))
    tau, a, b = box.axes
    u = Field("u", box, SineLattice(1))

    @on(box, samples=10)
    def heat(p):
        return D(u, tau)(p) - laplacian(u, a, b)(p) - 1 + 2 * b(p)

    @on(box.at(t=0), samples=10)
    def start(p):
        return u(p) - a(p) ** 2 * b(p)

    @on(box.boundary("x", "y"), samples=10)
    def sides(p):
        return u(p) - tau(p) - a(p) ** 2 * b(p)

    rows = rows_of(u, (3, 5, 5), heat, start, sides)
    tau_rows = TauRows(rows, zero(rows))
    x = TauSolve(tau_rows.tangent(zero(rows))).solve(-tau_rows.vector(zero(rows)))
    assert float(tau_rows.vector(x).norm()) < 1e-11 * float(tau_rows.vector(zero(rows)).norm())
    assert float(rows.vector(x).norm()) < 1e-10 * float(rows.vector(zero(rows)).norm())


def test_conditions_that_do_not_match_the_operator_are_told():
    u, (heat, start, fixed, insulated, cooled) = heated()
    with pytest.raises(Unsuited, match="along y there are 2, and 1 conditions"):
        rows = rows_of(u, (4, 6, 6), heat, start, fixed, insulated)
        TauRows(rows, zero(rows))
    half = Box(t=(0, 0.3), x=(0, 1), y=(1, 2))

    @on(half.at(y=2), samples=10)
    def part(p):
        return u(p)

    with pytest.raises(Unsuited, match="whole faces"):
        rows = rows_of(u, (4, 6, 6), heat, start, fixed, insulated, part)
        TauRows(rows, zero(rows))
    with pytest.raises(Unsuited, match="as many equations"):
        rows = rows_of(u, (4, 6, 6), start, fixed, insulated, cooled)
        TauRows(rows, zero(rows))
