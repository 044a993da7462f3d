"""The furnished room: a mesh whose distance is exact, against its formulas."""

import numpy as np
import pytest
import torch
from boxes import seeded

from sirenpde import Box, PointCloud, TriangleMesh
from sirenpde.references.room import level, room_mesh, sampled, scanned


def test_the_mesh_is_one_closed_solid_whose_sides_are_those_of_the_formulas():
    room = room_mesh()
    assert room.watertight and room.measure == pytest.approx(0.6812, abs=1e-3)
    points, _ = room.sample(2000, seeded())
    assert float(level(points).abs().max()) < 4e-3  # flat sides exactly, round ones as chords
    assert float(level(points).abs().median()) < 1e-12
    anywhere = 2 * torch.rand(2000, 3, dtype=torch.float64, generator=seeded()) - 1
    distance = room.level(anywhere)
    clear = distance.abs() > 4e-3
    assert torch.equal((level(anywhere) > 0)[clear], (distance > 0)[clear])


def test_the_distance_to_a_cloud_of_it_has_the_right_sign_beyond_edges():
    points, data = sampled(40_000)
    cloud = PointCloud(points, Box(x=(-1, 1), y=(-1, 1), z=(-1, 1)), data)
    anywhere = 2 * torch.rand(2000, 3, dtype=torch.float64, generator=seeded()) - 1
    found, exact = cloud.distance(anywhere), room_mesh().level(anywhere)
    wrong = found.sign() != exact.sign()
    assert float(wrong.double().mean()) < 0.004 and float((found - exact).abs().mean()) < 2e-3


def test_the_side_is_right_where_a_ball_stands_on_the_floor():
    # The nearest point lies on the sharp edge of contact, of which the floor's normal says nothing.
    contact = torch.tensor([0.62, -0.5, -0.56], dtype=torch.float64)
    points = contact + 0.1 * torch.rand(20_000, 3, dtype=torch.float64, generator=seeded()) - 0.05
    distance = room_mesh().level(points)
    clear = distance.abs() > 2e-3
    assert torch.equal((level(points) > 0)[clear], (distance > 0)[clear])


def test_a_scan_of_another_room_keeps_its_units_or_fills_the_cube(tmp_path):
    hall = Box(x=(10, 14), y=(20, 23), z=(0, 2.5))
    points, normals = TriangleMesh.of(hall, 4).sample(8000, seeded())
    np.savez(tmp_path / "hall.npz", points=points, normal=normals)
    _, space, surface = scanned(0, tmp_path / "hall.npz")
    assert surface is None and float((space.data["distance"] - hall.level(space.points)).abs().mean()) < 0.01
    cube = Box(x=(-1, 1), y=(-1, 1), z=(-1, 1))
    filling = scanned(0, tmp_path / "hall.npz", cube)[0]
    assert float(filling.points.abs().max()) == pytest.approx(0.95) and filling.frame is not None
    np.savez(tmp_path / "bare.npz", points=points)
    with pytest.raises(ValueError, match="'bare' has no normals, which tell the two sides"):
        scanned(0, tmp_path / "bare.npz")
