"""Tests mirror the package: a room's tests lie in the folder of its name, a module's in the folder of the module."""

import ast
import inspect
from pathlib import Path

import pytest
from test_layers import FLOOR, MODULES

import sirenpde

TESTS = Path(__file__).parent
WITHOUT_A_ROOM = {"gpu", "problems"}  # what runs on a device, and the problem files
FILES = [
    file for file in sorted(TESTS.glob("*/**/test_*.py")) if file.relative_to(TESTS).parts[0] in set(FLOOR)
]


def dotted(file: Path) -> str:
    """The folder of a test file, named as a package is."""
    return ".".join(file.relative_to(TESTS).parts[:-1])


def homes(idea: str) -> set[str]:
    """The packages with a module of this name; a room's name is at home in the room."""
    found = {name.rpartition(".")[0] for name in MODULES if name.rpartition(".")[2] == idea}
    return {idea if home == "" else home for home in found}


def imported_rooms(file: Path) -> set[str]:
    """The rooms that a test file imports from; a public name counts as the room that defines it."""
    rooms = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if not isinstance(node, ast.ImportFrom) or (node.module or "").split(".")[0] != "sirenpde":
            continue
        if node.module != "sirenpde":
            rooms.add(node.module.split(".")[1])
            continue
        for alias in node.names:
            if alias.name in FLOOR:
                rooms.add(alias.name)
            elif (module := inspect.getmodule(getattr(sirenpde, alias.name))) is not None:
                rooms |= set(module.__name__.split(".")[1:2])
    return rooms


def test_every_room_has_its_folder_and_every_folder_its_room():
    folders = {path.parent.relative_to(TESTS).parts[0] for path in TESTS.glob("*/**/test_*.py")}
    assert folders - WITHOUT_A_ROOM == set(FLOOR)
    packages = {name.rpartition(".")[0] for name in MODULES}
    assert {dotted(file) for file in FILES} <= packages


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(TESTS)))
def test_a_file_lies_in_the_folder_of_what_it_tests(file):
    idea = file.stem.removeprefix("test_")
    if homes(idea):
        assert dotted(file) in homes(idea)
    else:  # an idea that several modules share
        assert dotted(file).split(".")[0] in imported_rooms(file)
