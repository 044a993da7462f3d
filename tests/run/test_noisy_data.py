"""Numbers that are found from noisy data, and searches that end where the noise begins."""

import math

import numpy as np
import pytest

from sirenpde import (
    Box,
    D,
    Field,
    LeastSquares,
    PointCloud,
    Problem,
    SineFeatures,
    Unknown,
    on,
    solve,
)


def noisy_diffusion(network=None):
    """u_t = κ u_xx from 200 noisy values: κ = 0.1."""
    spacetime = Box(t=(0, 1), x=(0, 1))
    t, x = spacetime.axes
    u, kappa = Field("u", spacetime, network), Unknown("kappa", initial=1.0, low=0.0)
    rng = np.random.default_rng(0)
    places = rng.uniform(0, 1, (200, 2))
    true = sum(
        a * np.exp(-0.1 * (n * math.pi) ** 2 * places[:, 0]) * np.sin(n * math.pi * places[:, 1])
        for n, a in ((1, 1.0), (2, 0.5))
    )
    data = PointCloud(places, spacetime, {"u": true + 0.01 * rng.standard_normal(200)})
    return Problem(
        on(spacetime, 2000, name="diffusion")(lambda p: D(u, t)(p) - kappa(p) * D(u, x, x)(p)),
        on(spacetime.boundary("x"), 400, weight=100, name="ends")(lambda p: u(p)),
        on(data, weight=10, name="measured")(lambda p: u(p) - data["u"](p)),
    )


def noisy_oscillator(network=None):
    """w'' + 2 d w' + k w = 0 from 60 noisy values: d = 0.3, k = 9."""
    line = Box(s=(0, 4))
    (s,) = line.axes
    w, d, k = Field("w", line, network), Unknown("d", 0.0), Unknown("k", initial=4.0, low=0.0)
    rng = np.random.default_rng(1)
    places = rng.uniform(0, 4, (60, 1))
    true = np.exp(-0.3 * places[:, 0]) * np.cos(math.sqrt(9 - 0.09) * places[:, 0])
    data = PointCloud(places, line, {"w": true + 0.02 * rng.standard_normal(60)})
    ode = lambda p: D(w, s, s)(p) + 2 * d(p) * D(w, s)(p) + k(p) * w(p)
    measured = on(data, weight=100, name="measured")(lambda p: w(p) - data["w"](p))
    return Problem(on(line, 300, name="ode")(ode), measured)


def test_numbers_are_found_from_noisy_data():
    found = solve(noisy_diffusion(SineFeatures(200, 5.0)), using=[LeastSquares()])
    assert found.unknowns["kappa"] == pytest.approx(0.1, rel=0.02)
    found = solve(noisy_oscillator(SineFeatures(60, 10.0)), using=[LeastSquares()])
    assert found.unknowns["k"] == pytest.approx(9.0, rel=0.02)
    assert found.unknowns["d"] == pytest.approx(0.3, rel=0.1)


@pytest.mark.slow
def test_a_search_that_stalls_at_noise_is_left():
    solution = solve(noisy_diffusion())
    assert solution.unknowns["kappa"] == pytest.approx(0.1, rel=0.02)
    assert [stage.name for stage in solution.stages] == ["least squares", "Gauss-Newton"]
    assert solution.stages[0].steps < 40
