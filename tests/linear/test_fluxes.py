"""Fluxes in place of derivatives on faces where they jump."""

import torch

from sirenpde import Box, D, Field, Problem, SineFeatures, on
from sirenpde.linear.fluxes import Flux, flux_rows, with_fluxes
from sirenpde.linear.joins import joints
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
