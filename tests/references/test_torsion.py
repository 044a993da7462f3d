"""Stress functions of twisted bars: exact ones, and that of an L-section within its stated bound."""

import pytest
import torch
from reference_values import at

from sirenpde import Ellipse, Polygon, laplacian
from sirenpde.references.torsion import edge_error, stress_function

CORNERS = [(0.0, 0.0), (1.0, 0.0), (1.0, 0.3), (0.3, 0.3), (0.3, 1.0), (0.0, 1.0)]


def test_an_ellipse_has_its_closed_form():
    ellipse = Ellipse(radii=(1.0, 0.5))
    points = ellipse.draw(200, torch.Generator().manual_seed(0))[0]
    expected = (1 - points[:, 0] ** 2 - points[:, 1] ** 2 / 0.25) / 5
    assert torch.allclose(at(ellipse, stress_function(ellipse), points), expected, rtol=0, atol=1e-9)


def test_an_l_section_is_certified_on_its_edge():
    section = Polygon(CORNERS, rounded=0.1)
    assert edge_error(section) < 1e-8
    phi, points = stress_function(section), section.draw(200, torch.Generator().manual_seed(0))[0]
    inside = points[section.level(points) < -0.02]
    bent = at(section, laplacian(phi, *section.axes), inside)
    assert float((bent + 2).abs().max()) < 1e-4  # nothing is lost to poles that cancel


@pytest.mark.slow
def test_the_torsion_constant_of_the_l_section_is_that_of_finite_elements():
    """Quadratic triangles with straight edges: their own error is that of the corners' arcs."""
    import skfem
    from skfem.models.poisson import laplace, unit_load

    section = Polygon(CORNERS, rounded=0.1)
    nodes = section.cubature(60)
    constant = 2 * float(at(section, stress_function(section), nodes.points) @ nodes.weights)
    cells = section.cells(80)
    mesh = skfem.MeshTri(cells.points.numpy().T.copy(), cells.corners.numpy().T.copy())
    basis = skfem.Basis(mesh, skfem.ElementTriP2())
    load = 2 * unit_load.assemble(basis)
    phi = skfem.solve(*skfem.condense(laplace.assemble(basis), load, D=basis.get_dofs()))
    assert constant == pytest.approx(float(load @ phi), rel=1e-3)
