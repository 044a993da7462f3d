"""Errors of measurement, and problems that take them."""

import math

import pytest
import torch

from sirenpde.bench.papers.experiment import declared
from sirenpde.references.noise import with_noise


def drawn(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_errors_have_the_deviation_and_come_from_the_seed():
    exact = torch.linspace(0, 1, 4000, dtype=torch.float64)
    errors = with_noise(exact, 0.1, drawn(3), unit=2.0) - exact
    assert float(errors.std()) == pytest.approx(0.2, rel=0.05) and abs(float(errors.mean())) < 0.02
    assert torch.equal(with_noise(exact, 0.1, drawn(3)), with_noise(exact, 0.1, drawn(3)))
    assert not torch.equal(with_noise(exact, 0.1, drawn(3)), with_noise(exact, 0.1, drawn(4)))
    assert torch.equal(with_noise(exact, 0.0, drawn(3)), exact)


@pytest.mark.parametrize("name", ["tomography", "conductivity", "pinnacle/pinv", "pinnacle/hinv"])
@pytest.mark.parametrize("noise", [-1.0, math.nan, math.inf])
def test_noise_below_zero_or_not_finite_is_refused_where_a_problem_takes_it(name, noise):
    with pytest.raises(
        ValueError, match=rf"noise={noise:g} was given, the standard deviation .* expected 0 or"
    ):
        declared(name, noise=noise)
