"""Posteriors against the closed form of Bayesian linear regression."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal

from sirenpde.linear.inference import Rows, eliminate, infer, posterior

FOLLOWING, UNKNOWN, DATA, PRIOR = 6, 5, 12, 8
random = torch.Generator().manual_seed(3)


def drawn(*shape):
    return torch.randn(shape, generator=random, dtype=torch.float64)


def rows(binding=1):
    """As many equations as fields follow, some that bind the unknown ones, data, and two priors."""
    counts = (FOLLOWING, binding, DATA, PRIOR, PRIOR)
    kind = torch.repeat_interleave(torch.arange(5), torch.tensor(counts))
    matrix = drawn(sum(counts), FOLLOWING + UNKNOWN)
    unknown = torch.arange(FOLLOWING + UNKNOWN) >= FOLLOWING
    only = (kind == 1) | (kind >= 3)
    matrix[only] = matrix[only] * unknown
    equations = kind <= 1
    firm = torch.where(equations, 1e6, 1.0)  # beside data, equations are exact
    target = drawn(len(kind))
    return Rows(
        matrix * firm[:, None],
        target * firm,
        kind == 0,
        kind == 1,
        kind == 2,
        kind.clamp(min=2) - 3,
        unknown,
        True,
    )


def closed(given, precisions):
    """Mean and covariance of all coefficients: fields that follow are a linear function of the unknown ones."""
    a, b = given.matrix.numpy(), given.target.numpy()
    followed, binding, data = (k.numpy() for k in (given.followed, given.binding, given.data))
    u, f = slice(0, FOLLOWING), slice(FOLLOWING, None)
    into = -np.linalg.solve(a[followed, u], a[followed, f])
    start = np.linalg.solve(a[followed, u], b[followed])
    _, _, vectors = np.linalg.svd(a[binding, f])
    free = vectors[binding.sum() :].T
    offset = np.linalg.pinv(a[binding, f]) @ b[binding]
    seen = a[data, f] + a[data, u] @ into
    told = b[data] - a[data, u] @ start
    precision, pull = seen.T @ seen, seen.T @ told
    for i, weight in enumerate(precisions):
        prior = (given.prior == i).numpy()
        precision = precision + weight * a[prior, f].T @ a[prior, f]
        pull = pull + weight * a[prior, f].T @ b[prior]
    covariance = free @ np.linalg.inv(free.T @ precision @ free) @ free.T
    mean = offset + covariance @ (pull - precision @ offset)
    whole = np.vstack([into, np.eye(UNKNOWN)])
    return np.concatenate([start + into @ mean, mean]), whole @ covariance @ whole.T


@pytest.mark.parametrize("binding", [0, 1, 2])
@pytest.mark.parametrize("ratio", [-1.0, 2.0])
def test_means_and_deviations_are_those_of_the_closed_form(binding, ratio):
    given = rows(binding)
    found = replace(posterior(eliminate(given), [0.0, ratio]), weight=0.7)
    sizes = [float(given.matrix[given.prior == i].norm()) for i in range(2)]
    # The weight counts beside the larger of the two, of priors in units of their sizes.
    factors = [math.exp(x - max(0.0, ratio)) for x in (0.0, ratio)]
    mean, covariance = closed(given, [0.7 * f / s**2 for f, s in zip(factors, sizes, strict=True)])
    assert np.allclose(found.solution, mean, atol=1e-8)
    assert np.allclose(found.spread @ found.spread.T, covariance, atol=1e-8)


def test_the_evidence_is_the_density_of_the_data():
    a, b = drawn(7, 4), 5 * drawn(7)
    none = torch.zeros(11, dtype=torch.bool)
    kind = torch.arange(11) < 7
    line = torch.eye(4).double()
    given = Rows(
        torch.cat([a, line]),
        torch.cat([b, torch.zeros(4).double()]),
        none,
        none,
        kind,
        torch.where(kind, -1, 0),
        torch.ones(4, dtype=torch.bool),
        True,
    )
    found = posterior(eliminate(given), [0.0])

    def exact(weight):
        """The prior counts in units of its size, 2."""
        covariance = np.eye(7) + (a @ a.T).numpy() * 4 / weight
        return 2 * multivariate_normal(np.zeros(7), covariance).logpdf(b.numpy())

    two = [replace(found, weight=w).evidence for w in (0.3, 20.0)]
    assert two[1] - two[0] == pytest.approx(exact(20.0) - exact(0.3), abs=1e-10)
    best = found.likeliest().weight
    assert exact(best) > max(exact(0.9 * best), exact(1.1 * best))


def test_a_deviation_that_was_not_given_is_found():
    """A line through values with an error of 0.3: its two coefficients are hardly held by the prior."""
    x = torch.linspace(-1, 1, 400, dtype=torch.float64)
    errors = 0.3 * torch.randn(400, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    kind, none = torch.arange(402) < 400, torch.zeros(402, dtype=torch.bool)
    given = Rows(
        torch.cat([torch.stack([torch.ones_like(x), x], 1), torch.eye(2).double()]),
        torch.cat([5 + 7 * x + errors, torch.zeros(2).double()]),
        none,
        none,
        kind,
        torch.where(kind, -1, 0),
        torch.ones(2, dtype=torch.bool),
        False,
    )
    found = infer(given)
    assert found.noise == pytest.approx(0.3, rel=0.05) and found.determined == 2
    deviations = found.spread.norm(dim=1)
    assert float(deviations[0]) == pytest.approx(0.3 / 20, rel=0.06)
    assert float(deviations[1]) == pytest.approx(0.3 / 20 * 3**0.5, rel=0.06)
