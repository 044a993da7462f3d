"""Tikhonov regularisation: what the data determine it finds, and noise costs it what is said."""

import numpy as np

from sirenpde.bench.classical.tikhonov import source_from, start_from

MIDDLES = (np.arange(8) + 0.5) / 8


def wave(x, y):
    return np.sin(np.pi * x) * np.sin(2 * np.pi * y)


def test_a_slow_source_is_found_to_the_order_of_the_differences():
    """u = f / (5 π²), so that all there is left is what differences of second order and sixty-four data leave."""
    seen = wave(MIDDLES[:, None], MIDDLES) / (5 * np.pi**2)
    coarse, fine = (source_from(seen, wave, 8, refined) for refined in (2, 4))
    assert fine.error < 0.3 * coarse.error < 0.01
    nodes = np.arange(1, 32) / 32
    assert np.abs(fine.values - wave(nodes[:, None], nodes)).max() < 0.01


def test_a_start_is_found_as_far_as_noise_hides_no_wave():
    """sin πx has lost a factor exp(-π² t); sin 4πx, a factor exp(-16 π² t), is less than the noise."""
    until, noise = 0.05, 1e-3 * np.random.default_rng(0).standard_normal(8)

    def slow(x):
        return np.sin(np.pi * x)

    def fast(x):
        return slow(x) + np.sin(4 * np.pi * x)

    seen = np.exp(-(np.pi**2) * until) * slow(MIDDLES)
    hidden = np.exp(-16 * np.pi**2 * until) * np.sin(4 * np.pi * MIDDLES)
    assert start_from(seen + noise, slow, 8, until).error < 0.01
    assert 0.5 < start_from(seen + hidden + noise, fast, 8, until).error < 0.8
    assert start_from(seen + hidden, fast, 8, until, refined=8).error < 0.03
