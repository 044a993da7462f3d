"""How often a step makes the CPU wait for the GPU: values read, copies, sizes that depend on values."""

import pytest
import torch
from pretend_cuda import GPU, pretended

from sirenpde import Adam, Box, Field, Problem, Siren, Soap, grad, laplacian, norm, on, solve
from sirenpde.residuals import System

square = Box(x=(0, 1), y=(0, 1))


def poisson(periodic=()):
    u = Field("u", square, Siren(8, 2, omega=3), periodic=periodic)

    @on(square, samples=60)
    def equation(p):
        return laplacian(u)(p) + 1

    return Problem(equation, on(square.boundary(), samples=40)(u))


def eikonal():
    u = Field("u", square, Siren(8, 2, omega=3))
    return Problem(on(square, samples=60)(lambda p: norm(grad(u)(p)) - 1))


PROBLEMS = {
    "forward jets": poisson,
    "forward jets, periodic": lambda: poisson(square.axes[:1]),
    "reverse mode": eikonal,
}


def system_of(problem, device):
    (u,) = problem.fields
    periodic = tuple(u.position(axis) for axis in u.periodic)
    module = u.network.build([0, 0], [1, 1], 1, periodic, torch.Generator().manual_seed(0))
    return System(problem, {u: module}, device, torch.float32)


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_gradient_waits_for_nothing(name):
    with pretended() as gpu:
        system = system_of(PROBLEMS[name](), GPU)
        batches, theta = system.draw(torch.Generator().manual_seed(0)), system.initial()
        system.gradient(theta, batches)  # records the constraints, copies what never changes
        gpu.waits.clear()
        system.gradient(theta, batches)
        assert not gpu.waits


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("name", PROBLEMS)
def test_a_gradient_waits_for_nothing_on_cuda(name):
    system = system_of(PROBLEMS[name](), torch.device("cuda"))
    batches, theta = system.draw(torch.Generator().manual_seed(0)), system.initial()
    system.gradient(theta, batches)
    torch.cuda.set_sync_debug_mode("error")
    try:
        system.gradient(theta, batches)
    finally:
        torch.cuda.set_sync_debug_mode("default")


def waits_of_a_step(stage):
    """The waits of ten more steps of a solve, each step's share."""
    counts = []
    for steps in (3, 13):
        with pretended() as gpu:
            solve(poisson(), [stage(steps)], device="cuda")
            counts.append(gpu.waits.copy())
    counts[1].subtract(counts[0])
    return {kind: count / 10 for kind, count in counts[1].items() if count}


STEPS = {
    "Adam": lambda n: Adam(steps=n),
    "Soap": lambda n: Soap(steps=n),
}


@pytest.mark.parametrize("name", ["Adam", pytest.param("Soap", marks=pytest.mark.slow)])
def test_a_step_reads_its_loss_and_whether_all_is_finite_at_once(name):
    assert waits_of_a_step(STEPS[name]) == {"copies to the CPU": 1}
