"""Solids from the labels of points, on meshes of the user's."""

import numpy as np
import pytest
from boxes import seeded
from solids import ply

from sirenpde import Adam, TriangleMesh, solve
from sirenpde.problem.load import ProblemFileError, build, find, load
from sirenpde.run.errors import measured


def declared(name, **flags):
    return build(load(find(name)), flags)


@pytest.fixture
def egg(tmp_path):
    import trimesh

    ball = trimesh.creation.icosphere(subdivisions=2)
    path = tmp_path / "egg.ply"
    path.write_bytes(ply("<", 10 * ball.vertices * [1, 1, 1.5] + 40, ball.faces))
    return path


def test_a_solid_is_learned_from_labels_in_its_own_units(egg):
    problem = declared("papers/shape_occupancy", mesh=egg, mapping="basic", width=32, depth=2)
    solution = solve(problem, using=[Adam(steps=200, lr=2e-2)], samples_scale=0.03)
    (known,) = problem.reference.values()
    iou = {}
    for name, domain in known.on.items():
        points, data = domain.draw(5000, seeded())
        iou[name] = measured(solution["shape"](points), 2 * data["outside"] - 1, known)["iou"]
    assert iou["uniform"] > 0.85 and 0.3 < iou["boundary"] < iou["uniform"]
    (shape,) = problem.outputs
    beyond = TriangleMesh.open(egg).sample(100, seeded())[0]
    assert bool((solution[shape](40 + 3 * (beyond - 40)) > 0).all())


def test_some_points_of_a_step_may_be_drawn_beside_the_surface(egg):
    problem = declared("papers/shape_occupancy", mesh=egg, mapping="none", width=8, depth=1, beside=0.25)
    box, skin = problem.constraints
    assert (box.samples, skin.samples) == (24_576, 8192) and (box.weight, skin.weight) == (0.75, 0.25)
    solid = TriangleMesh.open(egg)
    points, data = skin.domain.draw(2000, seeded())
    level = solid.level(points)
    assert bool((data["outside"] == (level > 0)).all()) and 0.3 < float((level > 0).double().mean()) < 0.7
    side = max(high - low for low, high in solid.bounds)
    assert 0.002 * side < float(level.abs().mean()) < 0.02 * side
    alone = declared("papers/shape_occupancy", mesh=egg, mapping="none", width=8, depth=1)
    assert [(c.samples, c.weight) for c in alone.constraints] == [(32_768, 1.0)]


def test_an_open_mesh_is_refused(tmp_path, egg):
    mesh = TriangleMesh.open(egg)
    path = tmp_path / "open.ply"
    path.write_bytes(ply("<", mesh.vertices.numpy(), np.asarray(mesh.faces[:-5])))
    with pytest.raises((ProblemFileError, ValueError), match="'open' is not closed"):
        declared("papers/shape_occupancy", mesh=path)


def test_by_the_distance_on_a_grid_the_solid_is_met_beside_its_surface_too(egg):
    problem = declared("shape_occupancy", mesh=egg, resolution=40)
    solution = solve(problem)
    errors = solution.errors["u"]["on"]
    assert errors["uniform"]["iou"] > 0.99 and errors["boundary"]["iou"] > 0.95
    mesh = TriangleMesh.open(egg)
    points = mesh.sample(1000, seeded())[0]
    assert float(solution["u"](points).abs().max()) < 0.005 * mesh.diagonal
