"""Run directories: whole files, nothing overwritten, damage told."""

import csv
import errno
import json
import os
import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from sirenpde.files import sealed
from sirenpde.files.sealed import CheckpointError
from sirenpde.files.whole import whole
from sirenpde.run import directory as runs
from sirenpde.run.directory import Given, RunError, Settings

GIVEN = Given(
    "case", "/nowhere/case.py", "problem = 1\n", "/nowhere", {"k": 2.0}, Settings(seed=3, budget=60.0)
)


@pytest.fixture
def run(tmp_path):
    made = runs.create(tmp_path / "run", "case")
    made.write_given(GIVEN, ["sirenpde", "solve"])
    return made


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    target = tmp_path / "report.json"
    target.write_text("before")
    with pytest.raises(RuntimeError), whole(target) as beside:
        beside.write_text("half of")
        raise RuntimeError
    assert target.read_text() == "before"
    assert [file.name for file in tmp_path.iterdir()] == ["report.json"]


def full(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("place", ["os.fsync", "os.replace", "tempfile.mkstemp"])
def test_a_full_disk_is_told_with_the_file_that_was_to_be_written(tmp_path, monkeypatch, place):
    target = tmp_path / "report.json"
    target.write_text("before")
    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space left") as found:
        patch.setattr(f"sirenpde.files.whole.{place}", full)
        with whole(target) as beside:
            beside.write_text("after")
    assert found.value.filename == str(target) and target.read_text() == "before"
    assert [file.name for file in tmp_path.iterdir()] == ["report.json"]


def test_runs_are_numbered(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = [str(runs.create(None, "wave").path) for _ in range(3)]
    assert names == ["runs/wave-1", "runs/wave-2", "runs/wave-3"]
    (tmp_path / "runs" / "wave-7").mkdir()
    (tmp_path / "runs" / "wave-old").mkdir()
    assert str(runs.create(None, "wave").path) == "runs/wave-8"
    assert str(runs.create(None, "heat").path) == "runs/heat-1"


def test_a_directory_in_use_is_refused_and_left_alone(tmp_path, run):
    before = (run.path / "run.json").read_bytes()
    with pytest.raises(RunError, match=r"already holds a run.*resume"):
        runs.create(run.path, "case")
    assert (run.path / "run.json").read_bytes() == before
    other = tmp_path / "photos"
    other.mkdir()
    (other / "a.png").write_text("x")
    with pytest.raises(RunError, match="not empty"):
        runs.create(other, "case")
    with pytest.raises(RunError, match="is a file"):
        runs.create(other / "a.png", "case")
    with pytest.raises(RunError, match="cannot be made"):
        runs.create(other / "a.png" / "below", "case")
    assert [file.name for file in other.iterdir()] == ["a.png"]


@pytest.mark.parametrize("out", ["here", "a/b/c", None])
def test_of_many_that_want_a_directory_at_once_each_has_its_own(tmp_path, monkeypatch, out):
    monkeypatch.chdir(tmp_path)
    for _ in range(20):
        gate, won, refused = threading.Barrier(4), [], []

        def take(gate=gate, won=won, refused=refused):
            gate.wait()
            try:
                won.append(runs.create(out, "wave"))
            except RunError as error:
                refused.append(str(error))

        threads = [threading.Thread(target=take) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({made.path for made in won}) == len(won) == (1 if out else 4)
        assert len(refused) == 4 - len(won) and all("nothing was changed" in text for text in refused)
        for made in won:
            made.discard()
    # Who claims a directory need not be who made it, so that an empty one may stay.
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_discarding_takes_away_what_was_made_and_nothing_else(tmp_path):
    made = runs.create(tmp_path / "a" / "b", "case")
    made.discard()
    assert not list(tmp_path.iterdir())
    (tmp_path / "a").mkdir()
    made = runs.create(tmp_path / "a" / "b", "case")
    (made.path / "photo.png").write_text("x")
    made.discard()
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["photo.png"]
    made = runs.create(tmp_path / "a" / "c", "case")
    made.discard()
    assert (tmp_path / "a").is_dir() and not (tmp_path / "a" / "c").exists()


def test_a_run_belongs_to_one_process_at_a_time(run):
    again = runs.open_run(run.path)
    with run.held(), pytest.raises(RunError, match="Another process is at work"), again.held():
        pass
    with again.held():
        pass


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


STATE = {"theta": torch.arange(1000, dtype=torch.float64), "step": 5}


def test_a_checkpoint_comes_back_to_the_bit(run):
    run.write_checkpoint(STATE, GIVEN)
    state = run.read_checkpoint(GIVEN)
    assert torch.equal(state["theta"], STATE["theta"]) and state["step"] == 5
    assert torch.load(run.checkpoint, weights_only=True)["state"]["step"] == 5


def test_a_missing_checkpoint_is_told(run):
    with pytest.raises(RunError, match=r"has no checkpoint\.pt"):
        run.read_checkpoint(GIVEN)


def test_one_wrong_byte_anywhere_is_told(run):
    run.write_checkpoint({"theta": torch.arange(4.0), "step": 5}, GIVEN)
    content = run.checkpoint.read_bytes()
    for place in range(0, len(content), 3):
        run.checkpoint.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(CheckpointError, match="damaged"):
            run.read_checkpoint(GIVEN)
    run.checkpoint.write_bytes(content)
    assert run.read_checkpoint(GIVEN)["step"] == 5


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04", b"x" * 10_000])
def test_what_is_no_checkpoint_is_told(run, content):
    run.checkpoint.write_bytes(content)
    with pytest.raises(CheckpointError, match="damaged or no checkpoint"):
        run.read_checkpoint(GIVEN)
    assert run.checkpoint.read_bytes() == content


def test_a_foreign_checkpoint_is_told(run):
    torch.save({"model": torch.ones(2)}, run.checkpoint)
    with pytest.raises(CheckpointError, match="written by another program"):
        run.read_checkpoint(GIVEN)
    for value in ({"model": torch.ones(2)}, [1, 2], torch.ones(3), None):
        sealed.write(run.checkpoint, value)
        with pytest.raises(RunError, match="written by another program"):
            run.read_checkpoint(GIVEN)
    run.write_checkpoint(STATE, Given("case", "", "problem = 2\n", "", {}, Settings()))
    with pytest.raises(RunError, match="belongs to another problem or other flags"):
        run.read_checkpoint(GIVEN)


def test_pickled_code_is_not_executed(run):
    class Evil:
        def __reduce__(self):
            return (run.path.rmdir, ())

    sealed.write(run.checkpoint, {"belongs_to": Evil(), "state": {}})
    with pytest.raises(CheckpointError, match=r"damaged or no checkpoint \(Weights only load failed"):
        run.read_checkpoint(GIVEN)


def test_history_has_a_line_per_step(run):
    rows = [
        SimpleNamespace(stage="Adam", step=i, seconds=0.5 * i, loss=0.1 / i, terms={"pde": 0.1 / i})
        for i in (1, 2)
    ]
    rows.append(
        SimpleNamespace(stage="L-BFGS", step=1, seconds=2.0, loss=1e-300, terms={"pde": 1e-300, "edge": 0.0})
    )
    run.write_history(rows)
    with (run.path / "history.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [line["stage"] for line in lines] == ["Adam", "Adam", "L-BFGS"]
    assert float(lines[1]["pde"]) == 0.05 and lines[0]["edge"] == "" and float(lines[2]["loss"]) == 1e-300


def test_json_has_no_numbers_that_are_not_finite(run):
    run.write_json("report.json", {"a": float("nan"), "b": (1, float("inf")), "c": {"d": torch.tensor(2.0)}})
    assert json.loads((run.path / "report.json").read_text()) == {"a": None, "b": [1, None], "c": {"d": 2.0}}


def test_memory_is_measured():
    assert 20 < runs.peak_memory_mb("cpu") < 100_000
