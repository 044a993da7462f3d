"""Problem files: found, imported under their own names, and their parameters as flags."""

import sys
import textwrap
from pathlib import Path

import pytest

from sirenpde.problem import load as loading
from sirenpde.problem.load import ProblemFileError

DECLARED = """
from sirenpde import Box, Field, Problem, laplacian, on
box = Box(x=(0, 1))
u = Field("u", box)
@on(box, samples=10)
def poisson(p):
    return laplacian(u)(p) + 2
"""


def write(folder: Path, text: str, name: str = "case.py") -> Path:
    path = folder / name
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def load(folder: Path, text: str, name: str = "case.py"):
    return loading.load(write(folder, text, name))


def test_bundled_problems_are_listed_with_their_summaries():
    entries = loading.bundled_problems()
    assert all(entry.path.is_file() for entry in entries)
    assert all(entry.summary and "\n" not in entry.summary for entry in entries)
    for entry in entries:
        assert loading.find(entry.name) == entry.path


def test_what_a_paper_did_is_found_by_folder_and_name():
    entry = {entry.name: entry for entry in loading.bundled_problems()}["papers/helmholtz"]
    assert entry.path.parts[-2:] == ("papers", "helmholtz.py")
    assert loading.read(loading.find("papers/helmholtz")).name == "papers_helmholtz"
    assert loading.read(loading.find("helmholtz")).name == "helmholtz"
    assert [entry.name for entry in loading.bundled_problems()][-1].startswith("pinnacle/")


def test_a_file_is_found_by_its_path(tmp_path):
    path = write(tmp_path, DECLARED)
    assert loading.find(str(path)) == path


@pytest.mark.parametrize("name", ["absent.py", "folder/absent.py"])
def test_a_missing_file_is_named(tmp_path, name):
    with pytest.raises(ProblemFileError, match=r"There is no file .*absent\.py"):
        loading.find(str(tmp_path / name))


def test_near_misses_are_suggested(tmp_path, monkeypatch):
    write(tmp_path, DECLARED, "helmholtz_case.py")
    with pytest.raises(ProblemFileError, match=r"Did you mean .*helmholtz_case\.py"):
        loading.find(str(tmp_path / "helmholz_case.py"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ProblemFileError, match=r"Write helmholtz_case\.py"):
        loading.find("helmholtz_case")
    with pytest.raises(ProblemFileError, match="sirenpde list"):
        loading.find("zzzzz")


def test_what_is_no_python_file_is_refused(tmp_path):
    with pytest.raises(ProblemFileError, match="is a directory"):
        loading.find(str(tmp_path))
    (tmp_path / "mesh.obj").write_text("v 0 0 0")
    with pytest.raises(ProblemFileError, match="not a Python file"):
        loading.find(str(tmp_path / "mesh.obj"))
    with pytest.raises(ProblemFileError, match="is empty"):
        loading.read(write(tmp_path, "\n"))
    (tmp_path / "image.py").write_bytes(b"\x89PNG\xff")
    with pytest.raises(ProblemFileError, match="not text in UTF-8"):
        loading.read(tmp_path / "image.py")


def test_a_problem_file_shadows_no_standard_module(tmp_path):
    module = load(tmp_path, DECLARED + "problem = Problem(poisson)\n", "wave.py")
    import wave

    assert wave.__file__ != module.__file__
    assert sys.modules[module.__name__] is module
    assert str(tmp_path) not in sys.path
    assert loading.build(module).constraints[0].name == "poisson"
    assert loading.options(module) == []


def test_modules_beside_the_file_can_be_imported(tmp_path):
    write(tmp_path, "width = 7\n", "beside_it.py")
    module = load(tmp_path, "import beside_it\n" + DECLARED + "problem = Problem(poisson)\n")
    assert module.beside_it.width == 7


def test_a_syntax_error_is_shown_with_its_line(tmp_path):
    with pytest.raises(ProblemFileError, match=r"case\.py, line 2, is not valid Python.*'u = Field\('"):
        load(tmp_path, "x = 1\nu = Field(\n")


def test_an_error_at_import_is_shown_with_its_line(tmp_path):
    with pytest.raises(ProblemFileError, match=r"case\.py, line 2 \(1 / 0\): ZeroDivisionError"):
        load(tmp_path, "x = 1\n1 / 0\n")
    with pytest.raises(ProblemFileError, match=r"line 1 .*ModuleNotFoundError: No module named 'not_there'"):
        load(tmp_path, "import not_there\n")


def test_an_error_that_teaches_is_passed_on(tmp_path):
    with pytest.raises(ProblemFileError, match=r"case\.py, line 2 \(.*\): The axis x runs from 1 to 0"):
        load(tmp_path, "from sirenpde import Box\nbox = Box(x=(1, 0))\n")


def test_what_a_file_without_a_problem_holds_is_said(tmp_path):
    with pytest.raises(ProblemFileError, match=r"declares no 'problem'.*poisson \(Constraint\)"):
        load(tmp_path, DECLARED)
    with pytest.raises(ProblemFileError, match="Rename 'heat' to 'problem'"):
        load(tmp_path, DECLARED + "heat = Problem(poisson)\n")
    with pytest.raises(ProblemFileError, match="'problem' is a int"):
        load(tmp_path, "problem = 3\n")


def test_what_a_function_returns_is_checked(tmp_path):
    with pytest.raises(ProblemFileError, match="returned nothing"):
        loading.build(load(tmp_path, "def problem():\n    pass\n"))
    with pytest.raises(ProblemFileError, match=r"problem\(\) failed at .*line 2 .*RuntimeError: no luck"):
        loading.build(load(tmp_path, "def problem():\n    raise RuntimeError('no luck')\n"))


OPTIONS = '''
from __future__ import annotations
from pathlib import Path
from typing import Literal

def problem(
    wavenumber: float = 20.0,
    medium: Literal["uniform", "square"] = "uniform",
    order: Literal[2, 4] = 2,
    damped: bool = False,
    terms: int | None = None,
    mesh: Path = Path("a.obj"),
    centre: tuple[float, float] = (0.0, 0.0),
    names: tuple[str, ...] = (),
    *,
    label: str,
):
    """A problem.

    Args:
        wavenumber: of the source, waves
            per length.
        medium (str): what it travels in: air or glass.

    Returns:
        nothing: really
    """
'''


def test_parameters_become_flags(tmp_path):
    options = {option.name: option for option in loading.options(load(tmp_path, OPTIONS))}
    assert list(options) == [
        "wavenumber",
        "medium",
        "order",
        "damped",
        "terms",
        "mesh",
        "centre",
        "names",
        "label",
    ]
    assert options["wavenumber"].help == "of the source, waves per length."
    assert options["medium"].help == "what it travels in: air or glass."
    assert options["medium"].choices == ("uniform", "square")
    assert options["order"].choices == (2, 4) and options["order"].parse("4") == 4
    assert options["damped"].parse is None
    assert options["terms"].parse("3") == 3 and options["terms"].default is None
    assert options["mesh"].value("b.obj") == Path("b.obj")
    assert options["centre"].count == 2 and options["centre"].value([1, 2.5]) == (1.0, 2.5)
    assert options["names"].count == "+"
    assert options["label"].required and not options["mesh"].required


@pytest.mark.parametrize("word", ["x", "nan", "inf", ""])
def test_numbers_are_checked(tmp_path, word):
    options = {option.name: option for option in loading.options(load(tmp_path, OPTIONS))}
    with pytest.raises(ValueError, match="is not a"):
        options["wavenumber"].parse(word)
    with pytest.raises(ValueError, match="is not a whole number"):
        options["terms"].parse(word)


@pytest.mark.parametrize("parameter", ["a: dict = {}", "a: int | str = 1", "*a", "**a", "a: Unheard = 1"])
def test_parameters_that_make_no_flag_are_refused(tmp_path, parameter):
    module = load(tmp_path, f"from __future__ import annotations\ndef problem({parameter}):\n    pass\n")
    with pytest.raises(ProblemFileError, match=r"case\.py"):
        loading.options(module)
