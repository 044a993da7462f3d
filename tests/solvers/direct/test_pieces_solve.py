"""Affine problems solved in cells: against exact solutions, and against one dense matrix of all rows."""

import pytest
import torch
from torch import Tensor

from sirenpde import Box, D, Field, Pieces, Point, Problem, SineFeatures, div, grad, laplacian, on
from sirenpde.calculus.symbols import Symbol
from sirenpde.diagnosis.material_corners import material_corners
from sirenpde.engines.registry import engine_for
from sirenpde.linear.qr import solve_dense
from sirenpde.networks.partition import Partition
from sirenpde.residuals import System
from sirenpde.solvers.direct.pieces_solve import Fineness, places_in, rows_of_pieces, solve_pieces

F64 = torch.float64
SQUARE = Box(x=(0, 1), y=(0, 1))
x, y = SQUARE.axes


def system_of(problem: Problem, features: int, rate: float, cells: tuple[int, ...]) -> System:
    networks = {}
    for u in problem.fields:
        periodic = [u.axes.index(axis) for axis in u.periodic]
        low, high = [a.low for a in u.axes], [a.high for a in u.axes]
        recipe = Pieces(SineFeatures(features, rate), cells)
        networks[u] = recipe.build(low, high, u.outputs, periodic, torch.Generator().manual_seed(0))
    return System(problem, networks, torch.device("cpu"), F64)


def fineness(features: int, rate: float, polynomials: int, axes: int = 2) -> Fineness:
    return Fineness(features, (rate,) * axes, (polynomials,) * axes, 3 * features)


def derivative(
    system: System, theta: Tensor, u: Field, points: Tensor, symbol: Symbol | None = None
) -> Tensor:
    symbol = symbol or Symbol.identity(len(u.axes))
    engine = engine_for(system.parameters.networks[u], [symbol], len(u.axes))
    values = engine.forward(engine.load(system.parameters.of(u, theta)), points)[0][0]
    return system.parameters.units[u] * values


def error(found: Tensor, exact: Tensor) -> float:
    return float((found - exact).norm() / exact.norm())


def poisson() -> tuple[Problem, Field]:
    u = Field("u", SQUARE)

    def exact(p: Point) -> Tensor:
        return torch.sin(3 * x(p)) * torch.exp(y(p))

    equation = on(SQUARE, samples=500, name="poisson")(lambda p: laplacian(u)(p) + 8 * exact(p))
    walls = on(SQUARE.boundary(), samples=200, name="walls")(lambda p: u(p) - exact(p))
    return Problem(equation, walls), u


def test_cells_of_a_smooth_solution_agree_to_twelve_digits_with_it_and_with_each_other() -> None:
    problem, u = poisson()
    system = system_of(problem, 300, 8.0, (4, 4))
    solved = solve_pieces(system, fineness(300, 8.0, 16))
    points = torch.rand(500, 2, generator=torch.Generator().manual_seed(0), dtype=F64)
    exact = torch.sin(3 * points[:, :1]) * torch.exp(points[:, 1:])
    assert error(derivative(system, solved.theta, u, points), exact) < 1e-12
    assert solved.factorised == 4  # inside, a side along each axis, a corner: the others are mirror images
    sides = [
        torch.stack([torch.full((50,), 0.25 + s), torch.linspace(0, 1, 50)], 1).to(F64)
        for s in (-1e-13, 1e-13)
    ]
    slope = Symbol.partial(2, 0)
    below, above = (derivative(system, solved.theta, u, side, slope) for side in sides)
    assert float((above - below).abs().max()) < 1e-9


def test_cells_that_differ_by_rounding_are_factorised_once() -> None:
    """Twelfths are no numbers of the machine, and so are those of a box within."""
    problem, u = poisson()
    solved = solve_pieces(system_of(problem, 30, 3.0, (12, 12)), fineness(30, 3.0, 5))
    assert solved.factorised == 4
    whole = Partition.grid([[i / 12 for i in range(13)]] * 2)
    part = Partition.grid([[0.25 + i * (0.5 / 6) for i in range(7)]] * 2)
    assert len(places_in(whole, u, part)) == 36


def test_it_is_the_minimiser_of_all_rows_together() -> None:
    """With so few features that residuals stay, where one minimiser would differ from another."""
    problem, u = poisson()
    system = system_of(problem, 12, 4.0, (2, 2))
    solved = solve_pieces(system, fineness(12, 4.0, 4))
    cells, joints = rows_of_pieces(system, fineness(12, 4.0, 4))
    held, own = joints[0].width({u: 1}), cells[0].columns
    blocks = []
    for cell in cells:
        matrix = cell.matrix()
        wide = matrix.new_zeros(len(matrix), own * len(cells) + held * len(joints))
        wide[:, own * cell.cell : own * (cell.cell + 1)] = matrix[:, :own]
        for place, joint in enumerate(cell.joints):
            number = next(i for i, other in enumerate(joints) if other is joint)
            there = own * len(cells) + held * number
            wide[:, there : there + held] = matrix[:, own + held * place : own + held * (place + 1)]
        blocks.append(wide)
    target = torch.cat([cell.target()[:, 0] for cell in cells])
    slow = solve_dense(torch.cat(blocks), target).x
    torch.testing.assert_close(solved.theta, slow[: len(solved.theta)], rtol=1e-9, atol=1e-9)
    assert float((torch.cat(blocks) @ slow - target).norm()) > 1e-4


def test_systems_are_joined_field_by_field() -> None:
    """Stokes flow: the velocity by value and slope, the pressure by value."""
    u, q = Field("u", SQUARE, shape=(2,)), Field("p", SQUARE)

    def flow(p: Point) -> Tensor:
        return torch.stack(
            [torch.sin(2 * x(p)) * torch.cos(2 * y(p)), -torch.cos(2 * x(p)) * torch.sin(2 * y(p))]
        )

    def momentum(p: Point) -> Tensor:
        force = 8 * flow(p) + torch.stack([torch.exp(x(p)) * y(p), torch.exp(x(p))])
        return torch.stack([D(q, x)(p), D(q, y)(p)]) - laplacian(u)(p) - force

    problem = Problem(
        on(SQUARE, samples=500, name="momentum")(momentum),
        on(SQUARE, samples=500, name="mass")(lambda p: D(u, x)(p)[0] + D(u, y)(p)[1]),
        on(SQUARE.boundary(), samples=200, name="walls")(lambda p: u(p) - flow(p)),
        on(SQUARE.at(x=0, y=0), name="level")(lambda p: q(p)),
    )
    system = system_of(problem, 120, 6.0, (2, 2))
    solved = solve_pieces(system, fineness(120, 6.0, 11))
    points = torch.rand(500, 2, generator=torch.Generator().manual_seed(0), dtype=F64)
    pressure = torch.exp(points[:, :1]) * points[:, 1:]
    assert error(derivative(system, solved.theta, q, points), pressure) < 1e-4
    flat = torch.sin(2 * points[:, 0]) * torch.cos(2 * points[:, 1])
    assert error(derivative(system, solved.theta, u, points)[:, 0], flat) < 1e-6


def test_waves_are_complex_and_cells_far_apart_agree() -> None:
    box, k = Box(x=(-1, 1)), 60.0
    (s,), u = box.axes, Field("u", box, dtype=complex)
    problem = Problem(
        on(box, samples=100, name="waves")(lambda p: D(u, s, s)(p) + k**2 * u(p)),
        on(box.at(x=-1), name="incoming")(lambda p: u(p) - 1),
        on(box.at(x=1), name="outgoing")(lambda p: D(u, s)(p) + 1j * k * u(p)),
    )
    system = system_of(problem, 60, 18.0, (8,))
    solved = solve_pieces(system, fineness(60, 18.0, 1, axes=1))
    points = torch.linspace(-1, 1, 301, dtype=F64)[:, None]
    found = derivative(system, solved.theta, u, points)
    assert error(torch.complex(found[:, 0], found[:, 1]), torch.exp(-1j * k * (points[:, 0] + 1))) < 1e-11
    assert solved.factorised == 3


def test_an_equation_of_fourth_order_joins_three_slopes() -> None:
    box = Box(x=(0, 1))
    (s,), u = box.axes, Field("u", box)
    problem = Problem(
        on(box, samples=100, name="beam")(lambda p: D(u, s, s, s, s)(p) - 256 * torch.sin(4 * s(p))),
        on(box.boundary(), samples=2, name="ends")(lambda p: u(p) - torch.sin(4 * s(p))),
        on(box.boundary(), samples=2, name="slopes")(lambda p: D(u, s)(p) - 4 * torch.cos(4 * s(p))),
    )
    system = system_of(problem, 40, 6.0, (3,))
    solved = solve_pieces(system, fineness(40, 6.0, 1, axes=1))
    points = torch.linspace(0, 1, 101, dtype=F64)[:, None]
    assert error(derivative(system, solved.theta, u, points), torch.sin(4 * points)) < 1e-11


def test_a_period_joins_the_last_cell_with_the_first() -> None:
    ring = Box(x=(0, 2))
    (s,), turns = ring.axes, torch.pi
    u = Field("u", ring, periodic=(s,))
    problem = Problem(
        on(ring, samples=100, name="ring")(
            lambda p: D(u, s, s)(p) - u(p) + (turns**2 + 1) * torch.cos(turns * s(p))
        )
    )
    system = system_of(problem, 40, 6.0, (3,))
    solved = solve_pieces(system, fineness(40, 6.0, 1, axes=1))
    points = torch.linspace(0, 2, 101, dtype=F64)[:, None]
    assert error(derivative(system, solved.theta, u, points), torch.cos(turns * points)) < 1e-11


def test_where_a_coefficient_jumps_the_flux_is_joined_in_place_of_the_slope() -> None:
    """The slope u_x jumps by a factor of 1,000 at x = 0.3; the flux a u_x does not, and neither does u."""
    u = Field("u", SQUARE)

    def a(p: Point) -> Tensor:
        return torch.where(x(p) < 0.3, 1.0, 1000.0)

    def exact(p: Point) -> Tensor:
        s = x(p) - 0.3
        return torch.sin(s) / a(p) * torch.cos(y(p)) + torch.cos(s) * torch.exp(y(p))

    def flux(p: Point) -> Tensor:
        return a(p) * grad(u)(p)

    def heat(p: Point) -> Tensor:
        return div(flux)(p) + 2 * torch.sin(x(p) - 0.3) * torch.cos(y(p))

    problem = Problem(
        on(SQUARE, samples=500, name="heat")(heat),
        on(SQUARE.boundary(), samples=200, name="walls")(lambda p: u(p) - exact(p)),
    )
    networks = {
        u: Pieces(SineFeatures(200, 8.0), ((0.3,), 2)).build([0, 0], [1, 1], 1, (), torch.Generator())
    }
    system = System(problem, networks, torch.device("cpu"), F64)
    _, joined = rows_of_pieces(system, fineness(200, 8.0, 14))
    assert [len(joint.fluxes) for joint in joined] == [1, 1, 0, 0]  # and not across y, where nothing jumps
    solved = solve_pieces(system, fineness(200, 8.0, 14))
    points = torch.rand(500, 2, generator=torch.Generator().manual_seed(0), dtype=F64)
    s, k = points[:, :1] - 0.3, torch.where(points[:, :1] < 0.3, 1.0, 1000.0)
    expected = torch.sin(s) / k * torch.cos(points[:, 1:]) + torch.cos(s) * torch.exp(points[:, 1:])
    assert error(derivative(system, solved.theta, u, points), expected) < 1e-9
    slope = Symbol.partial(2, 0)
    sides = [torch.tensor([[0.3 + s, 0.2]], dtype=F64) for s in (-1e-12, 1e-12)]
    below, above = (float(derivative(system, solved.theta, u, side, slope)) for side in sides)
    assert abs(below / above - 1000) < 0.01  # 1e-8 of the values on the other side


@pytest.mark.slow
def test_cells_at_a_cross_of_materials_have_its_functions_and_agree() -> None:
    """The solution behaves like r^0.39 there, as long as the source is not even about the point."""
    u = Field("u", SQUARE)

    def flux(p: Point) -> Tensor:
        return torch.where((x(p) < 0.5) == (y(p) < 0.5), 1.0, 10.0) * grad(u)(p)

    problem = Problem(
        on(SQUARE, samples=500, name="heat")(lambda p: div(flux)(p) + x(p)),
        on(SQUARE.boundary(), samples=200, name="walls")(lambda p: u(p)),
    )
    points = torch.rand(500, 2, generator=torch.Generator().manual_seed(0), dtype=F64)
    found = []
    for singular, features in (
        (material_corners(problem, u), 200),
        (material_corners(problem, u), 300),
        ((), 300),
    ):
        recipe = Pieces(SineFeatures(features, 5.0, singular=singular), (4, 4))
        network = recipe.build([0, 0], [1, 1], 1, (), torch.Generator().manual_seed(0))
        system = System(problem, {u: network}, torch.device("cpu"), F64)
        solved = solve_pieces(system, fineness(features, 5.0, 14))
        found.append(derivative(system, solved.theta, u, points))
    assert error(found[0], found[1]) < 1e-5
    assert error(found[2], found[1]) > 1e-3


def test_what_no_mirror_image_has_is_not_shared() -> None:
    """With a wind the cells before and beyond the middle have other rows, though all are equal by translation."""
    u = Field("u", SQUARE)

    def exact(p: Point) -> Tensor:
        return torch.sin(3 * x(p)) * torch.exp(y(p))

    def carried(p: Point) -> Tensor:
        return laplacian(u)(p) - 5 * D(u, x)(p) + 8 * exact(p) + 15 * torch.cos(3 * x(p)) * torch.exp(y(p))

    equation = on(SQUARE, samples=500, name="carried")(carried)
    walls = on(SQUARE.boundary(), samples=200, name="walls")(lambda p: u(p) - exact(p))
    system = system_of(Problem(equation, walls), 300, 8.0, (4, 4))
    solved = solve_pieces(system, fineness(300, 8.0, 16))
    assert solved.factorised == 8  # four columns of cells, in each a cell inside and one at a wall
    points = torch.rand(500, 2, generator=torch.Generator().manual_seed(0), dtype=F64)
    wanted = torch.sin(3 * points[:, :1]) * torch.exp(points[:, 1:])
    assert error(derivative(system, solved.theta, u, points), wanted) < 1e-11
