"""The functions of Fourier and cosine series along an axis, and their orders."""

import math

import torch
from boxes import HIGH, LOW, seeded

from sirenpde.networks.series import FourierSeries


def test_fourier_series_functions() -> None:
    series = FourierSeries(order=2).build([1.0], [3.0], 1, (), seeded())
    x = torch.tensor([1.3, 2.9], dtype=torch.float64)
    a = math.pi * (x - 1)
    columns = [torch.ones_like(a), a.cos(), (2 * a).cos(), a.sin(), (2 * a).sin()]
    assert torch.allclose(series.factors(0, x, 0), torch.stack(columns, dim=1), rtol=1e-14, atol=1e-15)


def test_cosine_series_functions_and_zero_slope_at_the_sides() -> None:
    series = FourierSeries(order=5, half_period=True).build([1.0], [3.0], 1, (), seeded())
    x = torch.tensor([1.0, 1.4, 3.0], dtype=torch.float64)
    expected = torch.cos(math.pi * torch.arange(5).double() * (x[:, None] - 1) / 2)
    assert torch.allclose(series.factors(0, x, 0), expected, rtol=1e-14, atol=1e-14)
    assert series.factors(0, x, 1)[[0, 2]].abs().max() < 1e-14


def test_cosines_of_high_order_are_exact_on_a_grid() -> None:
    series = FourierSeries(order=512, half_period=True).build([-1.0], [1.0], 1, (), seeded())
    n = 512
    matrix = series.factors(0, (2 * torch.arange(n, dtype=torch.float64) + 1) / n - 1, 0)
    norms = torch.diag(torch.tensor([n, *[n / 2] * (n - 1)], dtype=torch.float64))
    assert (matrix.T @ matrix - norms).abs().max() < 1e-12


def test_a_periodic_axis_of_a_cosine_series_gets_full_waves() -> None:
    series = FourierSeries(order=7, half_period=True).build(LOW, HIGH, 1, (1,), seeded())
    assert series.modes == (7, 7)
    assert (series.basis(1).modes % 2 == 0).all()


def test_nyquist_orders() -> None:
    assert FourierSeries(half_period=True).at_nyquist((64, 33)).order == (64, 33)
    assert FourierSeries().at_nyquist((64, 33)).order == (31, 16)
    n = 33
    series = FourierSeries().at_nyquist((n,)).build([0.0], [1.0], 1, (), seeded())
    assert torch.linalg.matrix_rank(series.factors(0, torch.arange(n, dtype=torch.float64) / n, 0)) == n
