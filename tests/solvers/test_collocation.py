"""Residuals on tensor nodes against the engines, the preconditioner, and steady problems solved with them."""

import math

import pytest
import torch

from sirenpde import (
    Box,
    Collocation,
    D,
    Field,
    Problem,
    SineLattice,
    Siren,
    Unknown,
    l1,
    laplacian,
    on,
    solve,
)
from sirenpde.linear.gram import gram
from sirenpde.linear.map import columns_of
from sirenpde.linear.mode_blocks import ModeBlocks
from sirenpde.linear.tensor_rows import NoNodes, TensorRows
from sirenpde.residuals import Batch, System
from sirenpde.run.run import build_network
from sirenpde.solvers.collocation import collocate
from sirenpde.solvers.stage import Unfit

box = Box(t=(0, 0.3), x=(0, 2), y=(-1, 1))
t, x, y = box.axes


def system_of(*constraints):
    problem = Problem(*constraints)
    networks = {u: build_network(u, u.network, 0) for u in problem.fields}
    return System(problem, networks, torch.device("cpu"), torch.float64)


def coupled():
    """Two fields, one of them complex, a periodic axis, a product of fields, faces with normals."""
    recipe = SineLattice((1, 2, 2), bandwidth=4.0)
    u = Field("u", box, recipe, periodic=(x,))
    h = Field("h", box, recipe, dtype=complex, periodic=(x,))

    @on(box, samples=50, weight=3.0)
    def motion(p):
        return D(h, t)(p) + 1j * D(h, x, x)(p) - u(p) * h(p)

    @on(box, samples=50)
    def balance(p):
        return laplacian(u, x, y)(p) + u(p) ** 2 + h(p).abs() ** 2

    @on(box.boundary("y"), samples=20, weight=7.0)
    def walls(p):
        return p.sample("normal")[2] * D(u, y)(p) + u(p) + y(p)

    @on(box.at(t=0), samples=20)
    def start(p):
        return h(p) - torch.exp(1j * x(p))

    return system_of(motion, balance, walls, start)


def random(n, seed=0):
    return torch.randn(n, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_rows_and_their_tangents_agree_with_the_engines():
    system = coupled()
    rows = TensorRows(system)
    amplitudes = random(sum(math.prod(shape) for shape in rows.shapes))
    theta = rows.to_theta(amplitudes)
    assert torch.allclose(rows.from_theta(theta), amplitudes, rtol=0, atol=1e-9)

    # The same points, one batch a group, weighed so that their mean is the quadrature.
    batches = []
    for group in system.groups:
        own = [block for block in rows.blocks if block.group is group]
        points = torch.cat([block.part.points for block in own])
        weights = torch.cat([block.part.weights for block in own]) * len(points)
        data = {key: torch.cat([block.part.data[key] for block in own]) for key in group.data}
        batches.append(Batch(points, data, weights[:, None].expand(-1, len(group.members))))
    terms = rows.terms(rows.vector(amplitudes))
    assert torch.allclose(terms, system.losses(theta, batches), rtol=1e-10)

    step, tangent = random(len(amplitudes), 1), rows.tangent(amplitudes)
    ahead, behind = rows.vector(amplitudes + 1e-5 * step), rows.vector(amplitudes - 1e-5 * step)
    image = tangent.apply(step)
    assert float((image - (ahead - behind) / 2e-5).norm() / image.norm()) < 1e-8
    other = random(len(image), 2)
    back = tangent.transpose(other)
    assert float(image @ other) == pytest.approx(float(step @ back), rel=1e-11)


def test_without_variation_along_the_period_the_preconditioner_is_exact():
    """Rᵀ R = Aᵀ A, so that conjugate gradients are done after one iteration."""
    plane = Box(t=(0, 0.3), x=(0, 2), z=(0, 1))
    tau, s, z = plane.axes
    u = Field("u", plane, SineLattice((2, 3, 2), bandwidth=5.0), periodic=(s, z))

    @on(plane, samples=10)
    def transport(p):
        return D(u, tau)(p) + (1 + tau(p)) * D(u, s)(p) - 2 * D(u, z)(p) - 0.1 * D(u, s, z)(p) + u(p)

    @on(plane.at(t=0), samples=10, weight=50)
    def start(p):
        return u(p) - torch.cos(math.pi * s(p))

    rows = TensorRows(system_of(transport, start))
    zero = torch.zeros(math.prod(rows.shapes[0]), dtype=torch.float64)
    tangent = rows.tangent(zero)
    blocks = ModeBlocks(tangent)
    v = random(len(zero))
    normal = tangent.transpose(tangent.apply(blocks.solve(v)))
    assert torch.allclose(blocks.solve_adjoint(normal), v, rtol=0, atol=1e-10)
    assert "1 Newton steps, 1 inner" in collocate(rows, zero).note


def test_without_a_period_nothing_is_averaged():
    square = Box(x=(0, 1), y=(0, 1))
    a, b = square.axes
    u = Field("u", square, SineLattice(14))

    def exact(p):
        return torch.exp(a(p) * torch.sin(3 * b(p)))

    def source(p):
        s, c, v = torch.sin(3 * b(p)), torch.cos(3 * b(p)), exact(p)
        return v * (s * s + 9 * a(p) * (a(p) * c * c - s))

    @on(square, samples=10)
    def inside(p):
        return laplacian(u)(p) - torch.exp(u(p) / 3) - source(p) + torch.exp(exact(p) / 3)

    @on(square.boundary(), samples=10, weight=100)
    def edges(p):
        return u(p) - exact(p)

    solution = solve(Problem(inside, edges, reference={u: exact}), [Collocation()])
    assert float(solution.errors["u"]["relative_l2"]) < 1e-12


def test_open_orders_grow_as_far_as_the_field_asks():
    line = Box(x=(0, 1))
    (s,) = line.axes

    def exact(p):
        return torch.tanh(20 * (s(p) - 0.4))

    def found(tolerance):
        u = Field("u", line, SineLattice())

        @on(line, samples=10)
        def layer(p):
            return D(u, s)(p) - 20 * (1 - u(p) ** 2)

        @on(line.at(x=0.4))
        def middle(p):
            return u(p)

        return solve(Problem(layer, middle, reference={u: exact}), [Collocation(tolerance)])

    coarse, fine = found(1e-3), found(1e-10)
    assert coarse.parameters < fine.parameters
    assert float(fine.errors["u"]["relative_l2"]) < 1e-9 < float(coarse.errors["u"]["relative_l2"])
    again = solve(fine.problem, [Collocation(1e-10)], resume=fine.snapshot())
    assert torch.equal(again.theta, fine.theta)


def test_what_collocation_cannot_solve_is_told_so():
    square = Box(x=(0, 1), y=(0, 1))
    a, _ = square.axes
    u = Field("u", square, SineLattice(2))
    v = Field("v", square, Siren(8, 2))
    c = Unknown("c", 1.0)

    def refused(kind, match, residual, domain=square, **flags):
        constraint = on(domain, samples=10, name="given", **flags)(residual)
        with pytest.raises(kind, match=match):
            solve(Problem(constraint), [Collocation()])

    refused(Unfit, "cannot solve for v, a DenseNetwork", lambda p: v(p))
    refused(Unfit, "the loss of 'given'", lambda p: u(p), loss=l1)
    refused(Unfit, "the unknown c", lambda p: u(p) - c(p))
    disk = square.where(lambda p: p.norm(dim=1) < 1, "quarter")
    refused(NoNodes, "'quarter' is no tensor product", lambda p: u(p), disk)
    around = Field("w", square, SineLattice(2), periodic=(a,))
    refused(Unfit, "no constraint all around the periodic axes", lambda p: around(p) - 1, square.at(x=0.5))
    with pytest.raises(ValueError, match="tolerance=0"):
        Collocation(tolerance=0)
    large = Field("large", Box(x=(0, 1), y=(0, 1), z=(0, 1)), SineLattice(20))
    refused(ValueError, "68921 columns", lambda p: large(p) - 1, large.domain)


def test_products_of_columns_are_those_of_the_matrix():
    """Two fields, one with two components, slopes that vary over the box, faces and a start."""
    box = Box(t=(0, 0.5), x=(0, 1), y=(-1, 2))
    t, x, y = box.axes
    u = Field("u", box, SineLattice((2, 2, 1)), shape=(2,))
    v = Field("v", box, SineLattice((1, 2, 2)))

    def inside(p):
        return D(u, t)(p)[0] + x(p) * D(u, x, x)(p)[1] - t(p) * y(p) * D(v, y)(p) + v(p) ** 2

    problem = Problem(
        on(box, 10, name="inside")(inside),
        on(box.at(t=0), 10, name="start")(lambda p: u(p) * (1 + x(p))),
        on(box.boundary("x", "y"), 10, name="walls")(lambda p: v(p) + D(u, x)(p)[0]),
    )
    rows = TensorRows(system_of(*problem.constraints))
    count = sum(torch.Size(shape).numel() for shape in rows.shapes)
    at = torch.randn(count, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    tangent = rows.tangent(at)
    matrix = columns_of(tangent)
    expected = matrix.T @ matrix
    kept = (expected.diagonal() > 0).double()
    found = gram(tangent) * kept * kept[:, None]
    assert float((found - expected).abs().max()) < 1e-13 * float(expected.abs().max())
