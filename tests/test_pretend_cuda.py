"""The pretended GPU refuses what a GPU refuses, and counts what one is waited for."""

import pretend_cuda
import pytest
import torch
from pretend_cuda import GPU, pretended


def there(*shape):
    return torch.ones(*shape, dtype=torch.float64).to(GPU)


REFUSED = {
    "two devices": (lambda: there(3) + torch.ones(3), "same device"),
    "a matrix of the CPU": (
        lambda: torch.linalg.solve(there(2, 2), torch.ones(2, 1).double()),
        "same device",
    ),
    "a generator of the CPU": (lambda: torch.rand(3, device=GPU, generator=torch.Generator()), "generator"),
    "a driver of the CPU": (
        lambda: torch.linalg.lstsq(there(3, 2), there(3, 1), driver="gelsd"),
        "not there on a GPU",
    ),
    "an array": (lambda: there(3).numpy(), "numpy"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    make, message = REFUSED[name]
    with pretended(), pytest.raises((RuntimeError, TypeError), match=message):
        make()


COUNTED = {
    "values read": lambda x: float(x.sum()),
    "copies to the CPU": lambda x: x.cpu(),
    "copies from the CPU": lambda x: x[[0, 2]],
    "sizes read": lambda x: x[x > 0],
}


@pytest.mark.parametrize("kind", COUNTED)
def test_what_is_counted(kind):
    with pretended() as gpu:
        x = there(3)
        gpu.waits.clear()
        COUNTED[kind](x)
        assert gpu.waits == {kind: 1}


def test_operations_have_the_values_of_the_cpu_and_their_slopes():
    with pretended() as gpu:
        x = there(3).requires_grad_()
        gpu.waits.clear()
        loss = (torch.func.vmap(torch.sin)(2 * x) ** 2).sum() + x[1:].prod()
        loss.backward()
        assert not gpu.waits
        slope = 4 * torch.sin(torch.tensor(2.0)) * torch.cos(torch.tensor(2.0))
        assert torch.allclose(x.grad.cpu(), slope.double() + torch.tensor([0.0, 1.0, 1.0]).double())


def test_a_torch_that_cannot_pretend_skips_the_test_and_says_why(monkeypatch):
    monkeypatch.delattr(pretend_cuda.backend_registration, pretend_cuda._REGISTER, raising=False)
    device, absent = pretend_cuda._registered()
    assert device is None
    monkeypatch.setattr(pretend_cuda, "ABSENT", absent)
    with pytest.raises(pytest.skip.Exception, match="has no _setup_privateuseone"), pretended():
        raise AssertionError("ran without a device")
