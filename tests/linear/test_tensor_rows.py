"""Residuals on tensor nodes against the engines, and the preconditioner against their matrix."""

import math

import pytest
import torch
from tensor_problems import coupled, random, system_of

from sirenpde import Box, D, Field, Problem, SineLattice, on
from sirenpde.linear.gram import gram
from sirenpde.linear.map import columns_of
from sirenpde.linear.mode_blocks import ModeBlocks
from sirenpde.linear.tensor_rows import TensorRows
from sirenpde.residuals import Batch
from sirenpde.solvers.collocation import collocate


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
        points = torch.cat([block.nodes.points for block in own])
        weights = torch.cat([block.nodes.weights for block in own]) * len(points)
        data = {key: torch.cat([block.nodes.data[key] for block in own]) for key in group.data}
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
