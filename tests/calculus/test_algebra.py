"""Pointwise algebra."""

import torch

from sirenpde import cross_entropy


def test_the_square_is_the_cross_entropy_and_so_is_its_slope():
    logit = torch.linspace(-50, 50, 101, dtype=torch.float64, requires_grad=True)
    for label in (0.0, 1.0):
        labels = torch.full_like(logit, label)
        ours = cross_entropy(logit, labels).square()
        theirs = torch.nn.functional.binary_cross_entropy_with_logits(logit, labels, reduction="none")
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)
        by_formula = torch.log1p(torch.exp(-logit.abs())) + ((1 - 2 * label) * logit).clamp(min=0)
        torch.testing.assert_close(ours, by_formula, rtol=1e-12, atol=0)
        slopes = [torch.autograd.grad(value.sum(), logit)[0] for value in (ours, theirs)]
        torch.testing.assert_close(*slopes, rtol=1e-12, atol=1e-15)


def test_in_single_precision_no_logit_is_too_large():
    logit = torch.tensor([-1e4, -200.0, 200.0, 1e4], requires_grad=True)
    value = cross_entropy(logit, torch.tensor([0.0, 0.0, 0.0, 0.0])).square().sum()
    (slope,) = torch.autograd.grad(value, logit)
    assert bool(slope.isfinite().all()) and slope[2:].tolist() == [1.0, 1.0]
