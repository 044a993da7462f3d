"""Every problem that the manual shows is solved, and every file that it names is there."""

import re
from pathlib import Path

import pytest

from sirenpde import solve

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/problems.md").read_text()
MANUAL = (*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md")


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL))
def test_a_problem_of_the_manual_is_solved_as_written(block: str) -> None:
    names: dict[str, object] = {"__name__": "manual"}
    exec(compile(block, "problems.md", "exec"), names)
    solution = solve(names["problem"])
    assert solution.status == "solved" and not solution.warnings
    assert max(errors["relative_l2"] for errors in solution.errors.values()) < 1e-9


@pytest.mark.parametrize("page", MANUAL, ids=lambda page: page.name)
def test_files_that_the_manual_names_are_there(page: Path) -> None:
    named = re.findall(r"`((?:tests|sirenpde|problems|docs)/[\w/.]*)`", page.read_text())
    assert [path for path in named if not (ROOT / path).exists()] == []
