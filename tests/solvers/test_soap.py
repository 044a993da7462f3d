"""SOAP against Adam in a fixed basis, under rotations, and where Adam is slow."""

import pytest
import torch
from descents import poisson

from sirenpde import MLP, Adam, Siren, solve
from sirenpde.residuals import System
from sirenpde.solvers.soap import Memory, Soap, blocks, first_memory


def descend(stage, slope, start, steps, places, memory=None):
    """Iterates of a stage's direction on a function given by its gradient."""
    memory = memory or first_memory(slope(start), places)
    theta, found = start.clone(), []
    for t in range(1, steps + 1):
        theta = theta - stage.lr * stage.direction(memory, places, slope(theta), t)
        found.append(theta)
    return found


def quadratic(seed, m, n, decades=4):
    """The gradient A W B of ½ tr(Wᵀ A W B), A and B of condition 10^decades, and a start."""
    generator = torch.Generator().manual_seed(seed)

    def spd(k):
        q = torch.linalg.qr(torch.randn(k, k, generator=generator, dtype=torch.float64))[0]
        return q @ torch.logspace(-decades, 0, k, dtype=torch.float64).diag() @ q.T

    a, b = spd(m), spd(n)
    start = torch.randn(m * n, generator=generator, dtype=torch.float64)
    return (lambda w: (a @ w.view(m, n) @ b).reshape(-1)), start


def test_without_a_rotation_it_is_adam():
    """Bases held at the identity: the iterates of Kingma and Ba's algorithm 1."""
    slope, start = quadratic(0, 5, 3)
    places = [(slice(0, 15), torch.Size([5, 3]))]
    eyes = [(torch.eye(5, dtype=torch.float64), torch.eye(3, dtype=torch.float64))]
    m, v, theta = torch.zeros_like(start), torch.zeros_like(start), start
    covariances = [tuple(torch.zeros_like(q) for q in eyes[0])]
    memory = Memory(m.clone(), v.clone(), covariances, eyes)
    stage = Soap(lr=0.01, betas=(0.9, 0.999), every=10**9)
    for t, found in enumerate(descend(stage, slope, start, 50, places, memory), 1):
        g = slope(theta)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        theta = theta - 0.01 * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)).sqrt() + 1e-8)
        torch.testing.assert_close(found, theta, rtol=1e-12, atol=1e-13)


def test_it_follows_a_rotation_of_the_parameters():
    """For f(U W Vᵀ) the iterates are those for f, turned; Adam's are not."""
    slope, start = quadratic(1, 4, 4, decades=0.5)
    generator = torch.Generator().manual_seed(2)
    u, v = (torch.linalg.qr(torch.randn(4, 4, generator=generator, dtype=torch.float64))[0] for _ in range(2))
    places = [(slice(0, 16), torch.Size([4, 4]))]

    def turn(w):
        return (u @ w.view(4, 4) @ v.T).reshape(-1)

    def back(w):
        return (u.T @ w.view(4, 4) @ v).reshape(-1)

    stage = Soap(lr=0.01, every=3)
    plain = descend(stage, slope, start, 30, places)
    turned = descend(stage, lambda w: back(slope(turn(w))), back(start), 30, places)
    for a, b in zip(plain, turned, strict=True):
        torch.testing.assert_close(turn(b), a, rtol=0, atol=1e-7)  # rounding over Adam's ε
    nothing = []
    plain = descend(stage, slope, start, 30, nothing)
    turned = descend(stage, lambda w: back(slope(turn(w))), back(start), 30, nothing)
    assert float((turn(turned[-1]) - plain[-1]).abs().max()) > 1e-2


def test_the_bases_find_the_eigenvectors():
    """Along a Kronecker-factored covariance the bases stay orthonormal and diagonalise it."""
    slope, _ = quadratic(3, 6, 4)
    generator, places = torch.Generator().manual_seed(4), [(slice(0, 24), torch.Size([6, 4]))]
    stage = Soap(betas=(0.9, 0.99), every=2)
    memory = None
    for t in range(1, 400):
        gradient = slope(torch.randn(24, generator=generator, dtype=torch.float64))
        memory = memory or first_memory(gradient, places)
        stage.direction(memory, places, gradient, t)
    for basis, covariance in zip(memory.bases[0], memory.covariances[0], strict=True):
        identity = torch.eye(len(basis), dtype=torch.float64)
        assert float((basis.T @ basis - identity).abs().max()) < 1e-14
        seen = basis.T @ covariance @ basis
        scales = seen.diagonal().sqrt()
        assert float((seen / (scales[:, None] * scales) - identity).abs().max()) < 0.2
        assert bool((scales[:-1] > scales[1:]).all())


def test_it_descends_where_adam_zigzags():
    """½ tr(Wᵀ A W B) with turned factors of condition 10⁴ each, at the same rate."""
    slope, start = quadratic(5, 8, 8)
    places = [(slice(0, 64), torch.Size([8, 8]))]
    stage = Soap(lr=0.01, every=5)

    def value(w):
        return 0.5 * float(w @ slope(w))

    soap = value(descend(stage, slope, start, 1500, places)[-1])
    adam = value(descend(stage, slope, start, 1500, [])[-1])
    assert soap < 1e-2 * adam


def test_the_blocks_are_the_weight_matrices():
    recipe = MLP(width=6, depth=2)
    problem = poisson(recipe, samples=300)
    network = recipe.build([0.0, 0.0], [1.0, 1.0], 1, (), torch.Generator())
    system = System(problem, {problem.fields[0]: network}, torch.device("cpu"), torch.float64)
    places, shapes = zip(*blocks(system), strict=True)
    assert shapes == ((6, 2), (6, 6), (1, 6))
    assert places == (slice(0, 12), slice(18, 54), slice(60, 66))


@pytest.mark.parametrize("rank", [1, 3])
def test_single_precision_follows_no_rounding(rank):
    """Gradients of a low rank: beside their directions there is rounding alone, and no step."""
    generator = torch.Generator().manual_seed(rank)
    sides = torch.randn(2, 20, rank, generator=generator, dtype=torch.float64)
    places = [(slice(0, 400), torch.Size([20, 20]))]
    stage, single, double = Soap(), None, None
    for t in range(1, 41):
        core = 10 * torch.randn(rank, rank, generator=generator, dtype=torch.float64)
        gradient = (sides[0] @ core @ sides[1].T).reshape(-1)
        double = double or first_memory(gradient, places)
        single = single or first_memory(gradient.float(), places)
        expected = stage.direction(double, places, gradient, t)
        found = stage.direction(single, places, gradient.float(), t)
        assert float((found - expected).norm() / expected.norm()) < 0.1, t


@pytest.mark.parametrize("dtype", [torch.float32, pytest.param(torch.float64, marks=pytest.mark.slow)])
def test_poisson_gets_better_than_by_adam(dtype):
    problem = poisson(Siren(24, 2, omega=4, omega_hidden=4), samples=300)
    soap, adam = (
        sorted(
            solve(problem, [stage], dtype=dtype, seed=seed).errors["u"]["relative_l2"] for seed in range(3)
        )[1]
        for stage in (Soap(steps=250, lr=3e-3), Adam(steps=250, lr=3e-3))
    )
    assert soap < 0.2 * adam


@pytest.mark.parametrize("wrong", [{"every": 0}, {"betas": (0.9, 1.0)}, {"lr": -1.0}, {"schedule": "linear"}])
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="Soap"):
        Soap(**wrong)
