"""One direction of imports: a module may import only from lower layers, or from its own folder."""

import ast
from pathlib import Path

import sirenpde

PACKAGE = Path(sirenpde.__file__).parent
LAYERS = {
    "geometry": 0,
    "networks": 0,
    "atomic": 0,  # files that appear whole or not at all
    "sealed": 1,  # plain values and tensors as a file
    "calculus": 1,
    "constraint": 2,
    "probe": 3,
    "problem": 4,
    "residuals": 5,
    "diagnosis": 5,  # what the constraints alone tell, before networks are chosen
    "solvers": 6,
    "export": 6,  # arrays in, files out: it knows no solution
    "plots": 5,  # arrays in, figures out: export puts them into files
    "records": 0,  # the account of a run
    "fingerprint": 6,
    "run": 7,
    "checkpoint": 8,
    "saved": 9,
    "verdict": 9,
    "solution": 10,
    "loop": 11,
    "solve": 12,
    "runs": 8,
    "loading": 8,
    "analysis": 13,
    "bench": 14,  # it compares with the reference solvers of analysis
    "commands": 15,
    "cli": 16,
    "__main__": 17,
}


def runtime_imports(path: Path) -> list[tuple[int, str]]:
    """Modules of the package that a file imports when it runs; names for types alone do not count."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = []
    found = []
    package = [*path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - (node.level - 1)]
            names = [node.module.split(".")[0]] if node.module else [alias.name for alias in node.names]
            found += [(node.lineno, (base[0] if base else name)) for name in names]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sirenpde."):
            found.append((node.lineno, node.module.split(".")[1]))
    return found


def test_imports_go_down_only():
    wrong = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).parts
        place = parts[0].removesuffix(".py")
        if place in ("__init__", "_problems", "data"):
            continue
        for line, target in runtime_imports(path):
            same = target == place
            if not same and LAYERS[target] >= LAYERS[place]:
                wrong.append(f"{'/'.join(parts)}:{line} imports {target}")
    assert not wrong, "\n".join(wrong)


def test_geometry_and_networks_do_not_know_each_other():
    for place, other in (("geometry", "networks"), ("networks", "geometry")):
        for path in (PACKAGE / place).rglob("*.py"):
            assert other not in {target for _, target in runtime_imports(path)}, path


SOLVERS = {
    "stage": 0,
    "starts": 1,
    "sampling": 1,
    "direct": 1,
    "training": 2,
    "tensor": 2,
    "initial": 3,
    "marching": 3,
    "ladder": 4,
}


def test_solvers_build_on_each_other_in_one_direction():
    for path in sorted((PACKAGE / "solvers").rglob("*.py")):
        parts = path.relative_to(PACKAGE / "solvers").parts
        place = parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level == len(parts) and place != "__init__":
                target = (node.module or "").split(".")[0]
                assert target == place or SOLVERS[target] < SOLVERS[place], f"{path}:{node.lineno}"
