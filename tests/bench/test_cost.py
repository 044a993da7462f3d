"""What sizes cost: the list of cases, rows as they are told, and the figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sirenpde.bench import cost
from sirenpde.bench.accuracy import summary
from sirenpde.bench.classical import SOLVERS
from sirenpde.cli.main import main
from sirenpde.problem import load as loading


def run(case: str, error: float, seconds: float, memory: float) -> dict[str, Any]:
    (found,) = (c for c in cost.CASES if c.name == case)
    told = dict.fromkeys(("parameters", "residuals"), 10) | dict.fromkeys(
        ("dtype", "device_name", "choice"), ""
    )
    measured = {"relative_l2": error, "held_out": 1e-9, "cpu_s": seconds, "wall_s": 1.0, "memory_mib": memory}
    solved = {"status": "solved", "device": "cpu", "curve": [[seconds, 1.0, error]]} | told | measured
    classical = {"method": "Chebyshev", "relative_l2": 1e-14, "cpu_s": 0.001}
    return cost.told(summary(found, [solved], classical))


ROWS = [
    run("cells-2", 1e-12, 1.0, 20.0),
    run("cells-4", 1e-12, 3.0, 60.0),
    run("cells-2-different", 1e-12, 1.5, 30.0),
    run("axes-2", 1e-13, 3.0, 50.0),
    run("corner-50", 1e-5, 1.5, 50.0),
]


def test_every_case_names_a_problem_with_its_flags_and_a_classical_solver() -> None:
    assert len({case.name for case in cost.CASES}) == len(cost.CASES)
    files = {entry.name: entry.path for entry in loading.bundled_problems()}
    for case in cost.CASES:
        assert case.classical in SOLVERS, case.name
        known = {option.name for option in loading.options(loading.load(files[case.problem]))}
        assert set(case.flags) <= known, case.name


def test_every_case_is_on_one_line_of_a_figure() -> None:
    rows = [{"name": case.name} for case in cost.CASES]
    lines = [s.of(rows) for s in (cost.ALIKE, cost.DIFFERENT, cost.AXES, cost.SMOOTH, cost.CORNER)]
    assert sorted(row["name"] for line in lines for row in line) == sorted(row["name"] for row in rows)


def test_a_row_tells_cost_beside_a_classical_solver() -> None:
    head, first, *_, note = cost.table(ROWS[:1]).splitlines()
    assert "MiB" in head and first.split()[:5] == ["cells-2", "10", "1.0e-12", "1", "20"]
    assert note.startswith("cells-2: Helmholtz' equation in 2 x 2 cells")
    assert "| cells-2 | 10 | 1.0e-12 | 1 | 20 | 1.0e-14 |" in cost.as_markdown(ROWS[:1])


def test_figures_have_the_points_that_were_measured() -> None:
    seconds, memory = cost.by_cells(ROWS).axes
    (alike, different, classical, slope), lines = seconds.get_lines(), memory.get_lines()
    assert alike.get_xydata().tolist() == [[4, 1], [16, 3]] and different.get_xydata().tolist() == [[4, 1.5]]
    assert classical.get_xydata().tolist() == [[4, 0.001], [16, 0.001]]
    (low, first), (high, last) = slope.get_xydata()
    assert (high, last) == (16, 3) and last / first == pytest.approx(high / low)
    assert lines[0].get_xydata().tolist() == [[4, 20], [16, 60]]
    assert cost.by_axes(ROWS).axes[0].get_lines()[0].get_xydata().tolist() == [[3, 3]]
    smooth, corner = cost.by_digits(ROWS).axes
    assert smooth.get_lines()[0].get_xydata().size == 0
    assert corner.get_lines()[0].get_xydata().tolist() == [[1.5, 1e-5]]


def test_the_command_keeps_the_rows_of_other_cases(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    for name, names in (("smooth-140", ["smooth-140"]), ("smooth-80", ["smooth-80", "smooth-140"])):
        assert main(["bench", "cost", "--only", name, "--out", str(out)]) == 0
        rows = json.loads((out / "cost.json").read_text())["problems"]
        assert [row["name"] for row in rows] == names
    assert [row["relative_l2"] < 1e-4 for row in rows] == [True, True]
    assert {file.name for file in out.iterdir()} == {
        "cost.json", "cost.md", "cost_cells.png", "cost_axes.png", "cost_digits.png"
    }  # fmt: skip
    assert "smooth-80" in (out / "cost.md").read_text()
