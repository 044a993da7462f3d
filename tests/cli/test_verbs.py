"""A verb is one file that ends in a registration."""

import pkgutil

import pytest
from problem_files import run

from sirenpde.cli import verb, verbs
from sirenpde.cli.verb import Verb, register


@pytest.fixture(autouse=True)
def unchanged(monkeypatch):
    monkeypatch.setattr(verb, "_VERBS", dict(verb._VERBS))


def greet(call):
    print(f"{call.flags.greeting} {len(call.session.problem.constraints)}" if call.problem else "hello")
    return 7


def test_every_file_is_a_verb_of_its_name():
    assert set(verb.verbs()) == {file.name for file in pkgutil.iter_modules(verbs.__path__)}


def test_a_verb_that_is_registered_runs_and_stands_in_the_help(capsys):
    register(Verb("greet", "say hello", greet))
    assert run(capsys, "greet") == (7, "hello\n", "")
    assert "  greet   say hello\n" in run(capsys, "--help")[1]
    assert (
        run(capsys, "great")[2]
        == "sirenpde: there is no command 'great'; did you mean greet? See 'sirenpde --help'.\n"
    )
    assert run(capsys, "greet", "--json")[0] == 2


def test_a_verb_of_a_problem_has_the_problem_its_flags_and_its_help(case, capsys):
    def add_flags(parser):
        parser.add_argument("--greeting", default="hello", help="what to say")

    register(Verb("greet", "say hello", greet, "PROBLEM", add_flags))
    assert run(capsys, "greet", "case.py", "--greeting", "good day", "--factor", "3")[:2] == (
        7,
        "good day 2\n",
    )
    code, out, _ = run(capsys, "greet", "case.py", "--help")
    assert code == 0 and "what to say" in out and "--factor FLOAT" in out and "--samples-scale" in out


def test_two_verbs_of_a_name_are_one_too_many():
    with pytest.raises(ValueError, match="'solve' already"):
        register(Verb("solve", "again", greet))
