"""What a run says when it is done."""

from types import SimpleNamespace

from sirenpde.cli.terminal import summary


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
