"""Every problem that the manual shows is solved, and every file that it names is there."""

import re
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pytest

from sirenpde import solve
from sirenpde.cli.figures import shown
from sirenpde.cli.main import main
from sirenpde.export.format import formats
from sirenpde.plots import field_figure

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/problems.md").read_text()
MANUAL = (*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md")


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL))
def test_a_problem_of_the_manual_is_solved_as_written(block: str) -> None:
    names: dict[str, object] = {"__name__": "manual"}
    exec(compile(block, "problems.md", "exec"), names)
    solution = solve(names["problem"])
    assert solution.status == "solved" and not solution.warnings
    assert all(errors["relative_l2"] < 1e-9 for errors in solution.errors.values())
    assert solution.errors or solution.problem.has_priors


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("domains", marks=pytest.mark.slow),
        "data",
        "helmholtz",
        "inverse_problems",
        pytest.param("inversion", marks=pytest.mark.slow),
        "papers",
        "pictures",
        "pieces",
        "pinnacle",
        pytest.param("surfaces", marks=pytest.mark.slow),
        pytest.param("waves", marks=pytest.mark.slow),
    ],
)
def test_a_page_runs_as_written(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docs/images").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "manual"}
    page = (ROOT / f"docs/{name}.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    for block in blocks:
        exec(compile(block, f"{name}.md", "exec"), names)
    for image in re.findall(r"\]\((images/[\w.]+)\)", page):
        assert (ROOT / "docs" / image).stat().st_size > 10_000
        assert (tmp_path / "docs" / image).exists() or not any(image in block for block in blocks)
    plt.close("all")


@pytest.mark.slow
def test_the_page_on_viewers_runs_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first block is the file that its commands solve; the last draws its picture without a screen."""
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs/viewers.md").read_text()
    blocks = re.findall(r"```(python|bash)\n(.*?)```", page, flags=re.DOTALL)
    (tmp_path / "cooling.py").write_text(blocks[0][1])
    names: dict[str, object] = {"__name__": "manual"}
    for kind, block in blocks:
        if kind == "python":
            exec(compile(block, "viewers.md", "exec"), names)
        for line in block.splitlines() if kind == "bash" else ():
            assert main(line.split()[1:]) == 0, line
    written = {file.name for file in (tmp_path / "cooling/fields").iterdir()}
    assert written >= {"u-flux.vtkhdf", "u-flux.pvd", "flux.vtu"}
    assert (tmp_path / "viewers.png").stat().st_size > 10_000


def test_every_format_stands_in_the_page_on_viewers() -> None:
    table = re.findall(r"^\| (`.*?) \|", (ROOT / "docs/viewers.md").read_text(), flags=re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", " ".join(table))) == set(formats())


def test_the_problem_of_the_page_on_figures_bears_its_names_and_units(tmp_path: Path) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/figures.md").read_text(), flags=re.DOTALL)
    names: dict[str, Any] = {"__name__": "manual"}
    exec(compile(block, "figures.md", "exec"), names)
    solution = solve(names["problem"])
    (fields,) = solution.field_sets()
    assert solution.errors["u"]["relative_l2"] < 1e-9
    figure = field_figure(shown(fields, "flux"))
    titles = [ax.get_title() for ax in figure.axes if ax.get_xlabel()]
    assert titles == ["|flux| (W/mm)", "qx (W/mm)", "qy (W/mm)"]
    assert figure.axes[0].get_xlabel() == "x (mm)"


@pytest.mark.parametrize("page", MANUAL, ids=lambda page: page.name)
def test_files_that_the_manual_names_are_there(page: Path) -> None:
    named = re.findall(r"`((?:tests|sirenpde|problems|docs)/[\w/.]*)`", page.read_text())
    assert [path for path in named if not (ROOT / path).exists()] == []
