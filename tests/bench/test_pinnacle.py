"""PINNacle's table: rows from measured ones, the command, and the list of cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sirenpde.bench import pinnacle
from sirenpde.bench.accuracy import summary
from sirenpde.bench.accuracy_cases import Case, Published, chosen
from sirenpde.cli.main import main
from sirenpde.problem import load as loading
from sirenpde.problem.reference import Reference

CASE = Case(
    "Some2d",
    "pinnacle/poisson2d_c",
    "some problem",
    published=Published("LRA", 1e-2, **pinnacle.PUBLISHED),
)


def run(error: float, file: dict[str, float]) -> dict[str, Any]:
    told = dict.fromkeys(("parameters", "residuals", "dtype", "device_name", "choice"), "")
    seconds = {"cpu_s": 2.0, "wall_s": 3.0, "curve": [[2.0, 3.0, error]]}
    return (
        {"status": "solved", "relative_l2": error, "held_out": 1e-9, "device": "cpu", "file": file}
        | told
        | seconds
    )


def test_a_row_tells_what_the_file_allows():
    file = {"floor": 3e-3, "to_file": 3.1e-3}
    row = pinnacle.beside(summary(CASE, [run(1e-7, file), run(3e-7, file), run(2e-7, file)], None))
    assert (row["floor"], row["to_file"], row["relative_l2"]) == (3e-3, 3.1e-3, 2e-7)
    assert row["gain"] == pytest.approx(5e4) and row["relative_l2_range"] == [1e-7, 3e-7]
    head, line, _, note = pinnacle.table([row]).splitlines()
    words = "Some2d 1.0e-02 LRA 3.0e-03 2.0e-07 1.0e-07 .. 3.0e-07 5e+04 3.1e-03 1.0e-09 2 solved"
    assert line.split() == words.split() and head.startswith("problem") and note == "Some2d: some problem."
    assert "| Some2d | 1.0e-02 |" in pinnacle.as_markdown([row])


def test_a_row_without_file_or_solution_is_told():
    row = pinnacle.beside(summary(CASE, [run(1e-7, {})], None))
    assert row["floor"] is None and row["to_file"] is None and row["gain"] == pytest.approx(1e5)
    row = pinnacle.beside(summary(CASE, [{"failed": "out of memory"}], None))
    assert row["relative_l2"] is None and row["status"] == "failed"
    assert "Failed, out of memory." in pinnacle.table([row])


def test_a_march_that_was_cut_off_is_not_compared():
    row = pinnacle.beside(summary(CASE, [run(1e-7, {}) | {"holds_until": ["t", 0.27]}], None))
    assert row["relative_l2"] == 1e-7 and row["gain"] is None
    assert row["status"] == "solved, known until t = 0.27"


def test_the_command_solves_a_problem_and_writes_its_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "out"
    assert main(["bench", "pinnacle", "--quick", "--only", "PNd", "--json", "--out", str(out)]) == 0
    (row,) = json.loads(capsys.readouterr().out)["problems"]
    assert row["relative_l2"] < 1e-10 and row["published"] == 4.7e-4 and row["status"] == "solved"
    assert json.loads((out / "pinnacle.json").read_text())["problems"] == [row]
    assert "| PNd |" in (out / "pinnacle.md").read_text()


def test_a_wrong_name_is_told(capsys: pytest.CaptureFixture[str]):
    assert main(["bench", "pinnacle", "--only", "PNe"]) == 2
    assert "no case 'PNe'; did you mean PNd" in capsys.readouterr().err


def test_every_problem_of_the_folder_has_a_row_and_its_flags():
    files = {entry.name: entry.path for entry in loading.bundled_problems() if "pinnacle/" in entry.name}
    assert {case.problem for case in pinnacle.CASES} == set(files)
    assert len({case.name for case in pinnacle.CASES}) == len(pinnacle.CASES)
    for case in pinnacle.CASES:
        options = {option.name: option for option in loading.options(loading.load(files[case.problem]))}
        assert set(case.flags) <= set(options), case.name
        assert case.published is not None or len(case.unpublished) > 15
        assert case.budget <= 600


@pytest.mark.parametrize("name", sorted({case.problem for case in pinnacle.CASES}))
def test_a_problem_is_measured_by_one_error_of_all_outputs_together(name: str):
    problem = loading.build(loading.load(loading.find(name)))
    (known,) = problem.reference.values()
    assert isinstance(known, Reference)


def test_quick_leaves_the_slow_cases_out():
    quick = chosen([], True, pinnacle.CASES)
    assert {case.name for case in quick} == {case.name for case in pinnacle.CASES if not case.slow}
