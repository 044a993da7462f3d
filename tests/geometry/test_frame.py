"""The way between a file and a box."""

from __future__ import annotations

import torch

from sirenpde import Box
from sirenpde.geometry.frame import Frame


def test_a_frame_leads_there_and_back() -> None:
    points = torch.tensor([[0.0, 10.0], [4.0, 12.0]]).double()
    frame = Frame.fitting(points, Box(x=(0, 1), y=(0, 1)).axes, fill=0.5)
    assert frame.scale == 0.125 and frame.apply(points).tolist() == [[0.25, 0.375], [0.75, 0.625]]
    assert torch.allclose(frame.restore(frame.apply(points)), points)
