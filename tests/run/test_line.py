"""The line of progress, on a terminal and in a pipe."""

import io
import itertools
import re
import time
from types import SimpleNamespace

import numpy as np
import pytest

from sirenpde import Adam, Field, PixelGrid, Problem, Reference, Siren, on, solve
from sirenpde.run import line as progress_module
from sirenpde.run import progress as reports
from sirenpde.run.line import ProgressLine
from sirenpde.run.summary import duration


class Screen(io.StringIO):
    """A terminal eighty characters wide, or a pipe."""

    def __init__(self, live=True):
        super().__init__()
        self.isatty = lambda: live


def progress(step, **others):
    values = dict(stage="Adam", stage_index=0, stage_count=2, steps=100, loss=0.5, seconds=3.0, error=None)
    return SimpleNamespace(
        **{"step": step, "held_out": None, "unknowns": {}, "psnr": None, **values, **others}
    )


def test_the_line_of_progress_tells_stage_loss_and_time_left(monkeypatch):
    monkeypatch.setattr(progress_module, "_QUICKEST", 0.0)
    monkeypatch.setattr(ProgressLine, "_width", lambda self: 120)
    screen = Screen()
    line = ProgressLine(quiet=False, stream=screen)
    line.write("preparing")
    line(progress(1))
    line(progress(50, error=0.01, held_out=0.02, unknowns={"k": 0.25}, seconds=52.0))
    line.close()
    assert "preparing" in screen.getvalue()
    last = screen.getvalue().split("\r")[-3]  # then it is wiped away
    assert re.fullmatch(
        r"\[1/2\] Adam  0.\d s  step 50/100  50 s left  held out 2.0e-02  k 0.25  loss 5.00e-01  err.*", last
    )
    assert [duration(s) for s in (0.31, 12.3, 185, 3723)] == ["0.3 s", "12 s", "3:05", "1:02:03"]
    quiet = Screen()
    ProgressLine(quiet=True, stream=quiet).write("x")
    assert quiet.getvalue() == ""


def test_the_time_left_counts_the_budget(monkeypatch):
    monkeypatch.setattr(progress_module, "_QUICKEST", 0.0)
    screen = Screen()
    line = ProgressLine(quiet=False, budget=60.0, stream=screen)
    line(progress(1, seconds=1.0))
    assert "59 s left" in screen.getvalue()  # nothing is known of the pace yet
    line(progress(2, seconds=21.0))  # at 20 s a step, 98 steps are left
    assert "39 s left" in screen.getvalue() and ":" not in screen.getvalue()
    line(progress(95, seconds=22.0))
    assert "1.1 s left" in screen.getvalue()
    line.close()


def test_the_line_of_progress_fits_the_terminal(monkeypatch):
    monkeypatch.setattr(progress_module, "_QUICKEST", 0.0)
    for columns in (20, 47, 60):
        monkeypatch.setattr(ProgressLine, "_width", lambda self, n=columns: n)
        screen = Screen()
        line = ProgressLine(quiet=False, stream=screen)
        line(progress(50, stage="a stage with quite a long name", error=0.1))
        line.close()
        longest = max(map(len, screen.getvalue().split("\r")))
        assert "\n" not in screen.getvalue() and columns - 5 < longest < columns


def test_a_pipe_gets_a_line_at_every_event_and_every_ten_seconds(monkeypatch):
    monkeypatch.setattr(progress_module, "_LOGGED", 0.05)
    pipe = Screen(live=False)
    line = ProgressLine(quiet=False, stream=pipe)
    line.say("chosen because")
    assert pipe.getvalue() == ""  # a run that fails at once says why, and nothing else
    line(progress(1))
    waiting = time.monotonic() + 60
    while "step 1/100" not in pipe.getvalue() and time.monotonic() < waiting:
        time.sleep(0.01)
    line(progress(100))
    line(progress(1, stage="L-BFGS", stage_index=1))
    line.close()
    lines = pipe.getvalue().splitlines()
    events = [text for text in lines if "begins" in text or "ends" in text]
    assert lines[:2] == ["chosen because", "[1/2] Adam begins"] and lines[2].startswith("[1/2] Adam  0.")
    assert events[1].startswith("[1/2] Adam ends: step 100/100") and "loss 5.00e-01" in events[1]
    assert events[2] == "[2/2] L-BFGS begins" and events[3].startswith("[2/2] L-BFGS ends")
    assert "\r" not in pipe.getvalue()


def test_fits_of_pictures_tell_their_decibels(monkeypatch):
    """Measured on the way against references with a peak, and written before the loss."""
    instants = itertools.count(0, 100)
    monkeypatch.setattr(reports, "time", SimpleNamespace(monotonic=lambda: float(next(instants))))
    grid = PixelGrid({"f": np.random.default_rng(0).random((6, 6))})
    u = Field("u", grid, Siren(16, 1, omega=30))
    match = on(grid, name="u = f")(lambda p: u(p) - grid["f"](p))
    told = []
    known = {u: Reference(grid["f"], grid, peak=1)}
    solution = solve(Problem(match, reference=known), [Adam(steps=40, lr=1e-2)], progress=told.append)
    decibels = [each.psnr for each in told]
    assert (
        decibels[0] + 5 < decibels[-1] == pytest.approx(solution.errors["u"]["psnr_db"], abs=1)
    )  # of a step before
    monkeypatch.setattr(progress_module, "_QUICKEST", 0.0)
    screen = Screen()
    line = ProgressLine(quiet=False, stream=screen)
    line(progress(7, psnr=31.25, error=0.1))
    line.close()
    assert "PSNR 31.2 dB  loss 5.00e-01" in screen.getvalue()
