"""Layered ground by formula, and the coordinates in which its floor is level."""

import torch

from sirenpde import PML, Box
from sirenpde.problem.reference import exact_values
from sirenpde.references.ground import (
    LEVEL,
    MIDDLE,
    around_source,
    depth_at,
    depth_slopes,
    floor_depth,
    level_laplacian,
)
from sirenpde.references.scattering import PlaneWave


def test_the_slopes_of_the_depth_are_its_derivatives() -> None:
    random = torch.Generator().manual_seed(0)
    x = (4 * torch.rand(200, generator=random, dtype=torch.float64)).requires_grad_()
    z = (2.6 * torch.rand(200, generator=random, dtype=torch.float64) - 0.4).requires_grad_()
    by_x, by_z = torch.autograd.grad(depth_at(x, z).sum(), (x, z))
    y_x, y_z = depth_slopes(x, z)
    assert torch.allclose(y_x, by_x, rtol=0, atol=1e-14) and torch.allclose(y_z, by_z, rtol=0, atol=1e-14)
    assert y_z.amin() > 0.7


def test_floor_and_basement_are_level() -> None:
    x = torch.linspace(0, 4, 50, dtype=torch.float64)
    assert torch.allclose(depth_at(x, torch.full_like(x, MIDDLE)), floor_depth(x))
    assert torch.allclose(depth_at(x, torch.full_like(x, LEVEL)), torch.full_like(x, LEVEL))


def test_the_box_around_a_source_has_it_in_its_middle() -> None:
    (across, down), _ = (box.bounds for box in around_source(0.8, 0.25))
    assert abs(sum(across) / 2 - 0.8) < 1e-12
    at = torch.tensor([0.8, sum(down) / 2], dtype=torch.float64)
    assert abs(float(depth_at(*at)) - 0.25) < 1e-12


def test_where_the_floor_is_level_the_laplacian_is_the_same_over_the_slope_of_the_depth() -> None:
    layers = [PML(Box(**{"x": (-0.4, 4.4), name: (-0.4, 2.2)}), 0.4, strength=5.0) for name in "yz"]
    (x, y), (_, z) = (layer.box.axes for layer in layers)
    waves = PlaneWave(0.7)
    places = layers[1].box.draw(200, torch.Generator().manual_seed(0))[0].double()
    below = torch.stack([places[:, 0], depth_at(*places.T)], 1)
    wanted = exact_values(layers[0].laplacian(waves.wave(5.0, (x, y))), (x, y), below, {})
    level = waves.wave(5.0, (x, lambda p: depth_at(x(p), z(p))))
    found = exact_values(level_laplacian(layers[1], level), (x, z), places, {})
    assert (found - depth_slopes(*places.T)[1] * wanted).abs().max() < 1e-10 * wanted.abs().max()
