"""The inside of a shape by mapping."""

import pytest
import torch

from sirenpde.bench.papers.experiment import Form
from sirenpde.bench.papers.occupancy import EXPERIMENTS, FIGURES


@pytest.mark.slow
def test_random_waves_know_the_surface_better_than_coordinates_and_a_grid_better_than_both():
    form = Form(True, torch.device("cpu"), 0)
    by_name = {experiment.name: experiment for experiment in EXPERIMENTS}
    none, gaussian = (by_name[f"occupancy/{mapping}"].measure(form) for mapping in ("none", "gaussian"))
    assert none.value < gaussian.value - 0.03
    assert gaussian.best is not None and gaussian.best > 0.973
    rows = [{"name": "occupancy/gaussian", "curves": gaussian.curves}]
    assert len(FIGURES["occupancy"](rows).axes) >= 2
