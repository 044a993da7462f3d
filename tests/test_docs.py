"""Every problem that the manual shows is solved."""

import re
from pathlib import Path

import pytest

from sirenpde import solve

PAGE = (Path(__file__).parents[1] / "docs/problems.md").read_text()


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL))
def test_a_problem_of_the_manual_is_solved_as_written(block: str) -> None:
    names: dict[str, object] = {"__name__": "manual"}
    exec(compile(block, "problems.md", "exec"), names)
    solution = solve(names["problem"])
    assert solution.status == "solved" and not solution.warnings
    assert max(errors["relative_l2"] for errors in solution.errors.values()) < 1e-9
