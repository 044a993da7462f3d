"""The errors of values against exact ones, by their formulas."""

import math

import pytest
import torch

from sirenpde import Reference
from sirenpde.run.errors import measured

EXACT = torch.tensor([3.0, -4.0, 0.0, 12.0], dtype=torch.float64)  # of norm 13


def known(p):
    """What the values come from; here they are given."""
    return 0.0


def test_relative_and_largest_errors():
    errors = measured(EXACT + torch.tensor([0.0, 0.5, -1.2, 0.0]), EXACT, Reference(known))
    assert errors == pytest.approx({"relative_l2": 0.1, "max": 1.2})


def test_of_a_vanishing_solution_the_error_is_absolute():
    assert measured(EXACT, 0 * EXACT, Reference(known))["relative_l2"] == pytest.approx(13)


@pytest.mark.parametrize(("factor", "shift"), [(2.0, -1.0), (-0.1, 30.0)])
def test_up_to_an_affine_map_only_the_shape_counts(factor, shift):
    errors = measured(factor * EXACT + shift, EXACT, Reference(known, fit="affine"))
    assert errors["relative_l2"] < 1e-13 and errors["max"] < 1e-12


def test_the_signal_to_noise_ratio_is_that_of_the_peak():
    errors = measured(EXACT + 0.01, EXACT, Reference(known, peak=10.0))
    assert errors["psnr_db"] == pytest.approx(60)
    silence = torch.zeros(5, dtype=torch.float64)
    for values in (EXACT, silence):  # a perfect fit is within one rounding
        found = measured(values, values, Reference(known, peak=1.0))["psnr_db"]
        assert found == pytest.approx(-20 * math.log10(2.0**-52))
    nearly = measured(EXACT + 1e-14, EXACT, Reference(known, peak=1.0))["psnr_db"]
    assert nearly == pytest.approx(280, abs=1)


def test_of_no_points_there_is_no_error():
    assert all(math.isnan(e) for e in measured(EXACT[:0], EXACT[:0], Reference(known)).values())


def test_of_signs_the_error_is_the_intersection_over_the_union_of_the_inside():
    found, exact = torch.tensor([-3.0, -0.1, 2.0, -5.0, 0.7]), torch.tensor([-1.0, 1.0, 1.0, -1.0, -1.0])
    errors = measured(found, exact, Reference(known, fit="sign"))
    assert errors == pytest.approx({"relative_l2": math.sqrt(8 / 5), "max": 2.0, "iou": 2 / 4})
    assert measured(found.abs(), exact.abs(), Reference(known, fit="sign"))["iou"] == 1.0
