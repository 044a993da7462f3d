"""Means over several sets of data, of a network and of what solves them directly."""

from types import SimpleNamespace

import torch

from sirenpde.bench.papers import linear
from sirenpde.bench.papers.experiment import Form


def test_decibels_are_means_over_the_sets_and_the_better_direct_way_is_named(monkeypatch):
    def found(decibels):
        return SimpleNamespace(errors={"u": {"psnr_db": decibels}})

    direct = {("variation", 1): 40.0, ("variation", 2): 20.0, ("smooth", 1): 26.0, ("smooth", 2): 27.0}
    monkeypatch.setattr(
        linear, "trained", lambda form, name, steps, mapping, seed: found(20.0 + steps + seed)
    )
    monkeypatch.setattr(
        linear, "solved", lambda form, name, seed, prior="variation": found(direct[prior, seed])
    )
    outcome = linear.beside_direct(
        Form(True, torch.device("cpu"), 0),
        "scan",
        5,
        [{"seed": 1}, {"seed": 2}],
        {"mapping": "basic"},
        "two heads",
        lambda solution: solution.errors["u"]["psnr_db"],
    )
    assert outcome.value == 26.5 and outcome.best == 30.0
    assert outcome.best_by == "linear: least variation"
    assert "smooth, by cross-validation 26.5 dB" in outcome.note and "26.0, 27.0 dB" in outcome.note
    assert outcome.curves == {"pictures": {"basic": 26.0, "least variation": 40.0, "smooth": 26.0}}
