"""Standing waves of a round membrane: Bessel's functions, and the equation."""

import pytest
import torch
from reference_values import at, relative
from scipy.special import jv

from sirenpde import Disk, laplacian
from sirenpde.references.membranes import bessel_root, round_wave

DISK = Disk()


@pytest.mark.parametrize(("order", "number"), [(0, 2), (2, 1), (5, 3)])
def test_a_mode_is_a_bessel_function_and_vanishes_on_the_rim(order, number):
    k = bessel_root(order, number)
    u, points = round_wave(order, k, DISK.axes), DISK.draw(300, torch.Generator().manual_seed(0))[0]
    r, angle = points.norm(dim=1), torch.atan2(points[:, 1], points[:, 0])
    expected = torch.from_numpy(jv(order, k * r.numpy())) * torch.cos(order * angle)
    assert relative(at(DISK, u, points), expected) < 1e-13
    bent = at(DISK, laplacian(u, *DISK.axes), points)
    assert relative(bent, -(k**2) * expected) < 1e-12
    rim = DISK.boundary().draw(50, torch.Generator().manual_seed(0))[0]
    assert float(at(DISK, u, rim).abs().max()) < 1e-14
