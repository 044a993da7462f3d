"""The command line, from words to exit codes and files."""

import errno
import io
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
import pyvista
import torch
from PIL import Image

from sirenpde.cli import progress as progress_module
from sirenpde.cli.main import main
from sirenpde.cli.progress import ProgressLine
from sirenpde.cli.terminal import duration, summary

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
    script = "import sys; from sirenpde.cli.main import main; assert main(sys.argv[1:]) == 0; "
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


def test_the_first_line_says_how_good_it_is(case, capsys):
    code, out, _ = run(capsys, "solve", "case.py")
    assert code == 0 and re.match(r"case: solved in .* s: relative held-out residual \d\.\de-1", out)
    code, out, _ = run(capsys, "solve", "case.py", "--trained")
    assert code == 0 and re.match(r"case: rough in .* s: leaves \d+ % of the equations", out)
    code, out, _ = run(capsys, "solve", "case.py", "--trained", "--steps", "10000000", "--budget", "0.2s")
    first, *others = out.splitlines()
    assert code == 0 and re.match(
        r"case: budget in .* s: stopped after .* leaves \S+ % of the equations", first
    )
    assert any(
        line.startswith("  residual  relative, held out, of the worst constraint: ") for line in others
    )


def test_a_run_goes_on_with_more_time_and_to_a_smaller_tolerance(case, capsys):
    text = CASE.replace("using=[Adam(steps=60, lr=1e-3)]", "using=[GaussNewton(steps=500)]")
    (case / "case.py").write_text(text.replace("import Adam,", "import Adam, GaussNewton,"))
    words = ("solve", "case.py", "--trained", "--width", "16", "--out", "r", "--json")
    first = json.loads(run(capsys, *words, "--budget", "1e-6s")[1])
    assert first["status"] == "budget" and first["stages"][0]["steps"] <= 2
    second = json.loads(run(capsys, "resume", "r", "--budget", "1e-6s", "--json")[1])
    assert second["status"] == "budget" and second["stages"][0]["steps"] > first["stages"][0]["steps"]
    third = json.loads(run(capsys, "resume", "r", "--tolerance", "1e-3", "--json")[1])
    assert third["status"] == "solved" and third["relative_residual"] <= 1e-3
    fourth = json.loads(run(capsys, "resume", "r", "--tolerance", "1e-5", "--json")[1])
    assert fourth["status"] == "solved" and fourth["relative_residual"] <= 1e-5
    again = json.loads(run(capsys, "resume", "r", "--tolerance", "1e-4", "--json")[1])
    assert again["status"] == "solved" and again["relative_residual"] == fourth["relative_residual"]


def test_strict_makes_rough_an_exit_code_of_its_own(case, capsys):
    assert run(capsys, "solve", "case.py", "--strict")[0] == 0
    code, out, _ = run(capsys, "solve", "case.py", "--trained", "--strict", "--out", "r")
    assert code == 4 and out.startswith("case: rough")
    assert run(capsys, "resume", "r", "--strict")[0] == 4 and run(capsys, "resume", "r")[0] == 0
    words = ["--trained", "--strict", "--steps", "10000000", "--budget", "0.2s", "--json"]
    code, out, _ = run(capsys, "solve", "case.py", *words)
    assert code == 4 and json.loads(out)["status"] == "budget" and json.loads(out)["relative_residual"] > 1e-6
    assert run(capsys, "solve", "case.py", "--kind", "pole", "--trained", "--strict")[0] == 3
    assert "4 with --strict" in " ".join(run(capsys, "solve", "--help")[1].split())


def test_warnings_come_first():
    report = {
        "constraints": {},
        "errors": {},
        "relative_residual": 0.25,
        "unknowns": {"k": 0.099871, "m": 2.0},
    }
    solution = SimpleNamespace(
        status="rough", seconds=1.0, message="leaves 25 % of the equations", warnings=("no start", "two walls"),
        choice="as asked for", stages=(),
    )  # fmt: skip
    text = summary("case", solution, {**report, "unknown_errors": {"k": 0.00071}}, ["report.json"], "r/")
    lines = text.splitlines()
    assert lines[0] == "case: rough, with 2 warnings, in 1.0 s: leaves 25 % of the equations"
    assert [line.split(None, 1) for line in lines[1:3]] == [["warning", "no start"], ["warning", "two walls"]]
    assert "  found     k = 0.09987 ± 0.00071" in lines and "  found     m = 2" in lines


def test_auto_replaces_a_declared_network(case, capsys):
    code, out, _ = run(capsys, "solve", "case.py", "--trained", "--network", "auto", "--json", "--out", "r")
    found = json.loads(out)
    assert code == 0 and "frozen sines" in found["choice"] and "SIREN 1 x 8" not in found["choice"]
    assert found["errors"]["u"]["relative_l2"] < 1e-9
    assert run(capsys, "export", "r")[0] == 0  # the run knows what it was made with
    assert json.loads((case / "r" / "run.json").read_text())["settings"]["network"] == "auto"
    assert "SIREN 1 x 8" in run(capsys, "show", "case.py", "--trained", "--out", "a")[1]
    assert (
        "SIREN 1 x 8" not in run(capsys, "show", "case.py", "--trained", "--network", "auto", "--out", "b")[1]
    )
    own = CASE.replace("width: int = 8", "network: str = 'none', width: int = 8")
    (case / "own.py").write_text(own.replace("return u(p)", 'assert network == "auto"\n        return u(p)'))
    assert run(capsys, "show", "own.py", "--trained", "--network", "auto", "--out", "c")[0] == 0


def test_a_field_that_is_not_finite_has_its_own_exit_code(case, capsys):
    code, _, err = run(capsys, "solve", "case.py", "--kind", "pole", "--trained")
    assert code == 3
    assert "poisson" in err and "step" in err
    assert json.loads((case / "runs" / "case-1" / "report.json").read_text())["status"] == "not finite"
    assert (case / "runs" / "case-1" / "checkpoint.pt").is_file()


# ------------------------------------------------------------------------- interruption and going on


def interrupt_at(monkeypatch, step, *signals):
    """As if Ctrl-C had been pressed during this step, or these signals had come."""
    from sirenpde.cli.solving import _Watcher

    plain = _Watcher.__call__

    def call(self, progress):
        if progress.step == step:
            for number in signals or [signal.SIGINT]:
                os.kill(os.getpid(), number)
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


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_key_that_bounces_leaves_an_exact_checkpoint(case, capsys, monkeypatch, second):
    with monkeypatch.context() as patch:
        interrupt_at(patch, 7, signal.SIGINT, second)
        code, _, err = run(capsys, "solve", "case.py", "--trained", "--out", "r")
    assert code == 130 and "sirenpde resume r" in err
    assert "stopping after this step" in err
    state = torch.load(case / "r" / "checkpoint.pt", weights_only=True)["state"]
    assert state["step"] == 7 and len(state["history"]) == 7
    assert json.loads(run(capsys, "resume", "r", "--json")[1])["stages"][0]["steps"] == 60


def test_a_second_wish_ends_a_step_at_once_and_keeps_the_checkpoint_before(case, capsys, monkeypatch):
    from sirenpde.cli import interrupts, solving
    from sirenpde.solvers.adam import Adam

    monkeypatch.setattr(interrupts, "_ONE_PRESS", 0.0)
    monkeypatch.setattr(solving, "_FIRST_CHECKPOINT", 0.0)
    monkeypatch.setattr(solving, "_CHECKPOINT_EVERY", 0.0)
    plain, after = Adam.advance, []

    def advance(self, state):
        if state.step == 9:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            after.append("never")
        return plain(self, state)

    with monkeypatch.context() as patch:
        patch.setattr(Adam, "advance", advance)
        code, _, err = run(capsys, "solve", "case.py", "--trained", "--out", "r")
    assert code == 130 and not after and "sirenpde resume r" in err
    assert torch.load(case / "r" / "checkpoint.pt", weights_only=True)["state"]["step"] == 9
    assert run(capsys, "resume", "r")[0] == 0


def test_an_interruption_while_a_checkpoint_is_written_waits_for_it(tmp_path):
    from sirenpde.cli.interrupts import interrupts

    done = []
    with interrupts() as keys, pytest.raises(KeyboardInterrupt), keys.undisturbed():
        os.kill(os.getpid(), signal.SIGINT)
        done.append("written")
    assert done == ["written"]


PRESS = "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(1)"


@pytest.mark.parametrize(
    "text",
    [
        f"{PRESS}\n{CASE}",
        f"try:\n    {PRESS}\nexcept KeyboardInterrupt:\n    pass\n{CASE}",
        f"try:\n    {PRESS}\nexcept BaseException:\n    raise ImportError('cut off')\n{CASE}",
        CASE.replace("    box = Box", f"    {PRESS}\n    box = Box"),
    ],
    ids=["at import", "swallowed", "turned into another", "in problem()"],
)
def test_an_interruption_before_anything_is_computed_leaves_nothing(case, capsys, text):
    (case / "case.py").write_text(text)
    code, out, err = run(capsys, "solve", "case.py", "--out", "a/b")
    assert code == 130 and out == "" and err == "sirenpde: interrupted\n"
    assert not (case / "a").exists()


def test_a_killed_run_has_a_checkpoint(case, capsys, monkeypatch):
    from sirenpde.cli import solving

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
        (["solve", "."], 1, ". is a directory; expected a problem file, such as case.py"),
        (["check", ""], 1, ". is a directory"),
        (["show", ".."], 1, ".. is a directory"),
        (["solve", "caf\udce9.py"], 1, "There is no file caf\\udce9.py"),
        (["solve", "case.py", "--out", "case.py/r"], 1, "cannot be made or written to: Not a directory"),
        (["solve", "case.py", "--samples-scale", "1e12"], 1, "GiB for their coordinates alone"),
        (["solve", "case.py", "--samples-scale", "1e300"], 1, "Lower --samples-scale"),
        (["check", "case.py", "--samples-scale", "1e12"], 1, "Lower --samples-scale"),
        (["solve", "case.py", "--seed", "9" * 20], 2, "whole number from 0 on, below 2^63"),
        (["solve", "case.py", "--steps", "1" + 30 * "0"], 2, "whole number from 1 on, up to 10^12"),
        (["solve", "case.py", "--steps", "9" * 5000], 2, "whole number from 1 on"),
        (["solve", "case.py", "--seed", "٣"], 2, "whole number"),
        (["solve", "case.py", "--tolerance", "2"], 2, "not below 1"),
        (["solve", "case.py", "--budget", "1e400h"], 2, "write 90, 60s, 5m or 1h"),
        (["check", "case.py", "--out", "case.py"], 1, "case.py is there already; nothing was changed"),
        (["show", "case.py", "--out", "case.py"], 1, "case.py is there already; nothing was changed"),
    ],
)
def test_bad_words_get_one_paragraph(case, capsys, words, code, said):
    found, _, err = run(capsys, *words)
    assert found == code and said in err
    assert err.count("\n") == (1 if words else 0)
    assert [path.name for path in case.iterdir()] in (["case.py"], ["case.py", "runs"], ["runs", "case.py"])
    assert not list(case.glob("runs/*"))


WORDS = [
    "",
    " ",
    "--",
    "-1",
    "0",
    "nan",
    "inf",
    "1e400",
    "٣",
    "\udcff",
    "9" * 5000,
    "x" * 5000,
    "..",
    ".",
    "/",
]
WORDS += [
    "case.py",
    "bytes.py",
    "full/x",
    "60s",
    "m",
    "cuda:-1",
    "float16",
    "{}",
    "%(prog)s",
    "$",
    ",",
    "\n",
    "@a",
]
FLAGS = [
    "--out",
    "--device",
    "--dtype",
    "--seed",
    "--steps",
    "--budget",
    "--tolerance",
    "--samples-scale",
    "--json",
]
FLAGS += [
    "--network",
    "--strict",
    "--width",
    "--factor",
    "--kind",
    "--no-trained",
    "--no-kind",
    "--format",
    "-x",
]
FLAGS += ["--resolution", "--derivatives", "--fields", "--facter", "--Width", "--out=", "--help=1"]


def test_no_command_line_brings_a_traceback(case, capsys, monkeypatch):
    """Words at random, as a person who is in a hurry, or a broken script, would type them."""
    from sirenpde.cli import looking, solving

    for module, name in ((solving, "solve_command"), (looking, "check_command"), (looking, "show_command")):
        monkeypatch.setattr(module, name, lambda *_: 0)
    (case / "bytes.py").write_bytes(b"\xff\xfe\0")
    (case / "full").mkdir()
    (case / "full" / "x").write_text("x")
    rng, codes = random.Random(0), []
    for _ in range(120):
        words = [rng.choice(["solve", "check", "show", "resume", "export", "plot", "list", "sovle", ""])]
        words += [rng.choice(["case.py"] * 20 + WORDS)] if rng.random() < 0.9 else []
        for _ in range(rng.randrange(4)):
            words += [rng.choice(FLAGS), rng.choice(WORDS)][: rng.randrange(1, 3)]
        code, out, err = run(capsys, *words)
        assert "Unexpected" not in err and err.count("\n") == (code != 0), words
        assert code in (0, 1, 2) and (code == 0 or not out or "--json" in words), words
        codes.append(code)
    assert {0, 1, 2} == set(codes) and codes.count(0) < 60


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


def test_what_a_problem_prints_is_no_part_of_the_output(case, capsys):
    (case / "case.py").write_text(
        CASE.replace("    box = Box", "    print('built')\n    box = Box") + "\nprint('read')"
    )
    for words in (["solve", "--out", "r"], ["check"]):
        code, out, err = run(capsys, words[0], "case.py", *words[1:], "--json")
        assert code == 0 and json.loads(out) and err == "read\nbuilt\n"
    assert run(capsys, "export", "r")[1] == "r/fields/u.vtu\n"


def test_code_that_ends_the_program_while_a_problem_is_solved_is_told(case, capsys, monkeypatch):
    from sirenpde.solvers.adam import Adam

    def advance(self, state):
        sys.exit("too late")

    monkeypatch.setattr(Adam, "advance", advance)
    code, _, err = run(capsys, "solve", "case.py", "--trained", "--out", "r")
    assert code == 1 and "test_cli.py, line" in err and "with sys.exit('too late')" in err
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


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_the_characters_gets_escapes(case, monkeypatch, encoding):
    (case / "case.py").write_text(CASE.replace("u'' = -factor", "Δu = −factor ∂é"), encoding="utf-8")
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    assert main(["show", "case.py"]) == 0
    assert main(["solve", "case.py", "--out", "ψ", "--json"]) == 0
    sys.stdout.flush()
    text = written.getvalue().decode(encoding)
    assert "\\u0394u = \\u2212factor \\u2202" in text
    assert json.loads(text.splitlines()[-1])["directory"] == "ψ"


def test_looking_never_writes_over_a_file(case, capsys):
    (case / "mine.png").write_text("mine")
    for command in ("check", "show"):
        code, _, err = run(capsys, command, "case.py", "--out", "mine.png")
        assert code == 1 and "mine.png is there already; nothing was changed" in err
        assert run(capsys, command, "case.py", "--out", f"drawn/{command}")[0] == 0
        drawn = case / "drawn" / command / "case-samples.png"
        before = drawn.read_bytes()
        code, out, err = run(capsys, command, "case.py", "--out", f"drawn/{command}")
        assert code == 1 and out == "" and "is there already" in err and drawn.read_bytes() == before
    assert (case / "mine.png").read_text() == "mine"


def test_two_at_work_on_one_run_are_one_too_many(case, capsys):
    from sirenpde.run.directory import open_run

    assert run(capsys, "solve", "case.py", "--out", "r")[0] == 0
    with open_run("r").held():
        code, _, err = run(capsys, "resume", "r")
    assert code == 1 and "Another process is at work in r" in err
    assert run(capsys, "resume", "r")[0] == 0


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"factor": "x"}, "'x' is not a number"),
        ({"facter": 2.0}, "facter"),
        ({"width": 12}, "belongs to another"),
    ],
)
def test_edited_flags_of_a_run_are_told(case, capsys, flags, said):
    assert run(capsys, "solve", "case.py", "--out", "r")[0] == 0
    file = case / "r" / "run.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "flags": flags}))
    for command in ("resume", "export", "plot"):
        code, _, err = run(capsys, command, "r")
        assert code == 1 and said in err and err.count("\n") == 1


def test_an_unexpected_error_leaves_its_traceback_in_the_run(case, capsys, monkeypatch):
    from sirenpde.cli import outputs

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
    return SimpleNamespace(**{"step": step, "held_out": None, "unknowns": {}, **values, **others})


def test_the_line_of_progress_tells_stage_loss_and_time_left(monkeypatch):
    monkeypatch.setattr(progress_module, "_QUICKEST", 0.0)
    monkeypatch.setattr(ProgressLine, "_width", lambda self: 120)
    screen = Screen()
    line = ProgressLine(quiet=False, stream=screen)
    line.write("preparing")
    line(progress(1))
    line(progress(50, error=0.01, held_out=0.02, unknowns={"k": 0.25}, seconds=52.0))
    line.close()
    assert "preparing" in screen.getvalue()
    last = screen.getvalue().split("\r")[-3]  # then it is wiped away
    assert re.fullmatch(
        r"\[1/2\] Adam  0.\d s  step 50/100  50 s left  held out 2.0e-02  k 0.25  loss 5.00e-01  err.*", last
    )
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
    waiting = time.monotonic() + 60
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
