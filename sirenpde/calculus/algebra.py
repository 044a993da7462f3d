"""Pointwise algebra on vectors at one point. Any torch function works as well; these say it shorter."""

from __future__ import annotations

import torch
from torch import Tensor


def dot(a: Tensor, b: Tensor) -> Tensor:
    """The sum of products over the last axis, without conjugation: Σ_i a_i b_i.

    >>> import torch
    >>> from sirenpde import dot
    >>> dot(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))
    tensor(11.)
    """
    return (a * b).sum(-1)


def norm(a: Tensor) -> Tensor:
    """The Euclidean norm over the last axis; its derivative at zero is zero.

    >>> import torch
    >>> from sirenpde import norm
    >>> norm(torch.tensor([3.0, 4.0]))
    tensor(5.)
    """
    squared = (a * a.conj()).real.sum(-1) if a.is_complex() else (a * a).sum(-1)
    safe = torch.where(squared > 0, squared, torch.ones_like(squared))
    return torch.where(squared > 0, torch.sqrt(safe), torch.zeros_like(squared))


def cosine(a: Tensor, b: Tensor) -> Tensor:
    """The cosine of the angle between two vectors, zero where one of them vanishes.

    >>> import torch
    >>> from sirenpde import cosine
    >>> cosine(torch.tensor([2.0, 0.0]), torch.tensor([3.0, 4.0]))
    tensor(0.6000)
    """
    lengths = norm(a) * norm(b)
    safe = torch.where(lengths > 0, lengths, torch.ones_like(lengths))
    return torch.where(lengths > 0, dot(a, b) / safe, torch.zeros_like(lengths))


def cross_entropy(logit: Tensor, label: Tensor) -> Tensor:
    """The residual whose square is the cross entropy of a label, 0 or 1, under a logit, in nats.

        r² = -label log σ(logit) - (1 - label) log(1 - σ(logit)),   σ(z) = 1 / (1 + e⁻ᶻ)

    So a classifier is a constraint like others, "no surprise", of the usual loss, or of ``loss=nats``, which says
    that no field brings it to 0. Logits count as 60 beyond that, where r is 1e-13, so that its slope stays finite in
    single precision.

    >>> import math, torch
    >>> from sirenpde import cross_entropy
    >>> round(float(cross_entropy(torch.tensor(0.0), torch.tensor(1.0))) ** 2 / math.log(2), 6)
    1.0
    """
    against = ((1 - 2 * label) * logit).clamp(min=-60.0)
    return (-torch.nn.functional.logsigmoid(-against)).sqrt()
