"""The flow in a cavity: in its corners, against finer ones, against Navier and Stokes."""

import numpy as np
import pytest
import torch
from reference_values import at, drawn, relative

from sirenpde import Box, D, laplacian
from sirenpde.references import cavity
from sirenpde.references.cavity import driven_cavity, parabola, uniform


def test_the_flow_in_a_corner_is_biharmonic_and_follows_the_walls():
    box = Box(x=(0, 1), y=(0, 1))
    x, y = box.axes

    def psi(p):
        return cavity.corner_flow(x(p), y(p))

    assert float(at(box, laplacian(laplacian(psi, x, y), x, y), drawn(box, 100)).abs().max()) < 1e-8
    for wall, normal, slope in (("x", x, 0.0), ("y", y, -1.0)):
        points = drawn(box.at(**{wall: 0}), 50)
        along = points.sum(1)
        assert float(at(box, psi, points).abs().max()) < 1e-15
        assert torch.allclose(at(box, D(psi, normal), points), slope * along, rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("coarse", "fine", "most"), [(24, 32, 3e-6), pytest.param(48, 64, 1e-8, marks=pytest.mark.slow)]
)
def test_the_cavity_has_converged(coarse, fine, most):
    box = Box(x=(0, 1), y=(0, 1))
    found, finer = (driven_cavity(box, 100, modes=modes).data["velocity"] for modes in (coarse, fine))
    assert relative(found, finer) < most


def test_the_cavity_solves_navier_stokes_and_follows_its_walls():
    reynolds, nodes = 100.0, 41
    flow = cavity.flow_below(reynolds, parabola, 32)
    u, v = flow.at(nodes, 0, 1), -flow.at(nodes, 1, 0)
    wx = -flow.at(nodes, 3, 0) - flow.at(nodes, 1, 2)
    wy = -flow.at(nodes, 2, 1) - flow.at(nodes, 0, 3)
    spread = -flow.at(nodes, 4, 0) - 2 * flow.at(nodes, 2, 2) - flow.at(nodes, 0, 4)
    inner = (slice(4, -4), slice(4, -4))  # in the corners the terms grow without bounds
    assert np.abs(u * wx + v * wy - spread / reynolds)[inner].max() < 2e-4 * np.abs(u * wx)[inner].max()
    s = np.linspace(0, 1, nodes)
    assert np.abs(u[:, -1] - 4 * s * (1 - s)).max() < 1e-13
    edges = [u[0], u[-1], u[:, 0], v[0], v[-1], v[:, 0], v[:, -1]]
    assert max(np.abs(edge).max() for edge in edges) < 1e-13


def test_without_inertia_the_cavity_is_a_mirror_image_of_itself():
    box = Box(x=(0, 1), y=(0, 1))
    stream = driven_cavity(box, 1e-9, modes=16, nodes=21).data["stream"].reshape(21, 21)
    assert torch.allclose(stream, stream.flip(0), rtol=0, atol=1e-12)


def test_a_slower_lid_at_a_larger_viscosity_drives_the_same_flow():
    box = Box(x=(0, 1), y=(0, 1))
    whole = driven_cavity(box, 50, modes=16, nodes=11).data["velocity"]
    half = driven_cavity(box, 100, lambda x: 2 * x * (1 - x), modes=16, nodes=11).data["velocity"]
    assert torch.allclose(whole, 2 * half, rtol=0, atol=1e-11)
    with pytest.raises(ValueError, match="expected the unit square"):
        driven_cavity(Box(x=(0, 2), y=(0, 1)))


def test_the_flow_below_a_sliding_wall_is_biharmonic_and_follows_the_walls():
    box = Box(x=(0, 1), y=(0, 1))
    x, y = box.axes

    def psi(p):
        return cavity.sliding_flow(x(p), y(p))

    inside = drawn(box, 100)
    inside = inside[inside.sum(1) > 0.3]
    assert float(at(box, laplacian(laplacian(psi, x, y), x, y), inside).abs().max()) < 1e-8
    for wall, normal, slope in (("x", x, 0.0), ("y", y, -1.0)):
        points = drawn(box.at(**{wall: 0}), 50)
        assert float(at(box, psi, points).abs().max()) < 1e-15
        slopes = at(box, D(psi, normal), points)
        assert torch.allclose(slopes, torch.full_like(slopes, slope), rtol=0, atol=1e-10)


def test_below_a_uniform_lid_the_table_is_the_flow_and_known_extremes_are_met():
    """Botella and Peyret, Benchmark spectral results on the lid-driven cavity flow, 1998, tables 2 and 3."""
    known, found = cavity._found(100.0, uniform, None), cavity._found(100.0, uniform, 24)
    away = (slice(3, -3), slice(0, -3))
    assert np.abs(known.at(41, 0, 1) - found.at(41, 0, 1))[away].max() < 2e-4
    fast, middle = cavity._found(1000.0, uniform, None), 500
    assert fast.at(1001, 0, 1)[middle].min() == pytest.approx(-0.3885698, abs=4e-6)
    across = -fast.at(1001, 1, 0)[:, middle]
    assert (across.max(), across.min()) == pytest.approx((0.3769447, -0.5270771), abs=6e-6)


def test_faster_flows_are_found_from_slower_ones():
    found, known = cavity.flow_below(1000.0, uniform, 24), cavity._found(1000.0, uniform, None)
    away = (slice(3, -3), slice(0, -3))
    error = np.abs(found.at(41, 0, 1) - known.at(41, 0, 1))[away].max()
    assert 1e-6 < error < 2e-2
    slower = cavity.flow_below(500.0, uniform, 24)  # it is known from there
    assert np.abs(found.at(41, 0, 1) - slower.at(41, 0, 1))[away].max() > 5e-2


def test_below_a_uniform_lid_walls_are_followed_but_in_its_corners():
    flow = cavity._found(400.0, uniform, None)
    u, v = flow.at(41, 0, 1), -flow.at(41, 1, 0)
    assert np.abs(u[1:-1, -1] - 1).max() < 1e-12
    edges = [u[0, :-1], u[-1, :-1], u[:, 0], v[0, :-1], v[-1, :-1], v[:, 0], v[1:-1, -1]]
    assert max(np.abs(edge).max() for edge in edges) < 1e-12
