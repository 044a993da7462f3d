"""Regularisation that the data choose: against brute force, the noise level that is best, and Krylov spaces."""

import numpy as np
import pytest
import torch

from sirenpde.linear.map import DenseMap
from sirenpde.linear.regularised import TRIED, bidiagonalise, krylov_spectrum, spectrum


def blurred(noise, seed=0, rows=120, columns=80):
    """A smooth function seen through a wide kernel, with errors: the matrix, the data, and what was blurred."""
    s, t = (torch.linspace(0, 1, n, dtype=torch.float64) for n in (rows, columns))
    matrix = torch.exp(-((s[:, None] - t) ** 2) / 0.005) / columns
    exact = torch.sin(6 * t) + t**2
    random = torch.Generator().manual_seed(seed)
    errors = torch.randn(rows, dtype=torch.float64, generator=random)
    return matrix, matrix @ exact + noise * errors, exact


def test_the_weight_of_gcv_is_that_of_brute_force():
    matrix, data, _ = blurred(1e-3)
    found = spectrum(matrix, data)
    weights = float(found.values.max()) ** 2 * np.logspace(-14, 2, TRIED)

    def score(weight):
        inner = torch.linalg.inv(matrix.T @ matrix + weight * torch.eye(80, dtype=torch.float64))
        influence = matrix @ inner @ matrix.T
        left = data - influence @ data
        return 120 * float(left @ left) / (120 - float(influence.trace())) ** 2

    with_larger = weights[weights > 1e-10 * weights.max() / 1e2]  # where the normal equations have digits
    best = min(with_larger, key=score)
    assert found.chosen("gcv") == pytest.approx(best, rel=0.3)
    direct = torch.linalg.solve(
        matrix.T @ matrix + best * torch.eye(80, dtype=torch.float64), matrix.T @ data
    )
    assert torch.allclose(found.solution(best), direct, atol=1e-6)
    assert found.gcv(best) == pytest.approx(score(best), rel=1e-6)
    assert found.misfit(best) == pytest.approx(float((data - matrix @ direct).square().sum()), rel=1e-6)
    influence = matrix @ torch.linalg.solve(
        matrix.T @ matrix + best * torch.eye(80, dtype=torch.float64), matrix.T
    )
    assert found.squares(best) == pytest.approx(float((influence @ influence).trace()), rel=1e-6)
    assert found.size(best) == pytest.approx(float(direct.square().sum()), rel=1e-6)


@pytest.mark.parametrize("noise", [1e-4, 1e-2, 1e-1])
def test_the_robust_form_is_near_the_best_weight_for_every_draw(noise):
    """Where plain cross-validation, its case of a robustness of 1, has errors of five to 350 times the least."""
    plain, robust = [], []
    for seed in range(20):
        matrix, data, exact = blurred(noise, seed)
        found = spectrum(matrix, data)
        weights = float(found.values.max()) ** 2 * np.logspace(-14, 2, TRIED)
        least = min(float((found.solution(weight) - exact).norm()) for weight in weights)
        plain.append(float((found.solution(found.chosen("gcv")) - exact).norm()) / least)
        robust.append(float((found.solution(found.chosen()) - exact).norm()) / least)
    assert max(robust) < 2 and np.median(robust) < 1.3
    assert max(plain) > 10


@pytest.mark.parametrize("rule", ["gcv", "l-curve"])
@pytest.mark.parametrize("noise", [1e-4, 1e-2])
def test_it_is_near_the_best_weight_for_the_noise(rule, noise):
    """Knowing what was blurred one would do little better, in the median over draws of the noise."""
    ratios = []
    for seed in range(9):
        matrix, data, exact = blurred(noise, seed)
        found = spectrum(matrix, data)
        weights = float(found.values.max()) ** 2 * np.logspace(-14, 2, TRIED)
        errors = [float((found.solution(weight) - exact).norm()) for weight in weights]
        ratios.append(float((found.solution(found.chosen(rule)) - exact).norm()) / min(errors))
    assert np.median(ratios) < (
        2.0 if rule == "gcv" else 6.0
    )  # the L-curve takes too little where noise is small


def test_a_krylov_space_chooses_as_the_whole_matrix_does():
    matrix, data, _ = blurred(1e-3)
    whole = spectrum(matrix, data)
    random = torch.Generator().manual_seed(0)
    part = krylov_spectrum(DenseMap(matrix), data, 60, random, probes=40)
    assert part.chosen("gcv") == pytest.approx(whole.chosen("gcv"), rel=1.0)
    for weight in (1e-2, 1e-4, whole.chosen("gcv")):
        assert torch.allclose(part.solution(weight), whole.solution(weight), rtol=1e-6, atol=1e-8)
        assert part.misfit(weight) == pytest.approx(whole.misfit(weight), rel=1e-8)
        assert 120 - part.freedom(weight) == pytest.approx(120 - whole.freedom(weight), rel=0.15)
        assert part.squares(weight) == pytest.approx(whole.squares(weight), rel=0.2)


def test_bidiagonalisation_reproduces_the_map_and_ends_where_its_space_does():
    matrix, data, _ = blurred(1e-3)
    columns, lower = bidiagonalise(DenseMap(matrix), data, 10)
    assert torch.allclose(columns.T @ columns, torch.eye(10, dtype=torch.float64), atol=1e-12)
    images = matrix @ columns
    assert torch.allclose(images.T @ images, lower.T @ lower, atol=1e-13)
    short, small = bidiagonalise(
        DenseMap(torch.diag(torch.tensor([2.0, 2.0, 1.0]).double())), torch.ones(3).double(), 3
    )
    assert short.shape[1] == 2 and small.shape == (3, 2)
