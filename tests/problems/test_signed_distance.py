"""The signed distance of a scan: the surface it gives back, and the loss of the paper."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sirenpde import PointCloud, Problem, Solution, TriangleMesh, bundled, solve
from sirenpde.analysis.surfaces import SurfaceErrors, surface_errors
from sirenpde.cli.main import main
from sirenpde.export.formats.ply import write_ply
from sirenpde.export.surface import zero_level
from sirenpde.problem import load as loading
from sirenpde.residuals import System
from sirenpde.run.begin import build_network


def declared(name: str = "signed_distance_siren", **flags: Any) -> Problem:
    return loading.build(loading.load(loading.find(name)), flags)


def measured(solution: Solution, mesh: Path, folder: Path, resolution: int) -> SurfaceErrors:
    """The errors of the PLY file that the solution gives, in the mesh's own units."""
    u = solution.problem.fields[0]
    cloud = solution.problem.constraints[0].domain
    assert isinstance(cloud, PointCloud)
    frame = cloud.frame
    assert frame is not None
    surface = zero_level(
        solution[u], u.axes, resolution, lambda points: frame.restore(torch.from_numpy(points)).numpy()
    )
    found = TriangleMesh.open(write_ply(folder / "u.ply", surface))
    return surface_errors(found, TriangleMesh.open(mesh))


def found(solution: Solution, folder: Path, mesh: Path, resolution: int) -> SurfaceErrors:
    """The errors of the file of the surface, as it is exported."""
    file = solution.export(folder / "u.ply", resolution=resolution)
    return surface_errors(TriangleMesh.open(file), TriangleMesh.open(mesh), 5000)


@pytest.fixture
def torus(tmp_path: Path) -> Path:
    import trimesh

    path = tmp_path / "torus.stl"
    trimesh.creation.torus(2.0, 0.7, major_sections=64, minor_sections=32).export(path)
    return path


def test_a_torus_comes_back_in_its_own_units(torus, tmp_path):
    solution = solve(declared(mesh=torus), steps=400, samples_scale=0.5)
    errors = measured(solution, torus, tmp_path, 65)
    assert errors["components"] == 1
    assert errors["watertight"]
    assert errors["chamfer"] < 1e-3
    assert errors["normal_consistency"] > 0.99
    assert solution.errors["u"]["relative_l2"] < 0.2


def test_a_mesh_comes_back_without_training(torus, tmp_path):
    solution = solve(declared("signed_distance", mesh=torus, resolution=40))
    errors = found(solution, tmp_path, torus, 65)
    assert errors["components"] == 1 and errors["watertight"]
    assert errors["chamfer"] < 3e-4 and errors["normal_consistency"] > 0.99
    assert solution.errors["u"]["relative_l2"] < 0.02


@pytest.mark.parametrize("given", ["oriented", "bare"])
def test_a_scan_comes_back_in_its_own_units(torus, tmp_path, given):
    """20,000 points, far from the origin."""
    mesh = TriangleMesh.open(torus)
    far = TriangleMesh(mesh.vertices + torch.tensor([5e3, -4e3, 100.0]), mesh.faces)
    points, normals = far.sample(20_000, torch.Generator().manual_seed(0))
    table = torch.cat([points, normals], dim=1) if given == "oriented" else points
    np.savetxt(tmp_path / "scan.xyz", table.numpy(), "%.6f")
    solution = solve(declared("signed_distance", points=tmp_path / "scan.xyz", resolution=48))
    file = solution.export(tmp_path / "u.ply", resolution=65)
    errors = surface_errors(TriangleMesh.open(file), far, 5000)
    assert errors["components"] == 1 and errors["watertight"]
    assert errors["chamfer"] < 5e-4
    assert errors["normal_consistency"] > 0.99


@pytest.mark.slow
def test_one_command_leads_from_a_scan_to_a_mesh(torus, tmp_path):
    points, _ = TriangleMesh.open(torus).sample(5000, torch.Generator().manual_seed(0))
    np.savetxt(tmp_path / "scan.csv", points.numpy(), delimiter=",", header="x,y,z", comments="")
    run = tmp_path / "run"
    assert (
        main(
            [
                "solve",
                "signed_distance",
                "--points",
                f"{tmp_path}/scan.csv",
                "--resolution",
                "24",
                "--out",
                str(run),
            ]
        )
        == 0
    )
    mesh = TriangleMesh.open(run / "fields" / "u.ply")
    assert mesh.watertight and mesh.measure == pytest.approx(2 * math.pi**2 * 2.0 * 0.7**2, rel=0.05)
    assert main(["export", str(run), "--format", "stl", "--resolution", "50"]) == 0
    assert TriangleMesh.open(run / "fields" / "u.stl").watertight


def test_the_paper_loss_is_that_of_the_code():
    """3e3 |u| on + 1e2 exp(-100 |u|) off + 1e2 (1 - cos) on + 5e1 | |∇u| - 1 |, means over all points together."""
    problem = declared("papers/signed_distance")
    u = problem.fields[0]
    network = build_network(u, u.network, seed=0)
    system = System(problem, {u: network}, torch.device("cpu"), torch.float64)
    on, off = system.draw(torch.Generator().manual_seed(0), 0.1)
    if "normal" not in on.data:
        on, off = off, on
    points = torch.cat([on.points, off.points]).requires_grad_()
    value = network(points)[:, 0]
    slope = torch.autograd.grad(value.sum(), points)[0]
    surface = torch.arange(len(points)) < len(on)
    cosine = torch.nn.functional.cosine_similarity(slope, torch.cat([on.data["normal"]] * 2), dim=1)
    zero = torch.zeros(())
    expected = (
        3e3 * torch.where(surface, value.abs(), zero)
        + 1e2 * torch.where(surface, zero, torch.exp(-100 * value.abs()))
        + 1e2 * torch.where(surface, 1 - cosine, zero)
        + 5e1 * (slope.norm(dim=1) - 1).abs()
    ).mean()
    batches = [on if "normal" in group.data else off for group in system.groups]
    assert float(system.losses(system.initial(), batches).sum()) == pytest.approx(expected.item(), rel=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_spot_comes_back_within_a_twentieth_of_a_percent(tmp_path, seed):
    errors = measured(solve(declared(), seed=seed), bundled("spot.obj"), tmp_path, 129)
    assert errors["components"] == 1
    assert errors["watertight"]
    assert errors["chamfer"] < 5e-4
    assert errors["normal_consistency"] > 0.99


@pytest.mark.slow
def test_the_lattice_meets_spot_within_a_hundredth_of_a_percent(tmp_path):
    errors = found(solve(declared("signed_distance")), tmp_path, bundled("spot.obj"), 193)
    assert errors["components"] == 1 and errors["watertight"]
    assert errors["chamfer"] < 1e-4 and errors["normal_consistency"] > 0.996


@pytest.mark.slow
def test_the_paper_way_finds_the_surface_roughly(tmp_path):
    errors = measured(solve(declared("papers/signed_distance")), bundled("spot.obj"), tmp_path, 129)
    assert errors["chamfer"] < 2e-2
    assert errors["normal_consistency"] > 0.9
