"""What several tests of runs take the place of: the ladder's choice, and the clock."""

import importlib
from dataclasses import dataclass

import pytest

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
