"""``solve``: what it leaves, what it says, and its exit codes."""

import json
import re

import numpy as np
import pyvista
import torch
from problem_files import CASE, run


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


def test_siren_is_a_trained_one_sized_from_the_problem(case, capsys):
    words = ("show", "case.py", "--network", "siren", "--out")
    assert "SIREN 2 x 32, omega 4" in run(capsys, *words, "a")[1]  # nothing varies in the data
    (case / "case.py").write_text(CASE.replace("+ factor\n", "+ factor * torch.sin(60 * x(p))\n"))
    assert "SIREN 3 x 37, omega 19" in run(capsys, *words, "b")[1]  # 30 radians per half side


def test_a_field_that_is_not_finite_has_its_own_exit_code(case, capsys):
    code, _, err = run(capsys, "solve", "case.py", "--kind", "pole", "--trained")
    assert code == 3
    assert "poisson" in err and "step" in err
    assert json.loads((case / "runs" / "case-1" / "report.json").read_text())["status"] == "not finite"
    assert (case / "runs" / "case-1" / "checkpoint.pt").is_file()


def test_what_a_problem_prints_is_no_part_of_the_output(case, capsys):
    (case / "case.py").write_text(
        CASE.replace("    box = Box", "    print('built')\n    box = Box") + "\nprint('read')"
    )
    for words in (["solve", "--out", "r"], ["check"]):
        code, out, err = run(capsys, words[0], "case.py", *words[1:], "--json")
        assert code == 0 and json.loads(out) and err == "read\nbuilt\n"
    assert run(capsys, "export", "r")[1] == "r/fields/u-2.vtu\n"
