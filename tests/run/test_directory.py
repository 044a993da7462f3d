"""Run directories: whole files, nothing overwritten, damage told."""

import csv
import errno
import json
import os
import threading
from types import SimpleNamespace

import pytest
import torch

from sirenpde.files.whole import whole
from sirenpde.run import directory as runs
from sirenpde.run.directory import RunError


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
