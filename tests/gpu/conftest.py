"""Where the tests of this folder run: on CUDA where there is one (``-m gpu``), else on a pretended GPU.

``SIRENPDE_TEST_DEVICE=cpu`` runs them on the CPU, so that a failure can be told from one of the device's.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from pretend_cuda import GPU, pretended


@dataclass(frozen=True)
class Place:
    """``name`` is what ``solve`` takes. Where ``same_bits`` is False sums may come in any order."""

    name: str
    device: torch.device
    same_bits: bool = True

    def tolerance(self, dtype: torch.dtype) -> float:
        """For what a few steps or products may differ from those of a CPU."""
        return 1e-9 if dtype == torch.float64 else 2e-3


def places() -> list[object]:
    if os.environ.get("SIRENPDE_TEST_DEVICE") == "cpu":
        return ["cpu"]
    absent = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
    return [pytest.param("cuda", marks=[pytest.mark.gpu, absent]), "pretended"]


@pytest.fixture(params=places())
def place(request):
    if request.param == "pretended":
        with pretended():
            yield Place("cuda", GPU)
    else:
        device = torch.device(request.param)
        yield Place(device.type, device, same_bits=device.type == "cpu")


@pytest.fixture(params=[torch.float64, torch.float32], ids=["float64", "float32"])
def dtype(request):
    return request.param


@pytest.fixture
def near(place, dtype) -> Callable[..., bool]:
    """Whether values of the device are those of the CPU, to what a precision gives, or to a tolerance."""

    def check(there: torch.Tensor, here: torch.Tensor, tolerance: float | None = None) -> bool:
        assert there.device.type == place.device.type and here.device.type == "cpu"
        difference = (there.cpu().double() - here.double()).norm() / here.double().norm().clamp_min(1e-30)
        return bool(difference < (tolerance or place.tolerance(dtype)))

    return check
