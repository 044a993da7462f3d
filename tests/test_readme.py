"""What the README shows, runs."""

import json
import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from test_layers import FLOOR

import sirenpde
from sirenpde import D, Solution
from sirenpde.cli.main import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


def declared() -> dict[str, object]:
    names: dict[str, object] = {"__name__": "readme"}
    exec(compile(BLOCKS[0], "README.md", "exec"), names)
    return names


def test_the_example_declares_what_it_says():
    problem = declared()["problem"]
    assert [str(d) for asked in problem.requests for d in asked.derivatives] == [
        "u_tt",
        "u_xx",
        "u",
        "u_t",
        "u",
    ]
    assert [c.equation for c in problem.constraints] == [
        "u_tt = c² u_xx",
        "u = g at t = 0",
        "u_t = 0 at t = 0",
        "u = 0 at both ends",
    ]


def test_the_first_file_is_solved_as_written_to_the_error_that_is_shown(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pulse.py").write_text(BLOCKS[0])
    assert main(["solve", "pulse.py"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("pulse: solved in ") and "written   runs/pulse-1/" in said
    report = json.loads((tmp_path / "runs/pulse-1/report.json").read_text())
    assert report["status"] == "solved" and report["warnings"] == []
    assert report["errors"]["u"]["relative_l2"] < 1e-11 and report["relative_residual"] < 1e-8
    assert plt.imread(tmp_path / "runs/pulse-1/figures/u.png").shape[2] == 4


def test_the_readme_runs_to_its_end(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = declared()
    exec(compile(BLOCKS[1], "README.md", "exec"), names)
    solution, u, t = names["solution"], names["u"], names["t"]
    assert names["speed"].values.shape == (8, 8) and solution.errors["u"]["relative_l2"] < 1e-5
    assert abs(names["values"][0] - np.exp(-0.3)) < 1e-5  # both halves are still together
    assert (tmp_path / "u.vtkhdf").stat().st_size > 1000
    loaded = Solution.load(tmp_path / "pulse")
    assert np.array_equal(loaded["u"]([[0.1, 0.0]]), names["values"])
    assert solution[D(u, t)]([[0.1, 0.0]]).shape == (1,)


def test_the_table_of_places_is_true():
    """Every room of the package stands in it once, on its floor."""
    rows = re.findall(r"^\| (\d+) \| (.*?) \| .+ \|$", README, flags=re.MULTILINE)
    told = {room: int(floor) for floor, places in rows for room in re.findall(r"`(\w+)/`", places)}
    rooms = {p.name for p in (ROOT / "sirenpde").iterdir() if any(p.glob("*.py"))}
    assert told == FLOOR and set(told) == rooms
    exported = set(sirenpde.__all__)
    named = {name for name in re.findall(r"`([A-Z]\w+)`", README.split("## The package")[1])}
    assert named <= exported
