"""Fluxes in place of derivatives on faces where they jump."""

from dataclasses import replace

import torch

from sirenpde import Box, D, Field, Problem, SineFeatures, on
from sirenpde.linear.fluxes import Flux, flux_rows, with_fluxes
from sirenpde.linear.joins import graded, joints
from sirenpde.networks.partition import Partition
from sirenpde.residuals import System

BOX = Box(x=(0, 2), y=(0, 1))
x, y = BOX.axes
u = Field("u", BOX)


def flux(p):
    return torch.where(x(p) < 1, 4.0 + y(p), 9.0 + y(p)) * D(u, x)(p)


@on(BOX, samples=100)
def diffusion(p):
    """(k u_x)_x = 0"""
    return D(flux, x)(p)


PROBLEM = Problem(diffusion)
CELLS = Partition.grid([(0, 1, 2), (0, 1)])
FLUX = Flux.of(diffusion, flux, 0, (1.0,))


def joint(orders=2):
    (joint,) = joints(CELLS, CELLS.faces(), [{u: orders}], (4, 4), (1.0, 1.0))
    return joint


def test_a_flux_takes_the_place_of_the_derivative_it_reads():
    joined = with_fluxes(joint(), [FLUX])
    assert joined.fluxes == (FLUX,) and joined.lowered == (u,)
    assert with_fluxes(joint(1), [FLUX]).fluxes == ()
    elsewhere = Flux.of(diffusion, flux, 0, (0.5,))
    assert with_fluxes(joint(), [elsewhere]).fluxes == ()


def test_each_side_reads_its_own_coefficient_in_units_of_both():
    network = SineFeatures(6, 2.0).build([0, 0], [2, 1], 1, (), torch.Generator().manual_seed(0))
    system = System(PROBLEM, {u: network}, torch.device("cpu"), torch.float64)
    joined = with_fluxes(joint(), [FLUX])
    (below,), (above,) = (flux_rows(system, joined, cell) for cell in (0, 1))
    ordinate = joined.nodes[:, 1]
    ratio = above.slopes[0].flatten() / below.slopes[0].flatten()
    torch.testing.assert_close(ratio, (9 + ordinate) / (4 + ordinate), rtol=1e-12, atol=0)
    mean = ((4 + ordinate) / (9 + ordinate)).mean()
    own = below.slopes[0].flatten() / joined.roots / joined.length
    assert 0.5 * mean < float(own.mean()) ** 2 * system.sizes[u] ** 2 < 2 * mean


def test_a_node_at_the_end_of_a_face_reads_what_lies_along_the_face():
    def crossed(p):
        return torch.where(y(p) < 0.5, 1.0, 100.0) * flux(p)

    cells = Partition.grid([(0, 1, 2), (0, 0.5, 1)])
    faces = [face for face in cells.faces() if face.axis == 0 and face.low[1] == 0]
    (plain,) = joints(cells, faces, [{u: 2}], (4, 4), (1.0, 1.0))
    nodes = plain.nodes.clone()
    nodes[-1, 1] = 0.5  # where rounding puts the nearest node to a point at which materials meet
    joined = with_fluxes(replace(plain, nodes=nodes), [Flux.of(diffusion, crossed, 0, (1.0,))])
    network = SineFeatures(6, 2.0).build([0, 0], [2, 1], 1, (), torch.Generator().manual_seed(0))
    system = System(PROBLEM, {u: network}, torch.device("cpu"), torch.float64)
    (rows,) = flux_rows(system, joined, faces[0].first)
    slopes = rows.slopes[0].flatten() / joined.roots
    assert abs(float(slopes[-1] / slopes[0]) - 4.5 / (4 + float(nodes[0, 1]))) < 1e-6


def test_no_node_at_a_singular_point_is_so_near_that_rounding_moves_it_there():
    cells = Partition.grid([(0, 1, 2), (0, 0.65, 1)])
    face = next(face for face in cells.faces() if face.axis == 0 and face.low[1] == 0.65)
    (plain,) = joints(cells, [face], [{u: 2}], (30, 30), (1.0, 1.0))
    near = graded(plain, [(1.0, 0.65)]).nodes[:, 1] - 0.65
    assert bool((near.diff() > 0).all())
    assert 1e-10 < float(near[0]) < 1e-8
