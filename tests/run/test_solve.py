"""Problems with exact solutions, several seeds: by the toolkit's own choice, and by declared networks."""

import cmath
import math

import pytest
import torch
from poisson_square import nonlinear, poisson, square, x, y

from sirenpde import (
    LBFGS,
    MLP,
    Adam,
    Box,
    D,
    Field,
    FourierFeatures,
    FourierSeries,
    Gaussian,
    LeastSquares,
    PixelGrid,
    PointCloud,
    Problem,
    Reference,
    SineFeatures,
    Siren,
    Unknown,
    grad,
    l1,
    laplacian,
    on,
    solve,
)


@pytest.mark.parametrize("seed", range(4))
def test_poisson_to_twelve_digits_by_the_toolkits_own_choice(seed):
    _, problem = poisson()
    solution = solve(problem, seed=seed)
    assert solution.errors["u"]["relative_l2"] < 1e-12
    assert solution.constraints["interior"]["held_out_rms"] < 1e-9
    assert "least squares" in solution.choice and solution.dtype == "float64"


@pytest.mark.parametrize(
    "recipe", [SineFeatures(300, 6.0), FourierFeatures(Gaussian(150, 0.8), MLP(depth=0))]
)
def test_declared_features_are_respected(recipe):
    _, problem = poisson(recipe, using=[LeastSquares()])
    assert solve(problem).errors["u"]["relative_l2"] < 1e-7


def test_a_complex_field_is_solved_in_complex_numbers():
    line = Box(s=(0, 1))
    (s,) = line.axes
    u = Field("u", line, dtype=complex)

    @on(line, samples=60)
    def equation(p):
        """u'' + i u' + 9 u = 0"""
        return D(u, s, s)(p) + 1j * D(u, s)(p) + 9 * u(p)

    k = [(-1j + sign * (-1 - 36 + 0j) ** 0.5) / 2 for sign in (1, -1)]

    @on(line.boundary(), samples=2, weight=100)
    def ends(p):
        return u(p) - exact(p)

    def exact(p):
        return torch.exp(k[0] * s(p)) + (2 - 1j) * torch.exp(k[1] * s(p))

    solution = solve(Problem(equation, ends, reference={u: exact}))
    assert solution.errors["u"]["relative_l2"] < 1e-11
    value = solution[u]([[0.5]])[0]
    assert abs(value - (cmath.exp(k[0] * 0.5) + (2 - 1j) * cmath.exp(k[1] * 0.5))) < 1e-11


def test_two_coupled_fields_are_solved_together():
    line = Box(s=(0, 1))
    (s,) = line.axes
    u, v = Field("u", line), Field("v", line, shape=(1,))
    first = on(line, samples=80, name="first")(lambda p: D(u, s)(p) - v(p)[0])
    second = on(line, samples=80, name="second")(lambda p: D(v, s)(p)[0] + u(p))
    start = line.at(s=0)
    zero = on(start, samples=1, name="zero", weight=10)(lambda p: u(p))
    one = on(start, samples=1, name="one", weight=10)(lambda p: v(p)[0] - 1)
    solution = solve(Problem(first, second, zero, one, reference={u: lambda p: torch.sin(s(p))}))
    assert solution.errors["u"]["relative_l2"] < 1e-11


def test_a_hard_boundary_condition_as_output():
    line = Box(s=(0, 1))
    (s,) = line.axes
    u = Field("u", line)

    def w(p):
        return s(p) * (1 - s(p)) * u(p)

    equation = on(line, samples=80)(lambda p: laplacian(w)(p) + math.pi**2 * torch.sin(math.pi * s(p)))
    problem = Problem(
        equation, outputs=(w,), reference={w: Reference(lambda p: torch.sin(math.pi * s(p)), line)}
    )
    solution = solve(problem)
    assert solution.errors["w"]["relative_l2"] < 1e-10
    assert abs(float(solution[w]([[0.0]])[0])) == 0


def test_an_exactly_periodic_field():
    u, problem = poisson(periodic=(x, y))
    solution = solve(problem)
    assert solution.errors["u"]["relative_l2"] < 1e-11
    left, right = solution[grad(u)]([[-1.0, 0.3]]), solution[grad(u)]([[1.0, 0.3]])
    assert abs(left - right).max() < 1e-11


def test_a_series_on_a_grid_reconstructs_a_picture_in_one_iteration():
    rows, columns = torch.meshgrid(torch.arange(24), torch.arange(32), indexing="ij")
    picture = torch.cos(0.3 * rows) + torch.sin(0.2 * columns + 0.1 * rows)
    grid = PixelGrid({"f": picture.double()})
    u = Field("u", grid, FourierSeries(half_period=True))

    def slope(axis):
        edges = grid.edges(axis.name)
        return on(edges, name=f"d{axis}")(lambda p: D(u, axis)(p) - edges.difference("f")(p))

    solution = solve(
        Problem(*map(slope, grid.axes), reference={u: Reference(grid["f"], grid, fit="affine", peak=1)})
    )
    assert solution.errors["u"]["psnr_db"] > 30
    assert "1 iterations" in solution.stages[0].reason


def test_a_masked_grid_converges_in_few_iterations():
    from sirenpde.references.cloning import cloned

    rows, columns = torch.meshgrid(torch.arange(40), torch.arange(48), indexing="ij")
    target, source = torch.sin(0.2 * rows), torch.cos(0.15 * columns + 0.05 * rows)
    mask = ((rows - 20) ** 2 + (columns - 24) ** 2 < 120).numpy()
    grid = PixelGrid({"t": target.double(), "s": source.double()})
    u = Field("u", grid, FourierSeries(half_period=True))

    def clone(axis):
        edges = grid.edges(axis.name)
        part = edges.where(mask)
        weight = grid.spacing**2 * part.size
        return on(part, weight=weight, name=f"c{axis}")(lambda p: D(u, axis)(p) - edges.difference("s")(p))

    outside = grid.where(~mask)
    keep = on(outside, weight=100.0 * outside.size, name="keep")(lambda p: u(p) - grid["t"](p))
    classical = PixelGrid({"u": cloned(grid.images["t"].numpy(), grid.images["s"].numpy(), mask)})
    reference = Reference(classical["u"], classical, peak=1)
    solution = solve(Problem(*map(clone, grid.axes), keep, reference={u: reference}))
    assert solution.errors["u"]["psnr_db"] > 45
    assert int(solution.stages[0].reason.split(", ")[1].split()[0]) <= 25


@pytest.mark.parametrize("seed", range(3))
def test_adam_hands_over_to_lbfgs_on_a_nonlinear_flux(seed):
    _, problem = nonlinear()
    assert not problem.traits.affine
    solution = solve(problem, [Adam(steps=200, lr=5e-3), LBFGS(steps=40)], seed=seed)
    assert [record.name for record in solution.stages] == ["Adam", "L-BFGS"]
    assert solution.errors["u"]["relative_l2"] < 2e-4
    assert solution.stages[1].loss < 1e-2 * solution.stages[0].loss


def test_an_unknown_number_is_found_with_the_field():
    line = Box(s=(0, 2))
    (s,) = line.axes
    u, rate = (
        Field("u", line, Siren(width=20, depth=2, omega=3, omega_hidden=3)),
        Unknown("rate", 0.3, low=0.0),
    )
    places = torch.linspace(0, 2, 12, dtype=torch.float64)
    data = PointCloud(places[:, None], line, {"u": torch.exp(-0.8 * places)})
    decay = on(line, samples=40)(lambda p: D(u, s)(p) + rate(p) * u(p))
    match = on(data, weight=10, name="match")(lambda p: u(p) - data["u"](p))
    solution = solve(Problem(decay, match), [Adam(steps=200, lr=1e-2), LBFGS(steps=40)])
    assert solution.unknowns["rate"] == pytest.approx(0.8, abs=1e-3)


def test_the_gradient_of_every_term_is_exact_and_chunks_add_up():
    from sirenpde.residuals import System
    from sirenpde.run.begin import build_network

    u, c = Field("u", square, Siren(width=12, depth=2, omega=3)), Unknown("c", 0.7, low=0.0, high=2.0)
    one = on(square, samples=700, weight=3, loss=l1, name="one")(lambda p: c(p) * laplacian(u)(p) - u(p) ** 2)
    two = on(square.boundary(), samples=90, name="two")(lambda p: grad(u)(p) * c(p))
    system = System(
        Problem(one, two), {u: build_network(u, u.network, 0)}, torch.device("cpu"), torch.float64
    )
    theta, batches = system.initial(), system.draw(torch.Generator().manual_seed(0))
    found = system.gradient(theta, batches)
    torch.testing.assert_close(found.terms, system.losses(theta, batches), rtol=1e-12, atol=0)
    direction = torch.randn(theta.shape, dtype=theta.dtype, generator=torch.Generator().manual_seed(1))
    h = 1e-7  # small enough that hardly a residual changes its sign on the way
    above, below = (system.losses(theta + sign * h * direction, batches).sum() for sign in (1, -1))
    slope = (above - below) / (2 * h)
    assert float(found.gradient @ direction) == pytest.approx(float(slope), rel=1e-6)
