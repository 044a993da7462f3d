"""The record of a run: what was given comes back, and what was edited or damaged is told."""

import json
from dataclasses import replace

import pytest
from runs_given import GIVEN

from sirenpde.run import directory as runs
from sirenpde.run.directory import RunError


def test_what_was_given_comes_back(run):
    assert runs.open_run(run.path).read_given() == GIVEN
    stored = json.loads((run.path / "run.json").read_text())
    assert stored["seed"] == 3 and stored["device"] == "auto" and stored["versions"]["torch"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "sirenpde run 1"}'])
def test_a_damaged_record_is_told(run, text):
    (run.path / "run.json").write_text(text)
    with pytest.raises(RunError, match=r"run\.json is damaged"):
        run.read_given()


def test_an_edited_or_foreign_record_is_told(run):
    file = run.path / "run.json"
    value = json.loads(file.read_text())
    file.write_text(json.dumps({**value, "source": "problem = 2\n"}))
    with pytest.raises(RunError, match="does not have the hash"):
        run.read_given()
    file.write_text(json.dumps({**value, "format": "another 9"}))
    with pytest.raises(RunError, match="another 9"):
        run.read_given()


@pytest.mark.parametrize(
    "settings",
    [
        {"seed": "x"},
        {"seed": True},
        {"seed": 2**63},
        {"steps": 0},
        {"steps": 1.5},
        {"device": None},
        {"dtype": "float16"},
        {"network": "resnet"},
        {"network": ["mlp"]},
        {"budget": "60s"},
        {"budget": -1},
        {"tolerance": float("nan")},
        {"samples_scale": None},
        {"samples_scale": 0},
        {"colour": "red"},
    ],
)
def test_edited_settings_are_told(run, settings):
    file = run.path / "run.json"
    value = json.loads(file.read_text())
    file.write_text(json.dumps({**value, "settings": {**value["settings"], **settings}}))
    with pytest.raises(RunError, match=rf"run\.json is damaged.*{next(iter(settings))}"):
        run.read_given()


@pytest.mark.parametrize("key", ["problem", "folder", "flags", "settings", "source", "source_sha256"])
def test_a_record_without_an_entry_or_with_another_kind_is_told(run, key):
    file = run.path / "run.json"
    value = json.loads(file.read_text())
    file.write_text(json.dumps({name: entry for name, entry in value.items() if name != key}))
    with pytest.raises(RunError, match="damaged"):
        run.read_given()
    if key not in ("problem", "folder"):
        file.write_text(json.dumps({**value, key: 7}))
        with pytest.raises(RunError, match=r"damaged|edited"):
            run.read_given()


def test_a_path_of_bytes_that_are_no_text_comes_back(tmp_path):
    made = runs.create(tmp_path / "run", "case")
    given = replace(GIVEN, path="/nowhere/caf\udce9.py", flags={"name": "ψ\udcff"})
    made.write_given(given, ["sirenpde", "solve", "caf\udce9.py"])
    assert made.read_given() == given
    assert "ψ" in (made.path / "run.json").read_text(encoding="utf-8")


def test_what_is_no_run_is_told(tmp_path):
    with pytest.raises(RunError, match="not there"):
        runs.open_run(tmp_path / "absent")
    with pytest.raises(RunError, match=r"holds no run\.json"):
        runs.open_run(tmp_path)
