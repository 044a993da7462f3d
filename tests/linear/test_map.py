"""Every kind of linear map against its own matrix, and its adjoint against the map."""

import math

import pytest
import torch
from tensor_problems import coupled, random, system_of

from sirenpde import Box, D, Field, FourierSeries, SineFeatures, Siren, laplacian, on
from sirenpde.linear.cgls import by_factor, cgls
from sirenpde.linear.dense_rows import DenseEquations, affine_rows
from sirenpde.linear.grid_rows import by_diagonal, grid_rows
from sirenpde.linear.map import DenseMap, Stacked, columns_of
from sirenpde.linear.mode_blocks import ModeBlocks
from sirenpde.linear.qr import solve_dense
from sirenpde.linear.sketch import count_sketch
from sirenpde.linear.tensor_rows import TensorRows

square = Box(x=(0, 1), y=(0, 2))
x, y = square.axes


def smooth(recipe):
    """-Δu + u u_x = x y on the square, with u = y on its boundary."""
    u = Field("u", square, recipe)
    inside = on(square, 60, name="inside")(lambda p: u(p) * D(u, x)(p) - laplacian(u)(p) - x(p) * y(p))
    return system_of(inside, on(square.boundary(), 30, weight=9, name="edge")(lambda p: u(p) - y(p)))


def drawn(system):
    return system.draw(torch.Generator().manual_seed(0))


def dense():
    system = smooth(SineFeatures(12, 4.0))
    equations = DenseEquations(system, system.initial(), drawn(system), held=random((1, 13)))
    return equations.tangent(random(13))


def complex_rows():
    h = Field("h", square, SineFeatures(9, 4.0), dtype=complex)
    system = system_of(on(square, 40, name="waves")(lambda p: laplacian(h)(p) + 4j * h(p) - x(p)))
    return affine_rows(system, system.initial(), drawn(system)).map


def jacobian():
    system = smooth(Siren(5, 2))
    return DenseMap(system.jacobian(random(len(system.initial())), drawn(system))[1])


def on_grids():
    nodes = square.nodes(9)
    u = Field("u", square, FourierSeries(3), periodic=(x, y))
    system = system_of(
        on(nodes, name="inside")(lambda p: laplacian(u)(p) - u(p)),
        on(nodes, weight=4, name="slope")(lambda p: D(u, x, y)(p) + x(p) * u(p)),
    )
    return Stacked(grid_rows(system, system.parameters.networks[u], u, drawn(system)))


def on_tensors():
    rows = TensorRows(coupled())
    return rows.tangent(random(sum(math.prod(shape) for shape in rows.shapes)))


def sketch():
    return count_sketch(20, random(50), torch.Generator().manual_seed(1))


KINDS = [dense, complex_rows, jacobian, on_grids, on_tensors, sketch]


def vector(count, like, seed):
    real = random(count, seed)
    return torch.complex(real, random(count, seed + 9)) if like.is_complex() else real


@pytest.mark.parametrize("kind", KINDS)
def test_a_map_is_its_matrix_and_its_transpose_the_adjoint(kind):
    linear = kind()
    v, w = vector(linear.columns, linear.like, 1), vector(linear.rows, linear.like, 2)
    units = torch.eye(linear.columns, dtype=v.dtype)
    matrix = torch.stack([linear.apply(unit) for unit in units], dim=1)
    assert matrix.shape == (linear.rows, linear.columns) and matrix.dtype == linear.like.dtype
    torch.testing.assert_close(columns_of(linear), matrix, rtol=1e-12, atol=1e-12 * float(matrix.abs().max()))
    image, back = linear.apply(v), linear.transpose(w)
    scale = float(matrix.norm())
    assert float((image - matrix @ v).norm()) < 1e-13 * scale * float(v.norm())
    assert float((back - matrix.mH @ w).norm()) < 1e-13 * scale * float(w.norm())
    assert abs(torch.vdot(w, image) - torch.vdot(back, v)) < 1e-13 * scale * float(v.norm() * w.norm())


def exact_factor(linear):
    return by_factor(solve_dense(columns_of(linear), vector(linear.rows, linear.like, 0), 1e-12).factor)


@pytest.mark.parametrize(
    ("kind", "precondition"),
    [
        (dense, exact_factor),
        (complex_rows, exact_factor),
        (on_grids, lambda linear: by_diagonal(linear.maps)),
        (on_tensors, lambda tangent: by_factor(ModeBlocks(tangent))),
    ],
)
def test_conjugate_gradients_leave_what_a_direct_solve_leaves(kind, precondition):
    linear = kind()
    target = vector(linear.rows, linear.like, 3)
    found = cgls(linear, target, precondition(linear), 1e-9, 400)
    direct = solve_dense(columns_of(linear), target)
    least = float((columns_of(linear) @ direct.x - target).norm())
    assert found.fallen <= 1e-9 and found.iterations > 0
    assert float((linear.apply(found.x) - target).norm()) == pytest.approx(least, rel=1e-7)
    assert float(found.residual.norm()) == pytest.approx(least, rel=1e-7)


def test_conjugate_gradients_go_on_from_a_start():
    linear = on_grids()
    target, precondition = vector(linear.rows, linear.like, 3), by_diagonal(linear.maps)
    half = cgls(linear, target, precondition, 0.0, 4)
    rest = cgls(linear, target, precondition, 1e-10, 400, start=half.x)
    assert half.iterations == 4 and float(rest.residual.norm()) < float(half.residual.norm())
    assert cgls(linear, target, precondition, 1e-10, 400, deadline=0.0).iterations == 0
