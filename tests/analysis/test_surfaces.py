"""Surface errors, against brute force and surfaces whose distance is known."""

import math

import pytest
import torch
from torch import Tensor

from sirenpde import TriangleMesh, bundled
from sirenpde.analysis.surfaces import component_count, largest_part, nearest_triangles, surface_errors


@pytest.fixture(scope="module")
def spot() -> TriangleMesh:
    return TriangleMesh.open(bundled("spot.obj"))


def brute_force(points: Tensor, mesh: TriangleMesh, fine: int = 60) -> Tensor:
    """Distances to a fine net of points on every triangle."""
    i, j = torch.meshgrid(torch.arange(fine + 1), torch.arange(fine + 1), indexing="ij")
    kept = i + j <= fine
    weights = torch.stack([i[kept], j[kept], fine - i[kept] - j[kept]], dim=1).double() / fine
    net = torch.einsum("wc,fcd->fwd", weights, mesh.corners).reshape(-1, 3)
    return torch.cdist(points, net).amin(1)


def test_distances_to_triangles_of_all_sizes_are_exact():
    generator = torch.Generator().manual_seed(0)
    vertices = torch.randn(12, 3, dtype=torch.float64, generator=generator)
    faces = torch.tensor([[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]])
    mesh = TriangleMesh(torch.cat([vertices[:9], 0.01 * vertices[9:]]), faces)
    points = 2 * torch.randn(300, 3, dtype=torch.float64, generator=generator)
    distances, nearest = nearest_triangles(points, mesh)
    rough = brute_force(points, mesh)
    assert (distances <= rough + 1e-12).all()
    assert (rough - distances).max() < 0.05
    for face in range(4):
        own, _ = nearest_triangles(points, TriangleMesh(mesh.vertices, mesh.faces[face : face + 1]))
        assert (own >= distances - 1e-12).all()
        torch.testing.assert_close(own[nearest == face], distances[nearest == face], rtol=1e-12, atol=1e-12)


def test_a_point_over_a_triangle_its_edge_and_its_corner():
    mesh = TriangleMesh(torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]]).double(), torch.tensor([[0, 1, 2]]))
    points = torch.tensor([[0.2, 0.2, 0.5], [0.5, -2.0, 0.0], [-3.0, -4.0, 0.0], [1.0, 1.0, 0.0]]).double()
    distances, faces = nearest_triangles(points, mesh)
    assert distances.tolist() == pytest.approx([0.5, 2.0, 5.0, math.sqrt(0.5)], rel=1e-14)
    assert faces.tolist() == [0, 0, 0, 0]


def test_a_surface_has_no_distance_from_itself(spot):
    errors = surface_errors(spot, spot, samples=3000)
    assert errors["chamfer"] < 1e-12
    assert errors["hausdorff"] < 1e-12
    assert errors["normal_consistency"] > 0.9999
    assert errors["components"] == 1
    assert errors["watertight"]


def test_a_shifted_plane_is_as_far_as_it_was_shifted():
    corners = torch.tensor([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]).double()
    faces = torch.tensor([[0, 1, 2], [0, 2, 3]])
    square = TriangleMesh(corners, faces)
    shifted = TriangleMesh(corners + torch.tensor([0, 0, 0.3], dtype=torch.float64), faces)
    errors = surface_errors(shifted, square, samples=500)
    assert errors["chamfer"] == pytest.approx(0.3 / math.sqrt(2), rel=1e-12)
    assert errors["hausdorff"] == pytest.approx(0.3 / math.sqrt(2), rel=1e-12)
    assert errors["normal_consistency"] == pytest.approx(1.0, rel=1e-12)
    assert not errors["watertight"]


def test_an_inverted_surface_and_a_second_sheet_show(spot):
    assert surface_errors(spot.flipped(), spot, samples=1000)["normal_consistency"] < -0.999
    twice = TriangleMesh(
        torch.cat([spot.vertices, 0.1 * spot.vertices]),
        torch.cat([spot.faces, spot.faces + len(spot.vertices)]),
    )
    errors = surface_errors(twice, spot, samples=1000)
    assert errors["components"] == 2
    assert errors["hausdorff"] > 0.05


def test_vertices_of_no_face_are_no_component(spot):
    more = TriangleMesh(torch.cat([spot.vertices, torch.zeros(5, 3, dtype=torch.float64)]), spot.faces)
    assert component_count(more) == 1


def test_the_largest_part_is_that_of_the_largest_area(spot):
    few = TriangleMesh(5 * spot.vertices[spot.faces[:1]][0] + 10, torch.tensor([[0, 1, 2]]))
    vertices = torch.cat([few.vertices, spot.vertices, 0.5 * spot.vertices + 3])
    near, far = spot.faces + 3, spot.faces + 3 + len(spot.vertices)
    both = TriangleMesh(vertices, torch.cat([few.faces, far, near]))
    assert component_count(both) == 3
    part = largest_part(both)
    assert component_count(part) == 1 and abs(float(part.area / spot.area) - 1) < 1e-12
    torch.testing.assert_close(part.corners, spot.corners)


def test_triangles_without_area_are_their_edges():
    flat = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0.5, 0, 0], [0, 0, 0], [0, 3, 0], [3, 0, 3]]).double()
    mesh = TriangleMesh(flat, torch.tensor([[0, 1, 2], [0, 3, 3], [3, 4, 5]]))
    points = torch.tensor([[0.25, -0.5, 0.0], [-1.0, 0.0, 0.0]]).double()
    distances, faces = nearest_triangles(points, mesh)
    assert distances.tolist() == [0.5, 1.0] and faces.max() < 3
