"""A view of the scene by every mapping."""

import numpy as np
import pytest
import torch

from sirenpde.bench.papers import radiance
from sirenpde.bench.papers.experiment import Form

SMALL = {"size": 8, "pictures": 4, "width": 12, "nodes": 6, "rays": 8, "sigma": 1.0, "octaves": 2.0}


def test_the_figure_has_every_mapping_in_the_order_of_the_paper_and_the_box_once():
    view = np.zeros((4, 4, 3), dtype=int).tolist()
    rows = [
        {"curves": {"pictures": {name: view, "in the box": view}}} for name in ("gaussian", "none", "basic")
    ]
    titles = [ax.get_title() for ax in radiance.FIGURES["radiance"](rows).axes]
    assert titles == ["none", "basic", "gaussian", "in the box"]


def test_a_view_is_the_first_frame_of_the_solutions_film_from_behind():
    form = Form(True, torch.device("cpu"), 0)
    found = radiance._trained(form, "papers/radiance_field", 30, mapping="basic", **SMALL)
    film = found.problem.outputs[-1]
    frames = found[film](film.domain.voxels.points).reshape(36, 8, 8, 3)
    shown = np.array(radiance._view(found))
    assert shown.shape == (radiance.SHOWN, radiance.SHOWN, 3) and shown.std() > 0
    coarse = shown.reshape(8, 6, 8, 6, 3).mean((1, 3)) / 255
    half_turn = (frames[17] + frames[18]).transpose(0, 1) / 2  # they are half a frame beside it
    assert coarse == pytest.approx(half_turn.numpy(), abs=5e-3)  # 0.04 beside another way up
