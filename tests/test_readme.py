"""What the README shows, runs."""

import re
from pathlib import Path

from sirenpde import Adam, D, laplacian, solve

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
        "u_xx + u_yy",
        "u",
        "u_t",
    ]
    assert [c.equation for c in problem.constraints] == ["u_tt = c² Δu", "u = g at t = 0", "u_t = 0 at t = 0"]
    # Two constraints on the same samples share one pass.
    solution = solve(problem, [Adam(steps=3)], samples_scale=0.05)
    assert len(solution._state.system.groups) == 2
    assert len(solution.history) == 3


def test_the_readme_runs_to_its_end(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = declared()
    exec(compile(BLOCKS[1].replace("steps=2000", "steps=2"), "README.md", "exec"), names)
    solution, u, t = names["solution"], names["u"], names["t"]
    assert names["values"].shape == (1,) and names["speed"].values.shape == (8, 8, 8)
    assert (tmp_path / "u.vtu").stat().st_size > 1000
    assert solution[D(u, t)]([[0.1, 0.0, 0.0]]).shape == (1,) and solution[laplacian(u)](
        [[0.1, 0, 0]]
    ).shape == (1,)


def test_a_bundled_problem_has_at_most_forty_lines_of_code():
    import ast

    for path in sorted((ROOT / "problems").glob("*.py")):
        text = path.read_text()
        quoted: set[int] = set()
        for node in ast.walk(ast.parse(text)):
            first = node.body[0] if isinstance(node, ast.Module | ast.FunctionDef) and node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                quoted |= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
        code = [n for n, line in enumerate(text.split("\n"), 1) if line.strip() and n not in quoted]
        assert len(code) <= 40, f"{path.name} has {len(code)} lines of code"
