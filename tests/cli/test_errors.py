"""Whatever goes wrong is told in one paragraph."""

import errno
import os
import sys
import tempfile
import textwrap

import numpy as np
import pytest
from PIL import Image
from problem_files import run

HEAD = """
import torch
from sirenpde import Box, D, Field, PixelGrid, PointCloud, Problem, TriangleMesh, laplacian, on
box = Box(x=(0, 1), y=(0, 1))
x, y = box.axes
(z,) = Box(z=(0, 1)).axes
u = Field("u", box)
"""


def constraint(body, domain="box"):
    return f"{HEAD}\n@on({domain}, samples=9)\ndef pde(p):\n    {body}\nproblem = Problem(pde)\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (constraint("u(p)"), "'pde' returned nothing"),
        (constraint("return x(p) * torch.ones(())"), "uses no field"),
        (constraint("return u(p) * torch.ones(2) - torch.ones(3)"), "shape"),
        (constraint("return D(u, z)(p)"), "has no axis 'z'"),
        (
            constraint("return D(lambda p: box.boundary().normal(p)[0] * u(p), x)(p)", "box.boundary()"),
            "sampled data",
        ),
        (constraint("return D(u, x, x, x, x, x)(p)"), "orders up to 4"),
        (constraint("return u(p) if u(p) > 0 else -u(p)"), "torch.where"),
        (HEAD + "PixelGrid.read(a='absent.png')", "no picture 'absent.png'"),
        (HEAD + "PixelGrid.read(a='empty.png')", "is empty"),
        (HEAD + "PixelGrid.read(a='text.png')", "could not be read as a picture"),
        (HEAD + "PixelGrid.read(a='small.png', b='large.png')", "3×4"),
        (HEAD + "TriangleMesh.open('faceless.obj')", "face"),
        (HEAD + "PointCloud([[0.5, float('nan')]], box)", "nan"),
        (HEAD + "problem = 3", "'problem' is a int"),
        ("def problem(:\n", "line 1, is not valid Python"),
        (
            "import sys\nsys.exit('no data here')",
            "line 2 (sys.exit('no data here')): the file ended the program",
        ),
        (
            "raise SystemExit",
            "line 1 (raise SystemExit): the file ended the program. A problem file declares",
        ),
        ("def problem():\n    exit(3)", "line 2 (exit(3)): the file ended the program, saying '3'"),
        (constraint("raise SystemExit(u(p))"), "the file ended the program"),
        ("class Stop(BaseException): pass\nraise Stop('here')", "Stop: here"),
        ("class Mute(Exception):\n    def __str__(self): raise self\nraise Mute", "Mute"),
        ("import sys\nsys.path.clear(); sys.modules.pop(__name__); 1 / 0", "ZeroDivisionError"),
        ("x = 1\n\0", "bad.py"),
        ("def f(): f()\nf()", "RecursionError"),
        ("raise ValueError('x' * 10**6)", "xxxxx…"),
        ("from typing import Literal\ndef problem(k: Literal[True] = True): pass", "'k' of problem()"),
        ("def problem(k: 'a b' = 1): pass", "annotations of problem()"),
        ("def problem(k: [1] = 1): pass", "'k' of problem()"),
    ],
)
def test_bad_problems_get_one_paragraph(tmp_path, monkeypatch, capsys, text, said):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))  # one of the files clears it
    (tmp_path / "bad.py").write_text(textwrap.dedent(text))
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "faceless.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\n")
    for name, shape in (("small", (3, 4)), ("large", (5, 4))):
        Image.fromarray(np.zeros(shape, np.uint8)).save(tmp_path / f"{name}.png")
    code, out, err = run(capsys, "solve", "bad.py")
    assert code == 1 and out == ""
    assert said in err and "bad.py" in err and err.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def test_code_that_ends_the_program_while_a_problem_is_solved_is_told(case, capsys, monkeypatch):
    from sirenpde.solvers.adam import Adam

    def advance(self, state):
        sys.exit("too late")

    monkeypatch.setattr(Adam, "advance", advance)
    code, _, err = run(capsys, "solve", "case.py", "--trained", "--out", "r")
    assert code == 1 and "test_errors.py, line" in err and "with sys.exit('too late')" in err
    assert err.count("\n") == 1 and not (case / "r").exists()


def full(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("place", ["os.fsync", "tempfile.mkstemp"])
def test_a_full_disk_gets_one_paragraph(case, capsys, monkeypatch, place):
    with monkeypatch.context() as patch:
        patch.setattr(f"sirenpde.files.whole.{place}", full)
        code, _, err = run(capsys, "solve", "case.py", "--out", "r", "--json")
    assert code == 1 and "No space left on device: r/run.json. Check the path" in err and err.count("\n") == 1
    assert not (case / "r").exists()
    assert run(capsys, "solve", "case.py", "--out", "r")[0] == 0
    before = {path: path.read_bytes() for path in (case / "r").rglob("*") if path.is_file()}
    for words in (["export", "r"], ["plot", "r"], ["resume", "r", "--json"]):
        with monkeypatch.context() as patch:
            patch.setattr(f"sirenpde.files.whole.{place}", full)
            code, _, err = run(capsys, *words)
        assert code == 1 and "No space left on device: r/" in err and err.count("\n") == 1
    assert before == {path: path.read_bytes() for path in (case / "r").rglob("*") if path.is_file()}


def test_the_account_of_an_error_goes_elsewhere_where_the_run_cannot_hold_it(case, capsys, monkeypatch):
    from sirenpde.cli import outputs

    def broken(solution, run, say):
        (run.path / "traceback.txt").mkdir()  # as if it were read-only
        raise ZeroDivisionError("deep inside")

    monkeypatch.setattr(outputs, "write_all", broken)
    monkeypatch.setattr(tempfile, "tempdir", str(case))
    code, _, err = run(capsys, "solve", "case.py", "--out", "r", "--json")
    (account,) = case.glob("sirenpde-*/traceback.txt")
    assert code == 1 and str(account) in err and "deep inside" in account.read_text()
    monkeypatch.setattr(tempfile, "mkdtemp", full)
    code, _, err = run(capsys, "solve", "case.py", "--out", "s", "--json")
    assert code == 1 and err.endswith("This is a fault of sirenpde or of the problem file.\n")


def test_memory_that_is_not_there_is_told(case, capsys, monkeypatch):
    from sirenpde.cli import session

    monkeypatch.setattr(session, "memory_of_the_machine", lambda: float("inf"))
    code, _, err = run(capsys, "solve", "case.py", "--samples-scale", "1e13", "--out", "r", "--json")
    assert code == 1 and err.startswith("sirenpde: Out of memory: ") and not (case / "r").exists()


def test_an_unexpected_error_leaves_its_traceback_in_the_run(case, capsys, monkeypatch):
    from sirenpde.cli import outputs

    def broken(*_):
        raise ZeroDivisionError("deep inside")

    monkeypatch.setattr(outputs, "write_all", broken)
    code, _, err = run(capsys, "solve", "case.py", "--out", "r")
    assert code == 1 and "Unexpected ZeroDivisionError: deep inside" in err and "r/traceback.txt" in err
    assert "ZeroDivisionError" in (case / "r" / "traceback.txt").read_text()
    assert (case / "r" / "checkpoint.pt").is_file()
