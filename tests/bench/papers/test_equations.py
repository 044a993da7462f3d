"""The equations of SIREN by the paper's training and by the toolkit's own solvers."""

import pytest
import torch

from sirenpde.bench.papers import equations
from sirenpde.bench.papers.experiment import Form

BY_NAME = {e.name.removeprefix("equations/"): e for e in equations.EXPERIMENTS}


def test_the_figure_is_of_rows_that_have_pictures():
    found = {"name": "equations/wave", "curves": {}}
    picture = [[0, 255], [128, 64]]
    drawn = {
        "name": "equations/poisson/laplacian",
        "curves": {"pictures": {"SIREN": picture, "series": picture}},
    }
    assert equations.FIGURES["poisson_reconstruction"]([found]) is None
    assert len(equations.FIGURES["poisson_reconstruction"]([found, drawn]).axes) == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "best"), [("wave", 1e-12), ("helmholtz", 1e-7), ("editing", 40), ("distance", 0.1)]
)
def test_the_toolkit_has_a_better_solution_than_a_short_training(name, best, monkeypatch):
    stage = equations._Training.stage
    short = lambda training, form: stage(equations._Training(20, training.rate, 0.1), form)
    monkeypatch.setattr(equations._Training, "stage", short)
    experiment = BY_NAME[name]
    found = experiment.measure(Form(True, torch.device("cpu"), 0))
    better = (lambda a, b: a > b) if experiment.better == "higher" else (lambda a, b: a < b)
    assert better(found.best, best) and better(found.best, found.value)
