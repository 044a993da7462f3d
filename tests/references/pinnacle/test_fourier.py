"""PINNacle's nonlinear evolution problems by Fourier and sine series: against finer ones and packed values."""

import numpy as np
import pytest
import torch
from reference_values import at

from sirenpde import Box, PointCloud, bundled
from sirenpde.references.pinnacle import fourier, tables


def distance(found, known):
    return float(np.linalg.norm(found - known) / np.linalg.norm(known))


def packed(name):
    with np.load(bundled(f"pinnacle/{name}.npz")) as file:
        return dict(file)


def test_heat_with_a_reaction_agrees_with_its_table():
    """At t = 10, by fewer waves."""
    made = tables.heat2d_lt(fourier.heat_reaction(79, 0.05, 10.0, 2), end=10.0)
    known = packed("heat2d_lt")
    count = len(made["t"])
    assert np.array_equal(made["x"], known["x"][:count])
    assert np.array_equal(made["t"], known["t"][:count])
    assert distance(made["certified"], known["certified"][:count]) < 1e-3


def test_gray_scott_agrees_with_its_table():
    """At t = 20, by fewer waves and longer steps."""
    made = tables.on_period(fourier.gray_scott(128, 1.0, 20.0, 2), -1, 2, 20.0)
    known = packed("gs")
    count = len(made["t"])
    assert np.array_equal(made["y"], known["y"][:count])
    assert distance(made["certified"], known["certified"][:count]) < 1e-3


def test_burgers_agrees_with_its_table():
    """At the start, and at t = 0.1 with half the waves, when fronts are as thin as these resolve."""
    made = tables.on_period(fourier.burgers(128, 2e-3, 0.1, 2), 0, 1, 0.1)["certified"]
    known = packed("burgers2d_c")["certified"]
    first = tables.ACROSS**2
    assert distance(made[:first], known[:first]) < 1e-6
    assert distance(made[first:], known[first : 2 * first]) < 0.1


def test_the_start_has_the_suites_scale_and_shift():
    """2 is the largest value of the waves of both on the suite's grid."""
    box = Box(x=(0, 4), y=(0, 4))
    line = torch.linspace(0, 4, 512, dtype=torch.float64)[:128]  # a little more than a period
    waves = at(box, fourier.burgers_start(*box.axes), torch.cartesian_prod(line, line)).numpy()
    shift = np.array([0.65605405, 0.48938356])
    assert np.abs(waves[0] - [0.60934277, 1.39445645]).max() < 1e-8  # at the origin, from the suite's numbers
    assert abs((waves - shift).max() - 2) < 2e-3


@pytest.mark.slow
def test_heat_with_a_reaction_has_converged():
    coarse, fine = (fourier.heat_reaction(*each, 16.0, 2)[-1] for each in ((95, 0.04), (159, 0.025)))
    fine[:95, :95] -= coarse
    assert np.linalg.norm(fine) < 5e-4 * np.linalg.norm(coarse)


@pytest.mark.slow
def test_gray_scott_is_what_is_packed():
    made = tables.on_period(fourier.gray_scott(256, 0.5, 40.0, 3), -1, 2, 40.0)
    assert distance(made["certified"], packed("gs")["certified"][: len(made["t"])]) < 1e-6


def test_tables_lie_in_their_domains():
    box = Box(t=(0, 200), x=(-1, 1), y=(-1, 1))
    cloud = PointCloud.open(bundled("pinnacle/gs.npz"), box)
    assert cloud.data["certified"].shape == (11 * 32**2, 2)
