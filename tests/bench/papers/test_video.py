"""Films by networks and by waves."""

import pytest
import torch

from sirenpde.bench.papers.experiment import Form
from sirenpde.bench.papers.video import EXPERIMENTS, FIGURES


@pytest.mark.slow
def test_a_siren_follows_a_film_better_than_relu_and_the_frames_are_drawn():
    form = Form(True, torch.device("cpu"), 0)
    siren, relu = (experiment.measure(form) for experiment in EXPERIMENTS[:2])
    assert siren.value > relu.value + 5
    rows = [{"name": "video/siren", "curves": siren.curves}, {"name": "video/relu", "curves": relu.curves}]
    assert len(FIGURES["video"](rows).axes) >= 4
