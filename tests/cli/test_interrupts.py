"""Ctrl-C at any moment: a whole checkpoint or nothing."""

import json
import os
import signal
import threading

import pytest
import torch
from problem_files import CASE, run

from sirenpde.cli.main import main


def interrupt_at(monkeypatch, step, *signals):
    """As if Ctrl-C had been pressed during this step, or these signals had come."""
    from sirenpde.cli.solving import _Watcher

    plain = _Watcher.__call__

    def call(self, progress):
        if progress.step == step:
            for number in signals or [signal.SIGINT]:
                os.kill(os.getpid(), number)
        plain(self, progress)

    monkeypatch.setattr(_Watcher, "__call__", call)


def test_an_interrupted_run_goes_on_to_the_same_bits(case, capsys, monkeypatch):
    assert run(capsys, "solve", "case.py", "--trained", "--out", "whole")[0] == 0
    with monkeypatch.context() as patch:
        interrupt_at(patch, 23)
        code, _, err = run(capsys, "solve", "case.py", "--trained", "--out", "parts")
    assert code == 130 and "sirenpde resume parts" in err
    assert json.loads((case / "parts" / "report.json").read_text())["status"] == "interrupted"
    (case / "case.py").unlink()  # the run keeps its own copy
    code, out, _ = run(capsys, "resume", "parts", "--json")
    assert code == 0 and json.loads(out)["status"] == "rough"
    states = [
        torch.load(case / name / "checkpoint.pt", weights_only=True)["state"] for name in ("whole", "parts")
    ]
    assert torch.equal(states[0]["theta"], states[1]["theta"])
    lines = [(case / name / "history.csv").read_text().splitlines() for name in ("whole", "parts")]
    assert len(lines[0]) == len(lines[1]) == 61
    assert [line.split(",")[3] for line in lines[0]] == [line.split(",")[3] for line in lines[1]]


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_key_that_bounces_leaves_an_exact_checkpoint(case, capsys, monkeypatch, second):
    with monkeypatch.context() as patch:
        interrupt_at(patch, 7, signal.SIGINT, second)
        code, _, err = run(capsys, "solve", "case.py", "--trained", "--out", "r")
    assert code == 130 and "sirenpde resume r" in err
    assert "stopping after this step" in err
    state = torch.load(case / "r" / "checkpoint.pt", weights_only=True)["state"]
    assert state["step"] == 7 and len(state["history"]) == 7
    assert json.loads(run(capsys, "resume", "r", "--json")[1])["stages"][0]["steps"] == 60


def test_a_second_wish_ends_a_step_at_once_and_keeps_the_checkpoint_before(case, capsys, monkeypatch):
    from sirenpde.cli import interrupts, solving
    from sirenpde.solvers.adam import Adam

    monkeypatch.setattr(interrupts, "_ONE_PRESS", 0.0)
    monkeypatch.setattr(solving, "_FIRST_CHECKPOINT", 0.0)
    monkeypatch.setattr(solving, "_CHECKPOINT_EVERY", 0.0)
    plain, after = Adam.advance, []

    def advance(self, state):
        if state.step == 9:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            after.append("never")
        return plain(self, state)

    with monkeypatch.context() as patch:
        patch.setattr(Adam, "advance", advance)
        code, _, err = run(capsys, "solve", "case.py", "--trained", "--out", "r")
    assert code == 130 and not after and "sirenpde resume r" in err
    assert torch.load(case / "r" / "checkpoint.pt", weights_only=True)["state"]["step"] == 9
    assert run(capsys, "resume", "r")[0] == 0


def test_an_interruption_while_a_checkpoint_is_written_waits_for_it(tmp_path):
    from sirenpde.cli.interrupts import interrupts

    done = []
    with interrupts() as keys, pytest.raises(KeyboardInterrupt), keys.undisturbed():
        os.kill(os.getpid(), signal.SIGINT)
        done.append("written")
    assert done == ["written"]


PRESS = "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(1)"


@pytest.mark.parametrize(
    "text",
    [
        f"{PRESS}\n{CASE}",
        f"try:\n    {PRESS}\nexcept KeyboardInterrupt:\n    pass\n{CASE}",
        f"try:\n    {PRESS}\nexcept BaseException:\n    raise ImportError('cut off')\n{CASE}",
        CASE.replace("    box = Box", f"    {PRESS}\n    box = Box"),
    ],
    ids=["at import", "swallowed", "turned into another", "in problem()"],
)
def test_an_interruption_before_anything_is_computed_leaves_nothing(case, capsys, text):
    (case / "case.py").write_text(text)
    code, out, err = run(capsys, "solve", "case.py", "--out", "a/b")
    assert code == 130 and out == "" and err == "sirenpde: interrupted\n"
    assert not (case / "a").exists()


def test_a_killed_run_has_a_checkpoint(case, capsys, monkeypatch):
    from sirenpde.cli import solving

    monkeypatch.setattr(solving, "_FIRST_CHECKPOINT", 0.0)
    monkeypatch.setattr(solving, "_CHECKPOINT_EVERY", 0.0)

    def die(self, progress):
        solving.runs.RunDirectory.write_checkpoint(self.run, progress.snapshot(), self.session.given)
        if progress.step == 10:
            raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(solving._Watcher, "__call__", die)
        code, _, err = run(capsys, "solve", "case.py", "--trained", "--out", "killed")
    assert code == 1 and "Out of memory" in err
    code, out, _ = run(capsys, "resume", "killed", "--json")
    assert code == 0 and json.loads(out)["stages"][0]["steps"] == 60


def test_signals_are_left_alone_outside_the_main_thread(case, capsys):
    codes = []
    thread = threading.Thread(target=lambda: codes.append(main(["solve", "case.py", "--out", "r"])))
    thread.start()
    thread.join()
    assert codes == [0]
