"""Which side of a surface is outside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from boxes import seeded
from solids import ply

from sirenpde.geometry.meshes.mesh import TriangleMesh


@pytest.mark.parametrize("offset", [0.0, 4e6])
@pytest.mark.parametrize("seed", range(4))
def test_every_closed_part_is_turned_out_of_the_solid(tmp_path: Path, offset: float, seed: int) -> None:
    # A ball with a cavity and a ball within that, and a second ball beside them, each turned anyhow.
    import trimesh

    rng = np.random.default_rng(seed)
    ball = trimesh.creation.icosphere(subdivisions=2)
    parts = [(1.0, 0.0), (0.6, 0.1), (0.3, 0.15), (0.5, 3.0)]
    vertices = np.concatenate([radius * ball.vertices + [x + offset, offset, 0] for radius, x in parts])
    faces = np.concatenate([ball.faces + i * len(ball.vertices) for i in range(4)])
    whole = rng.permutation(2 ** np.arange(4))[:2]
    for i in range(4):
        if whole.sum() & 2**i:
            faces[i * len(ball.faces) : (i + 1) * len(ball.faces)] = np.flip(ball.faces, 1) + i * len(
                ball.vertices
            )
    some = rng.choice(len(faces), len(faces) // 6, replace=False)
    faces[some] = faces[some, ::-1]
    order = rng.permutation(len(faces))
    (tmp_path / "a.ply").write_bytes(ply("<", vertices, faces[order]))
    mesh = TriangleMesh.open(tmp_path / "a.ply")
    assert mesh.watertight
    unit = ball.volume
    assert mesh.volume == pytest.approx(unit * (1 - 0.6**3 + 0.3**3 + 0.5**3), rel=1e-6)
    points, normals = mesh.sample(2000, seeded())
    local = points.numpy() - [offset, offset, 0]
    for (radius, x), sign in zip(parts, (1, -1, 1, 1), strict=True):
        ray = local - [x, 0, 0]
        there = abs(np.linalg.norm(ray, axis=1) - radius) < 0.04 * radius
        assert there.sum() > 30
        assert (np.sign((ray * normals.numpy()).sum(1)) == sign)[there].all()


def test_an_open_part_keeps_the_side_of_most_of_its_faces(tmp_path: Path) -> None:
    grid = [(i, j) for i in range(4) for j in range(4)]
    faces = [(4 * i + j, 4 * i + j + 4, 4 * i + j + 5) for i in range(3) for j in range(3)]
    faces += [(4 * i + j, 4 * i + j + 5, 4 * i + j + 1) for i in range(3) for j in range(3)]
    flat = np.array([(i, j, 0.0) for i, j in grid])
    turned = np.array(faces)
    turned[[2, 5, 11]] = turned[[2, 5, 11], ::-1]
    (tmp_path / "a.ply").write_bytes(ply(">", flat, turned))
    mesh = TriangleMesh.open(tmp_path / "a.ply")
    assert mesh.normals.tolist() == [[0, 0, 1]] * 18 and not mesh.watertight


def test_a_moebius_strip_is_left_as_it_is(tmp_path: Path) -> None:
    k = np.arange(12)
    angle = np.pi * k / 6
    edge = np.stack(
        [np.cos(angle / 2) * np.cos(angle), np.cos(angle / 2) * np.sin(angle), np.sin(angle / 2)], 1
    )
    middle = 3 * np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1)
    strip = np.concatenate([middle + edge, middle - edge])
    ends = np.where(k == 11, 12, k + 1), np.where(k == 11, 0, k + 13)
    faces = np.concatenate([np.stack([k, ends[0], k + 12], 1), np.stack([k + 12, ends[0], ends[1]], 1)])
    (tmp_path / "a.ply").write_bytes(ply("<", strip, faces))
    assert len(TriangleMesh.open(tmp_path / "a.ply").faces) == 24
