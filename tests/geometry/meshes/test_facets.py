"""Facets: parts of a mesh's surface by name, by direction and between sharp edges."""

from __future__ import annotations

import math

import pytest
import torch
from boxes import seeded
from solids import tetrahedron

from sirenpde import TriangleMesh, bundled
from sirenpde.geometry.quadrature import cubature

PART = TriangleMesh.open(bundled("bracket.stl"))
SKIN = PART.boundary()


def test_parts_by_direction() -> None:
    foot = SKIN.facing((0, 0, -2))
    assert foot.measure == pytest.approx(12, rel=1e-12) and foot.bounds[2] == (0, 0)
    assert foot.name == "bracket facing (0, 0, -2)"
    top = SKIN.facing((0, 0, 1)).where(lambda p: p[:, 2] > 3.9, "top")
    points, data = top.draw(200, seeded())
    assert points[:, 2].tolist() == [4.0] * 200 and data["normal"][0].tolist() == [0, 0, 1]
    with pytest.raises(ValueError, match=r"No triangle of 'tetrahedron' faces \(1, 0, 0\) within 1 degrees"):
        tetrahedron().boundary().facing((1, 0, 0))
    with pytest.raises(ValueError, match="three numbers, not all 0"):
        SKIN.facing((0, 0, 0))


def test_pieces_between_sharp_edges() -> None:
    """The fillet is one with the faces that it leads into."""
    pieces = SKIN.pieces()
    assert sum(piece.measure for piece in pieces) == pytest.approx(SKIN.measure, rel=1e-14)
    assert len(pieces) == 7  # two sides, foot, back, end, top, inner surface with its fillet
    areas = [piece.measure for piece in pieces]
    assert areas == sorted(areas, reverse=True)
    fillet = 1.6 * 64 * 2 * math.sin(math.pi / 256)
    assert areas[0] == pytest.approx(3 * (0.8 + fillet + 0.8), rel=1e-6)
    assert len(SKIN.pieces(angle=math.radians(0.5))) == 8 + 64


def test_an_image_of_the_unit_square_in_equal_parts() -> None:
    points, data = SKIN.from_unit(torch.rand(20_000, 2, dtype=torch.float64, generator=seeded()))
    assert bool(SKIN.contains(points).all()) and not SKIN.contains(points + 1e-6 * data["normal"]).any()
    flux = SKIN.measure * (points * data["normal"]).sum(1).mean()
    assert float(flux) == pytest.approx(3 * PART.measure, rel=0.03)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_nodes_are_exact_for_polynomials_on_triangles(count: int) -> None:
    """The flux of (xᵏ, 0, 0) through a closed surface is ∫ k xᵏ⁻¹ over the inside, known on a tetrahedron."""
    nodes = cubature(tetrahedron().boundary(), count)
    assert nodes is not None
    k = 2 * count - 1
    flux = (nodes.points[:, 0] ** k * nodes.data["normal"][:, 0]) @ nodes.weights
    # ∫ x^(k-1) over the simplex of edges 1, 2, 3 is 6 (k-1)! / (k+2)!
    exact = k * 6 * math.factorial(k - 1) / math.factorial(k + 2)
    assert float(flux) == pytest.approx(exact, rel=1e-13)
    assert float(nodes.weights.sum()) == pytest.approx(9, rel=1e-14)
