"""Wavenumbers by the decay of Chebyshev coefficients: of waves that do not fit the interval, of sums, of pulses."""

import math

import numpy as np
import pytest
import torch

from sirenpde.diagnosis.spectrum import chebyshev_coefficients, chebyshev_nodes, wavenumbers

x = chebyshev_nodes(513)


def fastest(values, share):
    whole = values.square().mean().sqrt()
    return float(wavenumbers(chebyshev_coefficients(values), share, whole))


def test_the_series_of_numpy_with_these_coefficients_is_the_function_elsewhere():
    coefficients = chebyshev_coefficients(torch.exp(torch.sin(3 * x))).numpy()
    s = np.linspace(-1, 1, 77)
    between = np.polynomial.chebyshev.chebval(s, coefficients)
    assert np.abs(between - np.exp(np.sin(3 * s))).max() < 1e-13


@pytest.mark.parametrize("share", [1e-2, 1e-8])
@pytest.mark.parametrize("k", [math.pi, 20.0, 150.3])
def test_a_wave_has_its_own_wavenumber_at_every_share(k, share):
    for phase in (0.3, 1.0):
        assert fastest(torch.sin(k * x + phase), share) == pytest.approx(k, abs=0.3)


def test_a_fast_part_counts_where_it_is_not_faint():
    assert fastest(torch.sin(3 * x) + 0.1 * torch.sin(80 * x), 1e-2) == pytest.approx(80, rel=0.1)
    assert fastest(torch.sin(3 * x) + 0.001 * torch.sin(80 * x), 1e-2) == pytest.approx(3, abs=0.5)
    assert fastest(torch.sin(3 * x) + 0.001 * torch.sin(80 * x), 1e-8) == pytest.approx(80, rel=0.15)


def test_a_pulse_is_as_fast_as_its_transform_is_wide():
    """The transform of exp(-a x²) falls as exp(-k²/4a), of its square's integral to a share s at erfc(k/√2a) = s²."""
    a = 400.0
    k = math.sqrt(2 * a) * 2.73  # erfc(2.73) = 1e-4 to a percent
    pulse = torch.exp(-a * x**2)
    assert fastest(pulse, 1e-2) == pytest.approx(k, rel=0.15)


def test_constants_do_not_vary():
    assert fastest(torch.ones_like(x), 1e-2) == 0
