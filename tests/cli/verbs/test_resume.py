"""``resume``: with more time, to a smaller tolerance, from what is there."""

import json

import pytest
import torch
from problem_files import CASE, run


def test_a_run_goes_on_with_more_time_and_to_a_smaller_tolerance(case, capsys):
    text = CASE.replace("using=[Adam(steps=60, lr=1e-3)]", "using=[GaussNewton(steps=500)]")
    (case / "case.py").write_text(text.replace("import Adam,", "import Adam, GaussNewton,"))
    words = ("solve", "case.py", "--trained", "--width", "16", "--out", "r", "--json")
    first = json.loads(run(capsys, *words, "--budget", "1e-6s")[1])
    assert first["status"] == "budget" and first["stages"][0]["steps"] <= 2
    second = json.loads(run(capsys, "resume", "r", "--budget", "1e-6s", "--json")[1])
    assert second["status"] == "budget" and second["stages"][0]["steps"] > first["stages"][0]["steps"]
    third = json.loads(run(capsys, "resume", "r", "--tolerance", "1e-3", "--json")[1])
    assert third["status"] == "solved" and third["relative_residual"] <= 1e-3
    fourth = json.loads(run(capsys, "resume", "r", "--tolerance", "1e-5", "--json")[1])
    assert fourth["status"] == "solved" and fourth["relative_residual"] <= 1e-5
    again = json.loads(run(capsys, "resume", "r", "--tolerance", "1e-4", "--json")[1])
    assert again["status"] == "solved" and again["relative_residual"] == fourth["relative_residual"]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-100]), "damaged"),
        (lambda path: path.write_bytes(b"not this"), "damaged or no checkpoint"),
        (lambda path: path.unlink(), r"has no checkpoint.pt"),
        (lambda path: torch.save({"a": 1}, path), "another program"),
    ],
)
def test_a_bad_checkpoint_is_told_and_nothing_lost(case, capsys, damage, said):
    assert run(capsys, "solve", "case.py", "--out", "r")[0] == 0
    damage(case / "r" / "checkpoint.pt")
    before = {path: path.read_bytes() for path in (case / "r").rglob("*") if path.is_file()}
    for command in ("resume", "export", "plot"):
        code, _, err = run(capsys, command, "r")
        assert code == 1 and said in err and err.count("\n") == 1
    assert before == {path: path.read_bytes() for path in (case / "r").rglob("*") if path.is_file()}


def test_two_at_work_on_one_run_are_one_too_many(case, capsys):
    from sirenpde.run.directory import open_run

    assert run(capsys, "solve", "case.py", "--out", "r")[0] == 0
    with open_run("r").held():
        code, _, err = run(capsys, "resume", "r")
    assert code == 1 and "Another process is at work in r" in err
    assert run(capsys, "resume", "r")[0] == 0


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"factor": "x"}, "'x' is not a number"),
        ({"facter": 2.0}, "facter"),
        ({"width": 12}, "belongs to another"),
    ],
)
def test_edited_flags_of_a_run_are_told(case, capsys, flags, said):
    assert run(capsys, "solve", "case.py", "--out", "r")[0] == 0
    file = case / "r" / "run.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "flags": flags}))
    for command in ("resume", "export", "plot"):
        code, _, err = run(capsys, command, "r")
        assert code == 1 and said in err and err.count("\n") == 1
