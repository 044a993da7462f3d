"""Kirsch's solution: in equilibrium, free at the hole, and its stresses those of its displacements."""

import torch
from reference_values import at, relative

from sirenpde import Box, Disk, div, grad
from sirenpde.references.elasticity import kirsch_displacement, kirsch_stress

PLATE = Box(x=(-3, 3), y=(-3, 3)) - Disk()
RATIO = 0.3
KNOWN, STRESS = kirsch_displacement(PLATE.axes, RATIO), kirsch_stress(PLATE.axes)


def stress_of_displacement(p):
    slopes = grad(KNOWN, *PLATE.axes)(p)
    pressure = 2 * RATIO / (1 - RATIO) * slopes.trace()
    return slopes + slopes.mT + pressure * torch.eye(2).to(slopes)


def test_the_stresses_are_those_of_the_displacements_and_in_equilibrium():
    points = PLATE.draw(500, torch.Generator().manual_seed(0))[0]
    assert relative(at(PLATE, stress_of_displacement, points), at(PLATE, STRESS, points)) < 1e-13
    assert float(at(PLATE, div(STRESS, *PLATE.axes), points).abs().max()) < 1e-12


def test_the_hole_is_free_and_far_away_there_is_tension_along_x():
    points, data = PLATE.boundary_of(Disk()).draw(200, torch.Generator().manual_seed(0))
    traction = (at(PLATE, STRESS, points) @ data["normal"][:, :, None])[:, :, 0]
    assert float(traction.abs().max()) < 1e-14
    far = at(PLATE, STRESS, torch.tensor([[700.0, 700.0]], dtype=torch.float64))[0]
    assert torch.allclose(far, torch.tensor([[1.0, 0.0], [0.0, 0.0]], dtype=torch.float64), atol=1e-5)
