"""What a run says when it is done."""

import html
import math
import re
from types import SimpleNamespace

from sirenpde import (
    Box,
    D,
    Field,
    GaussNewton,
    LeastSquares,
    Problem,
    SineFeatures,
    Siren,
    Unknown,
    on,
    solve,
)
from sirenpde.run.summary import summary


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


FEATURES = SineFeatures(30, 3.0)


def decay(network=FEATURES):
    line = Box(t=(0, 1))
    (t,) = line.axes
    u, k = Field("u", line, network), Unknown("k", 0.5)
    equation = on(line, 60, name="u_t = -k u")(lambda p: D(u, t)(p) + k(p) * u(p))
    start = on(line.at(t=0), name="start")(lambda p: u(p) - 1)
    end = on(line.at(t=1), name="end")(lambda p: u(p) - math.exp(-2))
    return Problem(equation, start, end)


def test_a_script_and_a_notebook_say_what_the_command_line_says():
    problem = decay()
    solution = solve(problem, [LeastSquares()])
    text = str(solution)
    assert text == summary("u", solution, solution.report())
    assert text.startswith("u: solved in ") and "  found     k = 2" in text and "written" not in text
    page = solution._repr_html_()
    assert page.startswith("<p>u: solved in ") and page.count("<table>") == 1
    said = {html.unescape(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", page)}
    assert said >= {line[12:] for line in text.splitlines()[1:]}
    table = problem._repr_html_()
    assert '<td style="text-align:left">u_t = -k u</td>' in table and "<th>derivatives</th>" in table
    cells = {html.unescape(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", table)}
    assert all(cell in str(problem) for cell in cells) and len(cells) > 12


def test_progress_is_shown_where_it_is_asked_for_and_nowhere_else(capfd):
    solve(decay(), [LeastSquares()])
    solve(decay(), [LeastSquares()], progress=False)
    assert capfd.readouterr() == ("", "")
    solve(decay(), [LeastSquares()], progress=True)
    out, shown = capfd.readouterr()
    assert out == "" and "[1/1] least squares begins" in shown and "least squares ends: step 1" in shown
    solve(decay(Siren(6, 2)), [GaussNewton(steps=2)]).refine(1e-12, progress=True)
    assert "Gauss-Newton begins" in capfd.readouterr().err
    steps = []
    solve(decay(), [LeastSquares()], progress=lambda progress: steps.append(progress.step))
    assert steps == [1] and capfd.readouterr() == ("", "")
