"""Films as functions, by waves and by networks."""

import pytest

from sirenpde import Adam, solve
from sirenpde.problem.load import build, find, load


def declared(name, **flags):
    return build(load(find(name)), flags)


def test_all_waves_meet_every_voxel_and_fewer_the_better_the_more():
    ratios = [
        solve(declared("video_regression", size=16, frames=8, share=share)).errors["u"]["psnr_db"]
        for share in (1 / 64, 1 / 8, 1.0)
    ]
    assert ratios[0] < ratios[1] - 2 < ratios[1] < 60 and ratios[2] > 250


@pytest.mark.parametrize("network", ["siren", "relu", "relu-pe"])
def test_the_networks_of_the_paper_begin_to_learn(network):
    problem = declared("papers/video_regression", size=16, frames=8, network_of=network, width=16)
    stages = [Adam(steps=steps, lr=3e-3) for steps in (1, 60)]
    begun, trained = (solve(problem, using=[stage], samples_scale=50.0) for stage in stages)
    assert trained.errors["u"]["psnr_db"] > begun.errors["u"]["psnr_db"] + 1
