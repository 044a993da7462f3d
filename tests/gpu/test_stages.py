"""Every stage on the device goes where it goes on the CPU, on small problems."""

import math

import pytest
import torch

from sirenpde import (
    LBFGS,
    Adam,
    Adaptive,
    Box,
    Collocation,
    D,
    Field,
    FourierSeries,
    Fresh,
    GaussNewton,
    LeastSquares,
    March,
    NaturalGradient,
    Points,
    Problem,
    SelfScaledBroyden,
    SineFeatures,
    Siren,
    Soap,
    laplacian,
    on,
    solve,
)

SIREN = Siren(8, 2, omega=3)


def poisson(network, cubic=0.0):
    """-Δu + cubic u³ = f on the unit square, u = sin πx sin πy."""
    square = Box(x=(0, 1), y=(0, 1))
    u, (x, y) = Field("u", square, network), square.axes

    def exact(p):
        return torch.sin(math.pi * x(p)) * torch.sin(math.pi * y(p))

    @on(square, samples=120)
    def equation(p):
        w = exact(p)
        return laplacian(u)(p) + 2 * math.pi**2 * w - cubic * (u(p) ** 3 - w**3)

    return Problem(equation, on(square.boundary(), samples=80, weight=10)(u), reference={u: exact})


def heat():
    """u_t = 0.1 u_xx with period 2, u = exp(-0.1 π² t) sin πx."""
    strip = Box(t=(0, 0.5), x=(-1, 1))
    t, x = strip.axes
    u = Field("u", strip, periodic=(x,))

    def exact(p):
        return torch.exp(-0.1 * math.pi**2 * t(p)) * torch.sin(math.pi * x(p))

    @on(strip, samples=200)
    def equation(p):
        return D(u, t)(p) - 0.1 * D(u, x, x)(p)

    @on(strip.at(t=0), samples=50)
    def start(p):
        return u(p) - torch.sin(math.pi * x(p))

    return Problem(equation, start, reference={u: exact})


def screened():
    """Δu - u = f without flux through the sides, u = cos πx cos πy, by cosines on a grid."""
    square = Box(x=(0, 1), y=(0, 1))
    u, (x, y) = Field("u", square, FourierSeries(6, half_period=True)), square.axes

    def exact(p):
        return torch.cos(math.pi * x(p)) * torch.cos(math.pi * y(p))

    @on(square.nodes(12))
    def equation(p):
        return laplacian(u)(p) - u(p) + (2 * math.pi**2 + 1) * exact(p)

    return Problem(equation, reference={u: exact})


slow = pytest.mark.slow  # where the GPU is pretended; all of them run where there is one
TRAINED = {
    "Adam": Adam(steps=4),
    "Adam, fresh points": Adam(steps=4, points=Points(Fresh())),
    "Adam, adaptive points": Adam(steps=4, points=Points(Adaptive())),
    "Soap": Soap(steps=4),
    "LBFGS": LBFGS(steps=2),
    "SelfScaledBroyden": SelfScaledBroyden(steps=3),
    "NaturalGradient": NaturalGradient(steps=2, damping=1e-2),  # so that its matrix keeps the digits
    "GaussNewton": GaussNewton(steps=2),
}
# What losses and fields may differ by. SOAP scales in a basis of eigenvectors, and those of the first gradient's many
# eigenvalues of zero are what a library makes of them: another choice moves the loss by 5e-4, the field by 5e-2.
ARBITRARY = {"Soap": (1e-2, 0.2)}


@pytest.mark.parametrize(
    "name", [name if name in ("Adam", "GaussNewton") else pytest.param(name, marks=slow) for name in TRAINED]
)
@pytest.mark.parametrize("dtype", [torch.float64, pytest.param(torch.float32, marks=slow)], ids=str)
def test_a_trained_stage_takes_the_steps_of_the_cpu(name, place, dtype, near):
    there, here = (
        solve(poisson(SIREN), [TRAINED[name]], device=device, dtype=dtype) for device in (place.name, "cpu")
    )
    assert [record.step for record in there.history] == [record.step for record in here.history]
    first, last = here.history[0].loss, here.history[-1].loss
    assert last < first
    close = 1e-6 if dtype == torch.float64 else 2e-2
    of_losses, of_fields = ARBITRARY.get(name, (close, None))
    assert there.history[-1].loss == pytest.approx(last, rel=of_losses)
    points = torch.rand(20, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found, wanted = (solution["u"](points) for solution in (there, here))
    assert near(found.to(place.device), wanted, of_fields)


SOLVED = {
    "LeastSquares": (lambda: poisson(SineFeatures(201, 6.0)), [LeastSquares()], 1e-8),
    "LeastSquares, its search": (lambda: poisson(None), None, 1e-12),
    "LeastSquares, Newton's": (lambda: poisson(None, cubic=1.0), None, 1e-9),
    "LeastSquares, a series": (screened, None, 1e-12),
    "Collocation": (heat, [Collocation()], 1e-9),
    "March": (heat, [March("t")], 1e-9),
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=slow) if name in ("March", "LeastSquares, Newton's") else name
        for name in SOLVED
    ],
)
def test_a_direct_stage_is_as_accurate_as_on_the_cpu(name, place):
    make, stages, error = SOLVED[name]
    there = solve(make(), stages, device=place.name)
    assert there.device == str(place.device)
    assert there.errors["u"]["relative_l2"] < error
