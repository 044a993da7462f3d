"""Sine and cosine in buffers, against float64, by whichever library."""

import numpy as np
import pytest
import torch

from sirenpde.engines.layers import sines
from sirenpde.engines.layers.sines import Sines


@pytest.mark.parametrize("few_threads", [2, 0], ids=["numpy", "torch"])
@pytest.mark.parametrize(("dtype", "close"), [(torch.float32, 7e-8), (torch.float64, 3e-16)])
def test_both_are_right_to_a_unit_in_the_last_place(monkeypatch, few_threads, dtype, close):
    """Over periods as many as the first layer of a recording has; 1e4 radians in float64 know 1e-12."""
    monkeypatch.setattr(sines, "FEW_THREADS", few_threads)
    z = torch.linspace(-3000, 3000, 10_001, dtype=dtype)
    exact = z.double().numpy().copy()
    value = torch.empty_like(z)
    Sines(z, value).fill()
    np.testing.assert_allclose(value.numpy(), np.sin(exact), rtol=0, atol=close)
    np.testing.assert_allclose(z.numpy(), np.cos(exact), rtol=0, atol=close)
