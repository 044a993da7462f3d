"""``export`` and ``plot``: files of a run."""

import json

import numpy as np
import pyvista
from PIL import Image
from problem_files import DISK, PICTURE, run
from vtk_readers import read, read_all

from sirenpde import Ball, Box, Field, Problem, on
from sirenpde.cli.verbs.export import one_file_each
from sirenpde.export.fields import field_sets
from sirenpde.export.format import formats


def test_export_and_plot_write_into_the_run(case, capsys):
    assert run(capsys, "solve", "case.py", "--out", "r")[0] == 0
    code, out, _ = run(capsys, "export", "r", "--derivatives", "grad,laplacian", "--resolution", 11)
    mesh = pyvista.read(case / "r" / "fields" / "u-2.vtu")  # what the run itself wrote stays
    assert code == 0 and out.strip() == "r/fields/u-2.vtu" and mesh.n_points == 11
    np.testing.assert_allclose(mesh["laplacian_u"], -2, atol=1e-6)
    np.testing.assert_allclose(mesh["grad_u"][:, 0], 1 - 2 * mesh.points[:, 0], atol=1e-7)
    assert run(capsys, "export", "r", "--format", "npz")[0] == 0
    with np.load(case / "r" / "fields" / "u.npz") as arrays:
        assert arrays["u"].shape == arrays["x"].shape
    assert run(capsys, "export", "r", "--format", "png")[0] == 0
    (case / "r" / "figures" / "loss.png").unlink()
    assert run(capsys, "plot", "r")[0] == 0 and (case / "r" / "figures" / "loss.png").is_file()
    code, _, err = run(capsys, "export", "r", "--fields", "v")
    assert code == 1 and "no output 'v'" in err
    code, _, err = run(capsys, "export", "r", "--format", "ply")
    assert code == 1 and "three dimensions" in err


def test_a_picture_comes_out_as_it_went_in(case, capsys):
    (case / "picture.py").write_text(PICTURE)
    pixels = np.random.default_rng(0).integers(0, 256, (12, 17, 3), dtype=np.uint8)
    pixels = np.asarray(Image.fromarray(pixels))
    Image.fromarray(pixels).save(case / "a.png")
    text = (case / "picture.py").read_text().replace("half_period=True)", "half_period=True), shape=(3,)")
    (case / "picture.py").write_text(text)
    code, out, _ = run(capsys, "solve", "picture.py", "--picture", "a.png", "--json")
    assert code == 0 and "fields/u.png" in json.loads(out)["files"]
    with Image.open(case / "runs" / "picture-1" / "fields" / "u.png") as image:
        np.testing.assert_array_equal(np.asarray(image), pixels)
    mesh = pyvista.read(case / "runs" / "picture-1" / "fields" / "u.vti")
    top_left = np.argmin(mesh.points[:, 0] - mesh.points[:, 1])
    np.testing.assert_allclose(mesh["u"][top_left], pixels[0, 0] / 255, atol=1e-6)


def test_a_field_on_a_disk_is_shown_solved_drawn_and_exported_on_it(case, capsys):
    (case / "disk.py").write_text(DISK)
    assert run(capsys, "show", "disk.py", "--out", "samples.png")[0] == 0
    code, out, _ = run(capsys, "solve", "disk.py", "--out", "r", "--json")
    assert code == 0 and set(json.loads(out)["files"]) >= {"fields/u.vtu", "figures/u.png"}
    code, _, _ = run(capsys, "export", "r", "--derivatives", "grad", "--resolution", 13, "--out", "d.vtu")
    mesh = pyvista.read(case / "d.vtu")
    r = np.linalg.norm(mesh.points, axis=1)
    assert code == 0 and r.max() < 1 + 1e-9 and mesh.n_points == 127
    assert set(mesh.celltypes) == {pyvista.CellType.TRIANGLE}
    np.testing.assert_allclose(mesh["u"], 1 - r**2, atol=1e-9)
    np.testing.assert_allclose(mesh["grad_u"][:, :2], -2 * mesh.points[:, :2], atol=1e-8)
    assert run(capsys, "export", "r", "--format", "npz")[0] == 0
    with np.load(case / "r" / "fields" / "u.npz") as arrays:
        assert list(arrays["axes"]) == ["x", "y"] and (arrays["points"] ** 2).sum(1).max() < 1 + 1e-12
    with Image.open(case / "r" / "figures" / "u.png") as image:
        assert image.width > 400


WAVE = """
import torch
from sirenpde import Box, Field, Problem, SineFeatures, on

box = Box(t=(0, 1), x=(0, 1))
t, x = box.axes
u = Field("u", box, SineFeatures(40, 3.0))
problem = Problem(
    on(box, 200, name="wave")(lambda p: u(p) - torch.sin(x(p) - t(p))),
    reference={u: lambda p: torch.sin(x(p) - t(p))},
)
"""


def test_a_field_with_time_is_a_series_at_the_times_asked_for(case, capsys):
    (case / "wave.py").write_text(WAVE)
    code, out, _ = run(capsys, "solve", "wave.py", "--out", "r", "--json", "--seed", "5")
    report = json.loads(out)
    assert code == 0 and "fields/u.vtkhdf" in report["files"]
    steps = read_all(case / "r" / "fields" / "u.vtkhdf")
    np.testing.assert_allclose([t for t, _ in steps], np.linspace(0, 1, 51), atol=1e-15)
    for t, step in (steps[0], steps[-1]):
        np.testing.assert_allclose(step["u"], np.sin(step.points[:, 0] - t), atol=2e-3)
        assert step.facts["problem"] == "wave" and step.facts["seed"] == 5
        assert step.facts["relative_l2_u"] == report["errors"]["u"]["relative_l2"]
        assert step.facts["relative_residual"] == report["relative_residual"]
    for name, said, times in (("u", "0:1:3", [0, 0.5, 1]), ("u-2", "0.25,0.5", [0.25, 0.5])):
        code, out, _ = run(capsys, "export", "r", "--fields", "u", "--format", "pvd", "--times", said)
        assert (code, out) == (0, f"r/fields/{name}.pvd\n")
        assert [t for t, _ in read_all(case / "r" / "fields" / f"{name}.pvd")] == times
    assert read(case / "r" / "fields" / "u_pvd" / "u_0.vtu").facts["problem"] == "wave"
    code, out, _ = run(capsys, "export", "r", "--fields", "u", "--format", "vtu", "--times", "1")
    assert code == 0 and read(case / "r" / "fields" / "u.vtu").facts["TimeValue"] == 1


def test_times_that_cannot_be_are_refused(case, capsys):
    assert run(capsys, "solve", "case.py", "--out", "r")[0] == 0
    before = sorted((case / "r").rglob("*"))
    code, _, err = run(capsys, "export", "r", "--times", "0:1:3")
    assert code == 1 and "expected one that depends on time" in err
    for said in ("0:1", "a,b", "0:1:0", "", "0:1:2:3", "nan", "0:1:9999999999"):
        code, _, err = run(capsys, "export", "r", "--times", said)
        assert code == 2 and "FIRST:LAST:COUNT" in err, said
    assert sorted((case / "r").rglob("*")) == before


def test_values_at_points_are_answered_on_the_screen_or_in_a_file(case, capsys):
    (case / "disk.py").write_text(DISK)
    assert run(capsys, "solve", "disk.py", "--out", "r", "--json")[0] == 0
    code, out, err = run(capsys, "export", "r", "--at", "-0.5,0;0.25,0.5")
    header, *rows = out.splitlines()
    values = np.array([row.split(",") for row in rows], float)
    assert code == 0 and header == "x,y,u" and not err
    np.testing.assert_allclose(values[:, 2], 1 - (values[:, :2] ** 2).sum(1), atol=1e-9)
    code, out, err = run(capsys, "export", "r", "--at", "2,0;0,0")
    assert code == 0 and out.splitlines()[1].endswith("nan")
    assert "1 of the 2 points lie outside" in " ".join(err.split()) and "1: x = 2, y = 0" in err
    (case / "probes.csv").write_text("x,y\n0.5,0.5\n")
    for name in ("u-at-probes.csv", "u-at-probes-2.csv"):
        assert run(capsys, "export", "r", "--at", "probes.csv")[1] == f"r/fields/{name}\n"
    (case / "bad.csv").write_text("x,z\n0.5,0.5\n")
    code, _, err = run(capsys, "export", "r", "--at", "bad.csv", "--out", "none.csv")
    assert code == 1 and "no column 'y'" in err and not (case / "none.csv").exists()
    code, _, err = run(capsys, "export", "r", "--on", "r/fields/u.vtu", "--out", "again.vtu")
    first, again = (pyvista.read(file) for file in (case / "r" / "fields" / "u.vtu", case / "again.vtu"))
    np.testing.assert_array_equal(first.points, again.points)
    np.testing.assert_allclose(first["u"], again["u"], atol=1e-14)
    for words, said in (
        (["--on", "a.vtu", "--grid"], "one kind of place"),
        (["--on", "a.vtu", "--resolution", "9"], "points of its own"),
        (["--out", "a.vtu", "--format", "npz"], "Leave one away"),
        (["--resolution", "20000"], "Lower the resolution"),
        (["--at", "0"], "a number for each of x, y"),
        (["--format", "vti"], "Write VTU, or export on a grid"),
    ):
        code, _, err = run(capsys, "export", "r", *words)
        assert code in (1, 2) and said in " ".join(err.split())


def test_a_solid_of_several_outputs_has_one_surface():
    ball, box = Ball(), Box(x=(0, 1), y=(0, 1), z=(0, 1))
    for domain, names in ((ball, ["u-v"]), (box, ["u", "v"])):
        u, v = Field("u", domain), Field("v", domain)
        problem = Problem(on(domain, 9, name="sum")(lambda p, u=u, v=v: u(p) + v(p)))
        (fields,) = field_sets(problem, lambda function, points, data=None: points[:, 0])
        assert [alone.name for alone in one_file_each(fields, formats()["stl"])] == names
        assert [alone.name for alone in one_file_each(fields, formats()["ply"])] == ["u", "v"]
        assert one_file_each(fields, formats()["vtu"]) == [fields]


def test_outputs_that_a_format_cannot_hold_are_left_out_where_none_was_named(case, capsys):
    text = PICTURE.replace("Problem, on", "Problem, grad, on").replace(
        "Problem(keep)", "Problem(keep, outputs=(u, grad(u)))"
    )
    (case / "picture.py").write_text(text)
    Image.fromarray(np.arange(30, dtype=np.uint8).reshape(5, 6)).save(case / "a.png")
    assert run(capsys, "solve", "picture.py", "--picture", "a.png", "--out", "r")[0] == 0
    code, out, err = run(capsys, "export", "r", "--format", "png")
    assert (
        code == 0 and out.split() == ["r/fields/u-2.png"] and "was left out. Values of shape (5, 6, 2)" in err
    )
    with Image.open(case / "r" / "fields" / "u-2.png") as image:
        np.testing.assert_array_equal(np.asarray(image).ravel(), np.arange(30))
    code, _, err = run(capsys, "export", "r", "--format", "wav")
    assert code == 1 and "was to be written as WAV" in err
