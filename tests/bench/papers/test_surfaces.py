"""A room by activation."""

import pytest
import torch

from sirenpde.bench.papers.experiment import Form
from sirenpde.bench.papers.surfaces import EXPERIMENTS, FIGURES


@pytest.mark.slow
def test_the_distance_on_a_grid_is_nearer_to_the_room_than_a_short_training():
    found = EXPERIMENTS[0].measure(Form(True, torch.device("cpu"), 0))
    assert found.best is not None and found.best < 0.1 and found.best < found.value
    assert len(FIGURES["surfaces"]([{"name": EXPERIMENTS[0].name, "curves": found.curves}]).axes) >= 3
