"""Problem files read as their equations: what they must have, and what they must not."""

import ast

import pytest

from sirenpde.problem.load import bundled_problems

TREES = {entry.name: ast.parse(entry.path.read_text(encoding="utf-8")) for entry in bundled_problems()}
every_file = pytest.mark.parametrize("tree", TREES.values(), ids=list(TREES))


def functions(tree: ast.Module) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def named(call: ast.AST) -> str:
    return call.func.id if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) else ""


@every_file
def test_no_problem_branches(tree):
    """But where a parameter was left out, such as a file."""
    assert not [node.lineno for node in ast.walk(tree) if isinstance(node, ast.If | ast.Match)]
    tests = [node.test for node in ast.walk(tree) if isinstance(node, ast.IfExp)]
    assert all(isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is) for test in tests)


@every_file
def test_every_constraint_is_decorated_and_its_docstring_is_the_equation(tree):
    decorators = {id(d) for function in functions(tree) for d in function.decorator_list if named(d) == "on"}
    assert decorators
    assert all(id(node) in decorators for node in ast.walk(tree) if named(node) == "on")
    for function in functions(tree):
        if any(id(d) in decorators for d in function.decorator_list):
            equation = ast.get_docstring(function)
            assert equation and "\n" not in equation, f"{function.name}, line {function.lineno}"


@every_file
def test_no_problem_asks_which_network(tree):
    (problem,) = (f for f in functions(tree) if f.name == "problem")
    assert "network" not in [a.arg for a in (*problem.args.args, *problem.args.kwonlyargs)]
    assert ast.get_docstring(tree) and ast.get_docstring(problem)


@every_file
def test_a_line_says_one_thing(tree):
    """No two constraints or rows packed into one statement, and no two statements into one line."""
    lines = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    assert len(lines) == len(set(lines))
    imports = [node.module for node in tree.body if isinstance(node, ast.ImportFrom)]
    assert len(imports) == len(set(imports))


@every_file
def test_only_papers_name_a_siren_with_its_training(tree):
    """The trained network of all others is the ladder's, but for those whose default it is."""
    name = next(name for name, other in TREES.items() if other is tree)
    trained = {named(node) for node in ast.walk(tree)} & {"Siren", "Adam"}
    assert (
        not trained
        or name.startswith("papers/")
        or name in ("signed_distance_siren", "image_prior", "radiance_field", "poisson_siren")
    )
