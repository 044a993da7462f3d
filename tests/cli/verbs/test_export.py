"""``export`` and ``plot``: files of a run."""

import json

import numpy as np
import pyvista
from PIL import Image
from problem_files import DISK, PICTURE, run


def test_export_and_plot_write_into_the_run(case, capsys):
    assert run(capsys, "solve", "case.py", "--out", "r")[0] == 0
    code, out, _ = run(capsys, "export", "r", "--derivatives", "grad,laplacian", "--resolution", 11)
    mesh = pyvista.read(case / "r" / "fields" / "u.vtu")
    assert code == 0 and out.strip() == "r/fields/u.vtu" and mesh.n_points == 11
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
    code, _, _ = run(capsys, "export", "r", "--derivatives", "grad", "--resolution", 13)
    mesh = pyvista.read(case / "r" / "fields" / "u.vtu")
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
