"""Recorded functions: replayed on new arguments they are the same function."""

import pytest
import torch
from torch.func import vmap

from sirenpde.residuals import replay as replaying
from sirenpde.residuals.replay import record


@pytest.fixture(params=["recorded", "called anew"])
def either(request, monkeypatch):
    """With the recorder, and as on a torch whose private parts have moved."""
    if request.param == "called anew":
        monkeypatch.setattr(replaying, "recorded", None)


def test_this_torch_can_be_recorded():
    """Where this fails, torch has changed: solves are right and slower until ``residuals/recorder.py`` follows."""
    calls = []

    def function(a):
        calls.append(len(a))
        return [a + 1]

    replay = record(function, [torch.zeros(2)])
    assert replaying.recorded is not None
    assert replay(torch.ones(2))[0].tolist() == [2, 2] and calls == [2]


@pytest.mark.usefixtures("either")
def test_a_replay_is_the_function_on_other_arguments():
    generator = torch.Generator().manual_seed(0)
    constant = torch.rand(3, generator=generator)

    def function(a, b):
        leaf = a.detach().requires_grad_()
        with torch.enable_grad():
            rows = vmap(
                lambda p, q: torch.where(p[0] > 0.5, torch.sin(p @ constant) * q, p.sum()) + torch.tensor(2.0)
            )(leaf, b)
            (slope,) = torch.autograd.grad((rows**2).sum(), leaf)
        parts = torch.split(slope, 2)
        return [rows.detach(), parts[1], constant, b.clone().mul_(2)]

    def arguments():
        return torch.rand(5, 3, generator=generator), torch.rand(5, generator=generator)

    replay = record(function, arguments())
    for _ in range(3):
        given = arguments()
        for found, expected in zip(replay(*given), function(*given), strict=True):
            assert torch.equal(found, expected)


def test_what_a_result_does_not_need_is_not_replayed():
    calls = []

    def function(a):
        torch.linalg.svdvals(a)  # costly, and thrown away
        return [a + 1]

    given = torch.rand(4, 4)
    replay = record(function, [given])
    with Watching(calls):
        replay(given)
    assert calls == ["aten::add.Tensor"]


class Watching(torch.utils._python_dispatch.TorchDispatchMode):
    def __init__(self, calls):
        super().__init__()
        self.calls = calls

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.calls.append(func.name())
        return func(*args, **(kwargs or {}))
