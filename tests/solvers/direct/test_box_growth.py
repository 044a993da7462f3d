"""Polynomials on boxes: which boxes they serve, when they grow, and how sines take over from them."""

import math

import torch
from tensor_problems import system_of

from sirenpde import Box, D, Field, SineLattice, laplacian, on
from sirenpde.solvers.direct import box_growth


def square(wave, periodic=()):
    box = Box(x=(0, 1), y=(0, 2))
    a, b = box.axes
    u = Field("u", box, SineLattice(1), periodic=[box.axes[i] for i in periodic])

    def exact(p):
        return torch.sin(wave * a(p)) * torch.exp(b(p))

    @on(box, samples=10)
    def inside(p):
        return laplacian(u)(p) - (1 - wave**2) * exact(p)

    @on(box.boundary(), samples=10)
    def edges(p):
        return u(p) - exact(p)

    return u, (inside, edges)


def run(system, box):
    boxes, solves = [], []
    while box is not None:
        boxes.append(box)
        solves.append(box_growth.solved(system, box, 20, math.inf))
        box = box_growth.grown(solves[-1].rows, box, 1e-9)
    return boxes, solves


def test_polynomials_grow_along_the_axis_that_asks_for_them_until_two_lattices_agree():
    system = system_of(*square(50.0)[1])
    boxes, solves = run(system, box_growth.Box([14, 14]))
    assert all(solved.arrived for solved in solves)
    assert boxes[0].counts == [14, 14] and math.isinf(boxes[0].change)
    assert boxes[-1].counts[0] > 50 > boxes[-1].counts[1] and boxes[-1].change <= 1e-11
    tails = box_growth.tails(solves[-1].rows, boxes[-1].amplitudes)
    assert max(tails) < 1e-11


def test_sines_take_the_place_of_polynomials_and_tell_what_is_lost():
    u, constraints = square(9.0)
    system = system_of(*constraints)
    boxes, solves = run(system, box_growth.started(system))
    rows, amplitudes = solves[-1].rows, boxes[-1].amplitudes
    x, y = torch.linspace(0, 1, 97).double(), torch.linspace(0, 2, 95).double()
    along = [basis.matrix(nodes, 0) for basis, nodes in zip(rows.bases[u], (x, y), strict=True)]
    values = (along[0] @ amplitudes.view(rows.shapes[0])[..., 0] @ along[1].T).reshape(-1)

    def as_sines(recipe):
        network = recipe.build([0.0, 0.0], [1.0, 2.0], 1, (), torch.Generator())
        theta, lost = box_growth.coefficients(rows, amplitudes, {u: network})
        network.coefficients.data = theta.view(network.coefficients.shape)
        found = network(torch.cartesian_prod(x, y))[:, 0].detach()
        return theta.numel(), lost, float((found - values).norm() / values.norm())

    unknowns, lost, error = as_sines(box_growth.lattices(rows, amplitudes, {u: SineLattice()})[u])
    assert error < 1e-11 and lost < 1e-11 and unknowns <= 1.5 * amplitudes.numel()
    _, lost, error = as_sines(SineLattice((7, 5)))
    assert 1e-10 < lost < 1e-6 and 0.3 < error / lost < 3


def test_a_layer_at_an_end_has_more_sines_than_polynomials():
    w = 0.02
    box = Box(x=(0, 1), y=(0, 1))
    x, _ = box.axes
    u = Field("u", box, SineLattice(1))
    exact = lambda p: x(p) * torch.expm1((x(p) - 1) / w)

    @on(box, samples=10)
    def carried(p):
        return -w * laplacian(u)(p) + D(u, x)(p) - torch.expm1((x(p) - 1) / w) + 2 * torch.exp((x(p) - 1) / w)

    @on(box.boundary(), samples=10)
    def walls(p):
        return u(p) - exact(p)

    system = system_of(carried, walls)
    boxes, solves = run(system, box_growth.started(system))
    rows, amplitudes = solves[-1].rows, boxes[-1].amplitudes
    recipe = box_growth.lattices(rows, amplitudes, {u: SineLattice()})[u]
    assert 2 * recipe.orders[0] + 1 > boxes[-1].counts[0]
    network = recipe.build([0.0, 0.0], [1.0, 1.0], 1, (), torch.Generator())
    assert box_growth.coefficients(rows, amplitudes, {u: network})[1] < 1e-11


def test_where_a_corner_slows_them_down_polynomials_end():
    """ΔU = -1 between sides at zero: like r² log r at the corners."""
    box = Box(x=(0, 1), y=(0, 1))
    u = Field("u", box, SineLattice(1))

    @on(box, samples=10)
    def inside(p):
        return laplacian(u)(p) + 1

    @on(box.boundary(), samples=10)
    def edges(p):
        return u(p)

    boxes, _ = run(system_of(inside, edges), box_growth.started(system_of(inside, edges)))
    assert 1e-11 < boxes[-1].change < 1e-8 and max(boxes[-1].counts) < 500


def test_boxes_that_do_not_separate_are_left_to_others():
    u, (inside, _) = square(3.0)

    @on(u.domain.boundary("x"), samples=10)
    def left(p):
        return u(p)

    assert box_growth.started(system_of(inside, left)) is None
    assert box_growth.started(system_of(*square(3.0, periodic=[1])[1])) is None


def test_periodic_axes_keep_their_waves():
    box = Box(x=(0, 1), y=(0, 1), s=(0, 2))
    a, b, s = box.axes
    u = Field("u", box, SineLattice(1), periodic=(s,))

    def exact(p):
        return (
            torch.sin(math.pi * a(p)) * torch.sin(2 * math.pi * b(p)) * torch.exp(torch.sin(math.pi * s(p)))
        )

    @on(box, samples=10)
    def inside(p):
        phase = math.pi * s(p)
        return laplacian(u)(p) + math.pi**2 * exact(p) * (5 + torch.sin(phase) - torch.cos(phase) ** 2)

    @on(box.boundary("x", "y"), samples=10)
    def edges(p):
        return u(p)

    system = system_of(inside, edges)
    boxes, solves = run(system, box_growth.started(system))
    rows, amplitudes = solves[-1].rows, boxes[-1].amplitudes
    assert boxes[-1].change < 1e-11
    recipe = box_growth.lattices(rows, amplitudes, {u: SineLattice()})[u]
    network = recipe.build([0.0] * 3, [1.0, 1.0, 2.0], 1, (2,), torch.Generator())
    theta, _ = box_growth.coefficients(rows, amplitudes, {u: network})
    network.coefficients.data = theta.view(network.coefficients.shape)
    points = torch.rand(50, 3, generator=torch.Generator().manual_seed(0)).double() * torch.tensor(
        [1.0, 1.0, 2.0]
    )
    expected = (
        torch.sin(math.pi * points[:, 0])
        * torch.sin(2 * math.pi * points[:, 1])
        * torch.exp(torch.sin(math.pi * points[:, 2]))
    )
    found = network(points)[:, 0].detach()
    unit = float(expected @ found / expected.square().sum())
    assert float((found - unit * expected).abs().max()) < 1e-10 * unit


def test_a_problem_without_a_solution_by_newton_is_given_up():
    box = Box(x=(0, 1), y=(0, 1))
    u = Field("u", box, SineLattice(1))

    @on(box, samples=10)
    def inside(p):
        return laplacian(u)(p) + 40 * torch.exp(u(p))

    @on(box.boundary(), samples=10)
    def edges(p):
        return u(p)

    lattice = box_growth.started(system_of(inside, edges))
    solved = box_growth.solved(system_of(inside, edges), lattice, 8, math.inf)
    assert not solved.arrived and "not converged" in solved.note
    assert lattice.failures == 1 and float(lattice.amplitudes.norm()) == 0
