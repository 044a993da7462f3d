"""What several tests of runs share: a ladder and a clock of their own, and a directory of a run."""

import importlib
from dataclasses import dataclass

import pytest
from runs_given import GIVEN

from sirenpde.run import directory as runs
from sirenpde.solvers.ladder import Choice


@pytest.fixture
def rungs(monkeypatch):
    """Makes ``solve`` take these rungs."""

    def choose(*order):
        module = importlib.import_module("sirenpde.run.solve")  # the name in the package is the function's
        monkeypatch.setattr(module, "choose", lambda *_: Choice(order, "by the test"))

    return choose


@dataclass
class Time:
    """A clock that moves when it is told to."""

    now: float = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Time()
    monkeypatch.setattr("time.monotonic", clock)
    return clock


@pytest.fixture
def run(tmp_path):
    made = runs.create(tmp_path / "run", "case")
    made.write_given(GIVEN, ["sirenpde", "solve"])
    return made
