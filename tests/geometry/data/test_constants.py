"""Tensors that never change are copied to each device and precision once."""

import torch
from pretend_cuda import GPU, pretended

from sirenpde.geometry.data.constants import Constant


def test_a_copy_has_the_precision_asked_for_and_is_made_once():
    signs = Constant(torch.tensor([1.0, -1.0], dtype=torch.float64))
    single = signs.like(torch.zeros(1))
    assert single.dtype == torch.float32 and single.tolist() == [1.0, -1.0]
    assert signs.like(torch.ones(3, 2)) is single


def test_a_copy_is_on_the_device_asked_for_and_is_made_once():
    signs = Constant(torch.tensor([1.0, -1.0], dtype=torch.float64))
    with pretended() as gpu:
        there = signs.on(GPU)
        assert there.device == GPU and there.dtype == torch.float64
        for _ in range(3):
            assert signs.like(there) is there
        assert gpu.waits == {"copies from the CPU": 1}
