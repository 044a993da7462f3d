"""Meshes that enclose a solid, and those that do not: what is said about them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from boxes import seeded
from numpy.typing import NDArray
from solids import tetrahedron

from sirenpde import TriangleMesh, bundled
from sirenpde.geometry.meshes.closed import crossing

Array = NDArray[np.float64]


def block(low: tuple[float, ...] = (0, 0, 0), high: tuple[float, ...] = (1, 1, 1)) -> TriangleMesh:
    """A box of twelve triangles."""
    ends = torch.tensor([low, high], dtype=torch.float64)
    vertices = torch.cartesian_prod(*ends.T)
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = [t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))]
    return TriangleMesh(vertices, torch.tensor(faces), "block")


def both(one: TriangleMesh, other: TriangleMesh) -> TriangleMesh:
    faces = torch.cat([one.faces, other.faces + len(one.vertices)])
    return TriangleMesh(torch.cat([one.vertices, other.vertices]), faces, "both")


def test_solids_are_accepted() -> None:
    hollow = both(block(), block((0.2, 0.2, 0.2), (0.8, 0.8, 0.8)).flipped())
    apart = both(block(), block((2, 0, 0), (3, 1, 1)))
    assert block().measure == pytest.approx(1)
    assert hollow.measure == pytest.approx(1 - 0.216) and apart.measure == pytest.approx(2)
    points, _ = hollow.draw(2000, seeded())
    assert not ((points - 0.5).abs() < 0.3 - 1e-12).all(1).any()


@pytest.mark.parametrize(
    ("mesh", "message"),
    [
        (
            TriangleMesh(block().vertices, block().faces[2:], "lid"),
            r"'lid' is not closed: 4 of its edges belong to one face alone, around 1 hole, .* at x = 0, .* Fill the",
        ),
        (
            TriangleMesh(block().vertices, torch.cat([block().faces[1:2], block().faces[3:]]), "lid"),
            r"6 of its edges belong to one face alone, around 2 holes",
        ),
        (
            TriangleMesh(block().vertices, torch.cat([block().faces[:1].flip(1), block().faces[1:]])),
            r"3 edges at which not two faces meet that are turned alike",
        ),
        (block().flipped(), r"normals of 'block' point inwards \(its volume is -1\).*mesh\.flipped\(\)"),
        (
            TriangleMesh(torch.rand(3, 3).double(), torch.tensor([[0, 1, 2], [2, 1, 0]]), "sheet"),
            r"'sheet' encloses no volume",
        ),
        (
            both(block(), block((0.5, 0.3, 0.3), (1.5, 0.7, 0.7))),
            r"'both' crosses itself, for instance at x = 1, .* Unite the parts",
        ),
        (
            both(block(), block((0.2, 0.2, 0.2), (0.8, 0.8, 0.8))),
            r"Parts of 'both' overlap: its surface winds 2 times around",
        ),
        (both(block(), block((0.5, 0, 0), (1.5, 1, 1))), r"winds 2 times around the point x = "),
    ],
    ids=["open", "two holes", "turned", "inwards", "sheet", "crossing", "nested", "flush"],
)
def test_what_is_wrong_is_said_where_a_solid_is_asked_for(mesh: TriangleMesh, message: str) -> None:
    assert mesh.area > 0 and len(mesh.sample(10, seeded())[0]) == 10  # its surface is there
    for ask in (
        lambda: mesh.measure,
        lambda: mesh.level(torch.zeros(1, 3)),
        lambda: mesh.draw(4, seeded()),
    ):
        with pytest.raises(ValueError, match=message) as caught:
            ask()
        assert "\n" not in str(caught.value)


def slow_crossings(vertices: Array, faces: NDArray[np.int64]) -> bool:
    """Every edge against every face, by the signs of five determinants."""

    def turn(a: Array, b: Array, c: Array, d: Array) -> float:
        return float(np.linalg.det(np.stack([b - a, c - a, d - a])))

    for f in faces:
        a, b, c = vertices[f]
        for g in faces:
            for i in range(3):
                p, q = g[i], g[(i + 1) % 3]
                if p in f or q in f:
                    continue
                u, v = vertices[p], vertices[q]
                if turn(a, b, c, u) * turn(a, b, c, v) >= 0:
                    continue
                around = [turn(u, v, s, t) > 0 for s, t in ((a, b), (b, c), (c, a))]
                if all(around) or not any(around):
                    return True
    return False


def test_crossings_are_those_found_one_by_one() -> None:
    rng = np.random.default_rng(0)
    answers = []
    for _ in range(30):
        one, other = tetrahedron(), tetrahedron()
        shift = torch.from_numpy(rng.uniform(-1.5, 1.5, 3))
        mesh = both(
            one,
            TriangleMesh(
                other.vertices @ torch.diag(torch.tensor([1, 0.5, 0.3]).double()) + shift, other.faces
            ),
        )
        vertices, faces = mesh.vertices.numpy(), mesh.faces.numpy()
        answers.append(crossing(vertices, faces) is not None)
        assert answers[-1] == slow_crossings(vertices, faces)
    assert 5 < sum(answers) < 25


def test_the_place_of_a_crossing_lies_on_two_faces() -> None:
    mesh = both(block(), block((0.5, 0.3, 0.3), (1.5, 0.7, 0.7)))
    place = crossing(mesh.vertices.numpy(), mesh.faces.numpy())
    assert place is not None
    for part in (block(), block((0.5, 0.3, 0.3), (1.5, 0.7, 0.7))):
        assert part.level(torch.from_numpy(place[None])).abs() < 1e-12


def test_bundled_meshes_are_solids() -> None:
    for name in ("spot.obj", "bracket.stl"):
        mesh = TriangleMesh.open(bundled(name))
        assert mesh.measure == mesh.volume > 0
