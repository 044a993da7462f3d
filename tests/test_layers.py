"""One direction of imports: a room imports only from lower floors, and the files inside a room form no circle.

Names that are imported for types alone, and imports inside functions, count like all others.
"""

import ast
import graphlib
from pathlib import Path

import sirenpde

PACKAGE = Path(sirenpde.__file__).parent
FLOORS = (
    ("files", "geometry", "networks"),
    ("calculus",),
    ("engines",),
    ("problem",),
    ("residuals",),
    ("diagnosis", "linear", "plots", "references", "sampling"),
    ("export", "solvers"),
    ("run",),
    ("analysis",),
    ("bench",),
    ("cli",),
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
DOORS = ("__init__", "__main__")  # the names for users, and the program


def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name without the package's own; "geometry" for its ``__init__``."""
    paths = (path for path in sorted(PACKAGE.rglob("*.py")) if "_problems" not in path.parts)
    named = {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in paths}
    return {name.removesuffix(".__init__"): path for name, path in named.items() if name not in DOORS}


MODULES = modules()


def imports(name: str) -> list[tuple[int, str]]:
    """The modules of the package that one of them imports, with the line."""
    path = MODULES[name]
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ImportFrom):
            continue
        if node.level:
            base = package[: len(package) - (node.level - 1)] + (node.module or "").split(".")
        elif (node.module or "").split(".")[0] == "sirenpde":
            base = (node.module or "").split(".")[1:]
        else:
            continue
        home = ".".join(filter(None, base))
        for alias in node.names:
            inner = f"{home}.{alias.name}".strip(".")
            found.append((node.lineno, inner if inner in MODULES else home))
    return found


def test_every_room_has_a_floor_and_there_are_fewer_than_twelve():
    assert {name.split(".")[0] for name in MODULES} == set(FLOOR)
    assert len(FLOORS) < 12


def test_imports_go_down_only():
    wrong = []
    for name in MODULES:
        room = name.split(".")[0]
        for line, target in imports(name):
            below = target.split(".")[0]
            if below != room and FLOOR[below] >= FLOOR[room]:
                wrong.append(f"{name}:{line} imports {target}")
    assert not wrong, "\n".join(wrong)


def test_modules_form_no_circle():
    arrows = {name: {target for _, target in imports(name)} - {name} for name in MODULES}
    for name, path in MODULES.items():  # a package's own list of names stands above its files
        if path.name != "__init__.py":
            arrows[name] = {t for t in arrows[name] if not name.startswith(f"{t}.")}
    graphlib.TopologicalSorter(arrows).prepare()
