"""Generalised minimal residuals against a direct solve."""

import torch

from sirenpde.linear.gmres import gmres

RANDOM = torch.Generator().manual_seed(1)


def test_it_solves_what_a_factor_does_in_as_many_iterations_as_there_are_clusters():
    vectors = torch.randn(30, 30, generator=RANDOM, dtype=torch.float64)
    values = torch.tensor([1.0, 2.0, -3.0]).double().repeat(10)
    matrix = vectors @ torch.diag(values) @ torch.linalg.inv(vectors)
    b = torch.randn(30, generator=RANDOM, dtype=torch.float64)
    result = gmres(lambda x: matrix @ x, b, 1e-10, 30)
    assert result.iterations == 3
    assert torch.allclose(result.x, torch.linalg.solve(matrix, b), rtol=1e-8)


def test_what_is_left_falls_and_is_what_is_told():
    matrix = torch.eye(20, dtype=torch.float64) + 0.3 * torch.randn(20, 20, generator=RANDOM).double()
    b = torch.ones(20, dtype=torch.float64)
    left = [gmres(lambda x: matrix @ x, b, 0.0, count) for count in (1, 3, 6)]
    told = [result.fallen for result in left]
    real = [float((matrix @ result.x - b).norm() / b.norm()) for result in left]
    assert torch.allclose(torch.tensor(told), torch.tensor(real), rtol=1e-8)
    assert told[0] > told[1] > told[2] > 0
    assert gmres(lambda x: matrix @ x, torch.zeros(20).double(), 1e-3, 5).x.norm() == 0
    assert gmres(lambda x: matrix @ x, b, 1e-3, 5, deadline=0.0).iterations == 0
