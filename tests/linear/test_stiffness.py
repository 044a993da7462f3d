"""Integrals over spectral elements, against formulas, and the stiffness against its matrix."""

import math

import pytest
import torch

from sirenpde import Disk, Elements
from sirenpde.geometry.meshes.quads import quadrilaterals
from sirenpde.linear.stiffness import Mesh, Stiffness
from sirenpde.networks.elements import ElementSeries
from sirenpde.networks.lobatto import lobatto


def boxes(dimension, order=6):
    """Two unit boxes side by side."""
    rest = [(0.0, 1.0)] * (dimension - 1)
    sides = [torch.cartesian_prod(*map(torch.tensor, [line, *rest])) for line in ((0.0, 1.0), (1.0, 2.0))]
    cells = tuple(tuple(map(tuple, c.reshape(-1, dimension).tolist())) for c in sides)
    recipe = Elements(order, cells, (0.0, 1.0))
    return Mesh(recipe.build([0.0] * (dimension + 1), [1.0, 2.0, *[1.0] * (dimension - 1)], 1, (), None))


@pytest.mark.parametrize(("dimension", "area"), [(1, 2.0), (2, 6.0), (3, 10.0)])
def test_volumes_and_sides(dimension, area):
    mesh = boxes(dimension)
    assert abs(float(mesh.weights.sum()) - 2) < 1e-12
    assert abs(float(mesh.sides.weights.sum()) - area) < 1e-12
    normals, places = mesh.sides.normals, mesh.sides.places
    assert float((normals.norm(dim=2) - 1).abs().max()) < 1e-12
    outward = places - torch.tensor([1.0, *[0.5] * (dimension - 1)])
    assert float((normals * outward).sum(2).min()) > 0


def test_the_rim_of_a_disk():
    module = ElementSeries(quadrilaterals(Disk(radius=2), 4, lobatto(6)[0]), 8, (0, 1), 1, 0, 1)
    sides = Mesh(module).sides
    assert math.isclose(float(sides.weights.sum()), 4 * math.pi, rel_tol=1e-8)
    assert float((sides.normals - sides.places / 2).abs().max()) < 1e-5


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_stiffness_is_the_integral_of_slopes(dimension):
    """Of u = x² y..., v = x: ∫ c u_x with c = 1 + x, by hand on [0, 2] x [0, 1]^(d - 1)."""
    mesh = boxes(dimension)
    places = torch.zeros(mesh.count, dimension, dtype=torch.float64)
    places[mesh.numbers.reshape(-1)] = mesh.places.flatten(0, 1)
    stiffness = Stiffness(mesh, 1 + mesh.places[..., 0], torch.zeros(mesh.count, dtype=torch.float64))
    u, v = places[:, 0] ** 2 * places[:, 1:].prod(1), places[:, 0]
    exact = (4 + 16 / 3) / 2 ** (dimension - 1)  # ∫ (1 + x) 2x dx, and 1/2 along the other axes
    assert abs(float(v @ stiffness(u)) - exact) < 1e-11
    matrix = torch.stack([stiffness(e) for e in torch.eye(mesh.count, dtype=torch.float64)[:40]])
    assert float((matrix[:, :40] - matrix[:, :40].T).abs().max()) < 1e-11


def test_the_fastest_vibration_is_bounded():
    mesh = boxes(2, order=4)
    masses = mesh.summed(mesh.weights)
    stiffness = Stiffness(mesh, torch.ones_like(mesh.weights), torch.zeros_like(masses))
    matrix = torch.stack([stiffness(e) for e in torch.eye(mesh.count, dtype=torch.float64)])
    scaled = matrix / masses.sqrt()[:, None] / masses.sqrt()
    largest = math.sqrt(float(torch.linalg.eigvalsh(scaled)[-1]))
    assert largest < stiffness.fastest(masses) < 1.12 * largest
