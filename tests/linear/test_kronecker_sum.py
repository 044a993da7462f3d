"""Solves along axes against the Kronecker product that they stand for."""

import pytest
import torch

from sirenpde.linear.kronecker_sum import KroneckerSum

RANDOM = torch.Generator().manual_seed(3)


def symmetric(n):
    matrix = torch.randn(n, n, generator=RANDOM, dtype=torch.float64)
    return matrix @ matrix.T / n + torch.eye(n, dtype=torch.float64)


def defective(n):
    """No basis of eigenvectors: a Jordan block."""
    return 2 * torch.eye(n, dtype=torch.float64) + torch.diag(torch.ones(n - 1, dtype=torch.float64), 1)


def turning(n):
    """Complex eigenvalues, orthogonal eigenvectors."""
    matrix = torch.randn(n, n, generator=RANDOM, dtype=torch.float64)
    return matrix - matrix.T + torch.eye(n, dtype=torch.float64)


@pytest.mark.parametrize(
    "operators",
    [
        [symmetric(4), symmetric(5)],
        [defective(4), symmetric(3), symmetric(5)],
        [symmetric(3), defective(5), defective(4)],
        [defective(3), defective(4), defective(2)],
        [turning(4), defective(3), symmetric(2), turning(3)],
        [defective(5)],
    ],
)
def test_it_solves_what_the_whole_matrix_does(operators):
    sizes = [len(operator) for operator in operators]
    whole = torch.zeros(1, 1, dtype=torch.float64)
    for operator in operators:
        eye_before, eye = torch.eye(len(whole)).double(), torch.eye(len(operator)).double()
        whole = torch.kron(whole, eye) + torch.kron(eye_before, operator)
    f = torch.randn(*sizes, generator=RANDOM, dtype=torch.float64)
    expected = torch.linalg.solve(whole, f.reshape(-1)).view(sizes)
    assert torch.allclose(KroneckerSum(operators).solve(f), expected, rtol=1e-11, atol=1e-12)


def test_what_the_operator_does_not_see_is_left_at_zero():
    along = torch.diag(torch.tensor([0.0, 1.0, 3.0]).double())
    solved = KroneckerSum([along, along]).solve(torch.ones(3, 3).double())
    expected = torch.tensor([[0, 1, 1 / 3], [1, 1 / 2, 1 / 4], [1 / 3, 1 / 4, 1 / 6]]).double()
    assert torch.allclose(solved, expected, rtol=1e-7)
