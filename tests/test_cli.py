"""The command line, from words to exit codes and files."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
import pyvista
import torch
from PIL import Image

from sirenpde.cli import main
from sirenpde.commands import progress as progress_module
from sirenpde.commands.progress import ProgressLine
from sirenpde.commands.terminal import duration

CASE = '''
"""A small Poisson problem.

    u'' = -2,   u = 0 at the ends
"""
from typing import Literal
import torch
from sirenpde import Adam, Box, D, Field, Problem, Siren, on

Kind = Literal["right", "wrong", "pole"]

def problem(width: int = 8, factor: float = 2.0, kind: Kind = "right", trained: bool = False):
    """Build it.

    Args:
        width: of the network.
        factor: the right-hand side, with its sign turned.
    """
    box = Box(x=(0, 1))
    (x,) = box.axes
    u = Field("u", box, Siren(width=width, depth=1, omega=5) if trained else None)

    @on(box, samples=40)
    def poisson(p):
        """u'' = -factor"""
        r = D(u, x, x)(p) + factor
        if kind == "wrong":
            r = r + 1
        return r / (x(p) * 0) if kind == "pole" else r

    @on(box.boundary(), samples=2)
    def ends(p):
        """u = 0"""
        return u(p)

    exact = lambda p: factor / 2 * x(p) * (1 - x(p))
    return Problem(poisson, ends, reference={u: exact}, using=[Adam(steps=60, lr=1e-3)] if trained else None)
'''

PICTURE = '''
"""Reproduce a picture."""
import numpy as np
from sirenpde import Field, FourierSeries, PixelGrid, Problem, on

def problem(picture: str):
    grid = PixelGrid.read(target=picture)
    u = Field("u", grid, FourierSeries(half_period=True))

    @on(grid)
    def keep(p):
        """u = target"""
        return u(p) - grid["target"](p)

    return Problem(keep)
'''


@pytest.fixture
def case(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "case.py").write_text(CASE)
    return tmp_path


def run(capsys, *words):
    """Exit code, standard output, standard error."""
    code = main([str(word) for word in words])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return code, out, err


# ------------------------------------------------------------------------------------------- looking


def test_help_is_quick_and_needs_no_torch():
    script = "import sys; from sirenpde.cli import main; assert main(sys.argv[1:]) == 0; "
    script += "assert 'torch' not in sys.modules"
    for words in (["--help"], ["list"], ["solve", "--help"], ["--version"]):
        subprocess.run([sys.executable, "-c", script, *words], check=True, capture_output=True)
    spent = f"import os; {script}; t = os.times(); print(t.user + t.system, file=sys.stderr)"
    done = [
        subprocess.run([sys.executable, "-c", spent, "--help"], capture_output=True, text=True)
        for _ in range(3)
    ]
    assert min(float(found.stderr) for found in done) < 0.3


def test_list_names_the_bundled_problems(capsys):
    code, out, _ = run(capsys, "list", "--json")
    assert code == 0
    for entry in json.loads(out)["problems"]:
        assert set(entry) == {"name", "summary"}


def test_help_of_a_problem_has_its_flags(case, capsys):
    code, out, _ = run(capsys, "solve", "case.py", "--help")
    assert code == 0
    words = " ".join(out.split())
    assert "--factor FLOAT the right-hand side, with its sign turned. (default: 2.0)" in words
    assert "--trained, --no-trained" in words and "{right,wrong,pole}" in words


def test_show_tells_constraints_networks_and_channels(case, capsys):
    code, out, _ = run(capsys, "show", "case.py", "--trained", "--width", 16, "--out", "drawn")
    assert code == 0
    assert "u'' = -factor" in out and "u_xx" in out and "16" in out and "channels" in out
    with Image.open(case / "drawn" / "case-samples.png") as image:
        assert image.width > 500


def test_check_proves_a_right_problem(case, capsys):
    code, out, _ = run(capsys, "check", "case.py", "--json")
    found = json.loads(out)
    assert code == 0 and found["ok"]
    topics = [finding["topic"] for finding in found["findings"] if finding["ok"]]
    assert "declared solution in poisson" in topics and "derivatives of u on (x)" in topics
    assert (case / "runs" / "case-samples.png").is_file()


def test_check_finds_a_wrong_constraint(case, capsys):
    code, out, _ = run(capsys, "check", "case.py", "--kind", "wrong")
    assert code == 1
    assert (
        "WRONG declared solution in poisson: residual rms 1.0e+00, max 1.0e+00, where its terms are of size"
        in out
    )
    assert "ok    declared solution in ends" in out


# ------------------------------------------------------------------------------------------- solving


def test_solve_leaves_a_whole_run_directory(case, capsys):
    code, out, err = run(capsys, "solve", "case.py", "--factor", "4")
    assert code == 0
    assert err.splitlines()[0].startswith("case: u: frozen sines") and "least squares begins" in err
    folder = case / "runs" / "case-1"
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    expected = {
        "run.json",
        "history.csv",
        "checkpoint.pt",
        "report.json",
        "fields/u.vtu",
        "figures/loss.png",
        "figures/u.png",
    }
    assert files == expected
    report = json.loads((folder / "report.json").read_text())
    assert report["status"] == "solved" and report["errors"]["u"]["relative_l2"] < 1e-9
    assert report["peak_memory_mb"] > 50 and set(report["constraints"]) == {"poisson", "ends"}
    mesh = pyvista.read(folder / "fields" / "u.vtu")
    x = mesh.points[:, 0]
    np.testing.assert_allclose(mesh["u"], 2 * x * (1 - x), atol=1e-9)
    assert "least squares" in out and "relative L2" in out and "runs/case-1/" in out
    assert json.loads((folder / "run.json").read_text())["flags"] == {"factor": 4.0}
    assert "theta" in torch.load(folder / "checkpoint.pt", weights_only=True)["state"]


def test_json_prints_one_object(case, capsys):
    code, out, err = run(capsys, "solve", "case.py", "--json", "--out", "here")
    found = json.loads(out)
    assert code == 0 and err == "" and out.count("\n") == 1
    assert found["directory"] == "here" and "fields/u.vtu" in found["files"] and found["status"] == "solved"


def test_the_network_can_be_replaced(case, capsys):
    code, out, _ = run(
        capsys, "solve", "case.py", "--network", "mlp", "--steps", 3, "--json", "--budget", "30s"
    )
    assert code == 0 and "tanh" in json.loads(out)["choice"]


def test_a_field_that_is_not_finite_has_its_own_exit_code(case, capsys):
    code, _, err = run(capsys, "solve", "case.py", "--kind", "pole", "--trained")
    assert code == 3
    assert "poisson" in err and "step" in err
    assert json.loads((case / "runs" / "case-1" / "report.json").read_text())["status"] == "not finite"
    assert (case / "runs" / "case-1" / "checkpoint.pt").is_file()


# ------------------------------------------------------------------------- interruption and going on


def interrupt_at(monkeypatch, step):
    """As if Ctrl-C had been pressed during this step."""
    from sirenpde.commands.solving import _Watcher

    plain = _Watcher.__call__

    def call(self, progress):
        if progress.step == step:
            os.kill(os.getpid(), signal.SIGINT)
        plain(self, progress)

    monkeypatch.setattr(_Watcher, "__call__", call)


def test_an_interrupted_run_goes_on_to_the_same_bits(case, capsys, monkeypatch):
    assert run(capsys, "solve", "case.py", "--trained", "--out", "whole")[0] == 0
    with monkeypatch.context() as patch:
        interrupt_at(patch, 23)
        code, _, err = run(capsys, "solve", "case.py", "--trained", "--out", "parts")
    assert code == 130 and "sirenpde resume parts" in err
    assert json.loads((case / "parts" / "report.json").read_text())["status"] == "interrupted"
    (case / "case.py").unlink()  # the run keeps its own copy
    code, out, _ = run(capsys, "resume", "parts", "--json")
    assert code == 0 and json.loads(out)["status"] == "rough"
    states = [
        torch.load(case / name / "checkpoint.pt", weights_only=True)["state"] for name in ("whole", "parts")
    ]
    assert torch.equal(states[0]["theta"], states[1]["theta"])
    lines = [(case / name / "history.csv").read_text().splitlines() for name in ("whole", "parts")]
    assert len(lines[0]) == len(lines[1]) == 61
    assert [line.split(",")[3] for line in lines[0]] == [line.split(",")[3] for line in lines[1]]


def test_a_killed_run_has_a_checkpoint(case, capsys, monkeypatch):
    from sirenpde.commands import solving

    monkeypatch.setattr(solving, "_FIRST_CHECKPOINT", 0.0)
    monkeypatch.setattr(solving, "_CHECKPOINT_EVERY", 0.0)

    def die(self, progress):
        solving.runs.RunDirectory.write_checkpoint(self.run, progress.snapshot(), self.session.given)
        if progress.step == 10:
            raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(solving._Watcher, "__call__", die)
        code, _, err = run(capsys, "solve", "case.py", "--trained", "--out", "killed")
    assert code == 1 and "Out of memory" in err
    code, out, _ = run(capsys, "resume", "killed", "--json")
    assert code == 0 and json.loads(out)["stages"][0]["steps"] == 60


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-100]), "damaged"),
        (lambda path: path.write_bytes(b"not this"), "damaged or no checkpoint"),
        (lambda path: path.unlink(), r"has no checkpoint.pt"),
        (lambda path: torch.save({"a": 1}, path), "another program"),
    ],
)
def test_a_bad_checkpoint_is_told_and_nothing_lost(case, capsys, damage, said):
    assert run(capsys, "solve", "case.py", "--out", "r")[0] == 0
    damage(case / "r" / "checkpoint.pt")
    before = {path: path.read_bytes() for path in (case / "r").rglob("*") if path.is_file()}
    for command in ("resume", "export", "plot"):
        code, _, err = run(capsys, command, "r")
        assert code == 1 and said in err and err.count("\n") == 1
    assert before == {path: path.read_bytes() for path in (case / "r").rglob("*") if path.is_file()}


# ------------------------------------------------------------------------------------ files of a run


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
    mesh = pyvista.read(case / "runs" / "picture-1" / "fields" / "u.vtu")
    top_left = np.argmin(mesh.points[:, 0] - mesh.points[:, 1])
    np.testing.assert_allclose(mesh["u"][top_left], pixels[0, 0] / 255, atol=1e-6)


# ------------------------------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, ""),
        (["sovle"], 2, "did you mean solve?"),
        (["solve"], 2, "PROBLEM"),
        (["solve", "case.py", "--facter", "3"], 2, "did you mean --factor"),
        (["solve", "case.py", "--factor", "x"], 2, "'x' is not a number"),
        (["solve", "case.py", "--kind", "left"], 2, "invalid choice: 'left'"),
        (["solve", "case.py", "--steps", "0"], 2, "whole number from 1 on"),
        (["solve", "case.py", "--budget", "soon"], 2, "write 90, 60s, 5m or 1h"),
        (["solve", "case.py", "more"], 2, "more was not understood"),
        (["export", "runs/x", "--format", "doc"], 2, "invalid choice"),
        (["solve", "absent.py"], 1, "There is no file absent.py"),
        (["solve", "nonsense"], 1, "There is no problem 'nonsense'"),
        (["solve", "case.py", "--device", "cuda:99"], 1, "not there"),
        (["solve", "case.py", "--device", "tpu"], 1, "There is no device 'tpu'"),
        (["solve", "case.py", "--out", "."], 1, "not empty"),
        (["solve", "case.py", "--out", "case.py"], 1, "is a file"),
        (["resume", "absent"], 1, "not there"),
        (["export", "."], 1, "holds no run.json"),
    ],
)
def test_bad_words_get_one_paragraph(case, capsys, words, code, said):
    found, _, err = run(capsys, *words)
    assert found == code and said in err
    assert err.count("\n") == (1 if words else 0)
    assert [path.name for path in case.iterdir()] in (["case.py"], ["case.py", "runs"], ["runs", "case.py"])
    assert not list(case.glob("runs/*"))


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
    ],
)
def test_bad_problems_get_one_paragraph(tmp_path, monkeypatch, capsys, text, said):
    monkeypatch.chdir(tmp_path)
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


def test_a_failure_in_json_is_one_object(case, capsys):
    code, out, err = run(capsys, "solve", "absent.py", "--json")
    assert code == 1 and json.loads(out)["status"] == "failed" and "absent.py" in err


def test_an_unexpected_error_leaves_its_traceback_in_the_run(case, capsys, monkeypatch):
    from sirenpde.commands import outputs

    def broken(*_):
        raise ZeroDivisionError("deep inside")

    monkeypatch.setattr(outputs, "write_all", broken)
    code, _, err = run(capsys, "solve", "case.py", "--out", "r")
    assert code == 1 and "Unexpected ZeroDivisionError: deep inside" in err and "r/traceback.txt" in err
    assert "ZeroDivisionError" in (case / "r" / "traceback.txt").read_text()
    assert (case / "r" / "checkpoint.pt").is_file()


class Screen(io.StringIO):
    """A terminal eighty characters wide, or a pipe."""

    def __init__(self, live=True):
        super().__init__()
        self.isatty = lambda: live


def progress(step, **others):
    values = dict(stage="Adam", stage_index=0, stage_count=2, steps=100, loss=0.5, seconds=3.0, error=None)
    return SimpleNamespace(step=step, **{**values, **others})


def test_the_line_of_progress_tells_stage_loss_and_time_left(monkeypatch):
    monkeypatch.setattr(progress_module, "_QUICKEST", 0.0)
    screen = Screen()
    line = ProgressLine(quiet=False, stream=screen)
    line.write("preparing")
    line(progress(1))
    line(progress(50, error=0.01, seconds=52.0))
    line.close()
    assert "preparing" in screen.getvalue()
    last = screen.getvalue().split("\r")[-3]  # then it is wiped away
    assert re.fullmatch(r"\[1/2\] Adam  0.\d s  step 50/100  50 s left  loss 5.00e-01  error 1.0e-02 *", last)
    assert [duration(s) for s in (0.31, 12.3, 185, 3723)] == ["0.3 s", "12 s", "3:05", "1:02:03"]
    quiet = Screen()
    ProgressLine(quiet=True, stream=quiet).write("x")
    assert quiet.getvalue() == ""


def test_the_time_left_counts_the_budget(monkeypatch):
    monkeypatch.setattr(progress_module, "_QUICKEST", 0.0)
    screen = Screen()
    line = ProgressLine(quiet=False, budget=60.0, stream=screen)
    line(progress(1, seconds=1.0))
    assert "59 s left" in screen.getvalue()  # nothing is known of the pace yet
    line(progress(2, seconds=21.0))  # at 20 s a step, 98 steps are left
    assert "39 s left" in screen.getvalue() and ":" not in screen.getvalue()
    line(progress(95, seconds=22.0))
    assert "1.1 s left" in screen.getvalue()
    line.close()


def test_the_line_of_progress_fits_the_terminal(monkeypatch):
    monkeypatch.setattr(progress_module, "_QUICKEST", 0.0)
    for columns in (20, 47, 60):
        monkeypatch.setattr(ProgressLine, "_width", lambda self, n=columns: n)
        screen = Screen()
        line = ProgressLine(quiet=False, stream=screen)
        line(progress(50, stage="a stage with quite a long name", error=0.1))
        line.close()
        longest = max(map(len, screen.getvalue().split("\r")))
        assert "\n" not in screen.getvalue() and columns - 5 < longest < columns


def test_a_pipe_gets_a_line_at_every_event_and_every_ten_seconds(monkeypatch):
    monkeypatch.setattr(progress_module, "_LOGGED", 0.05)
    pipe = Screen(live=False)
    line = ProgressLine(quiet=False, stream=pipe)
    line.say("chosen because")
    assert pipe.getvalue() == ""  # a run that fails at once says why, and nothing else
    line(progress(1))
    waiting = time.monotonic() + 10
    while "step 1/100" not in pipe.getvalue() and time.monotonic() < waiting:
        time.sleep(0.01)
    line(progress(100))
    line(progress(1, stage="L-BFGS", stage_index=1))
    line.close()
    lines = pipe.getvalue().splitlines()
    events = [text for text in lines if "begins" in text or "ends" in text]
    assert lines[:2] == ["chosen because", "[1/2] Adam begins"] and lines[2].startswith("[1/2] Adam  0.")
    assert events[1].startswith("[1/2] Adam ends: step 100/100") and "loss 5.00e-01" in events[1]
    assert events[2] == "[2/2] L-BFGS begins" and events[3].startswith("[2/2] L-BFGS ends")
    assert "\r" not in pipe.getvalue()


def test_signals_are_left_alone_outside_the_main_thread(case, capsys):
    codes = []
    thread = threading.Thread(target=lambda: codes.append(main(["solve", "case.py", "--out", "r"])))
    thread.start()
    thread.join()
    assert codes == [0]
