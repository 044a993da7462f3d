"""A format is one file that ends in a registration."""

import pkgutil

import numpy as np
import pytest
from problem_files import run

from sirenpde import Box, Field, Problem, SineFeatures, on, solve
from sirenpde.export import format as registry
from sirenpde.export import formats as files
from sirenpde.export.format import Format, formats, register


@pytest.fixture
def toy(monkeypatch):
    """The first value of each field, as text."""

    def write(path, grid, about):
        path.parent.mkdir(exist_ok=True)
        path.write_text(" ".join(f"{name} {values.ravel()[0]:.6f}" for name, values in grid.values.items()))
        return path

    formats()
    monkeypatch.setattr(registry, "_FORMATS", dict(registry._FORMATS))
    register(Format("toy", "first values", "grid", write))


def test_every_file_is_a_format_of_its_name():
    assert set(formats()) == {file.name for file in pkgutil.iter_modules(files.__path__)}
    assert set(formats()) == {
        "csv",
        "mp4",
        "npz",
        "obj",
        "ply",
        "png",
        "pvd",
        "stl",
        "vti",
        "vtkhdf",
        "vtu",
        "wav",
        "xdmf",
    }


def test_a_format_that_is_registered_is_written_by_solutions(toy, tmp_path):
    box = Box(x=(0, 1))
    u = Field("u", box, SineFeatures(20, 3.0))
    solution = solve(Problem(on(box, 50, name="line")(lambda p: u(p) - 2 - box.axes[0](p))))
    assert solution.export(tmp_path / "u.toy", 3).read_text() == "u 2.000000"
    with pytest.raises(
        ValueError, match=r"ends in \.csv, \.mp4, \.npz, .*, \.toy, \.vti, \.vtkhdf, \.vtu, \.wav, \.xdmf"
    ):
        solution.export(tmp_path / "u.tox")


def test_a_format_that_is_registered_is_one_of_the_command_line(toy, case, capsys):
    assert run(capsys, "solve", "case.py", "--out", "r")[0] == 0
    assert run(capsys, "export", "r", "--format", "toy", "--derivatives", "laplacian")[:2] == (
        0,
        "r/fields/u.toy\n",
    )
    words = (case / "r" / "fields" / "u.toy").read_text().split()
    assert words[::2] == ["u", "laplacian_u"]
    np.testing.assert_allclose([float(w) for w in words[1::2]], [0, -2], atol=1e-5)
    assert "toy, first values" in " ".join(run(capsys, "export", "--help")[1].split())
    assert "invalid choice: 'tox'" in run(capsys, "export", "r", "--format", "tox")[2]
