"""Operators on fields and on any function of a point, against nested torch.func in float64."""

import math

import pytest
import torch
from torch import Tensor
from torch.func import grad as ordinary_grad
from torch.func import jacrev, vmap

from sirenpde import Box, D, Field, Siren, Unknown, cosine, curl, div, dot, grad, hessian, laplacian, norm
from sirenpde.engines.flat import flatten
from sirenpde.residuals import Batch, Evaluator, Parameters, evaluate, requests_of
from sirenpde.run.begin import build_network

box = Box(x=(-1, 1), y=(0, 2), z=(-1, 0.5))
x, y, z = box.axes
NAMES = ("x", "y", "z")
POINTS = box.draw(7, torch.Generator().manual_seed(0))[0]
SMALL = Siren(width=10, depth=2, omega=3, omega_hidden=3)


def make(*fields: Field):
    """Networks for some fields, and each as an ordinary function of a coordinate vector."""
    modules = {u: build_network(u, SMALL, seed) for seed, u in enumerate(fields)}
    parameters = Parameters(modules, ())
    return parameters, torch.cat([flatten(module) for module in modules.values()]), modules


def engine_values(function, parameters, theta):
    batch = Batch(POINTS, {})
    evaluator = Evaluator([function], requests_of([function], batch, NAMES), NAMES, parameters)
    return evaluate(evaluator, theta, batch, torch.device("cpu"))[0]


def close(a: Tensor, b: Tensor, tolerance: float = 1e-11):
    assert a.shape == b.shape
    assert float((a - b).detach().abs().max()) <= tolerance * float(b.detach().abs().max())


scalar = Field("u", box)


def hessian_of(f):
    return jacrev(jacrev(f))


@pytest.mark.parametrize(
    ("operator", "oracle"),
    [
        pytest.param(scalar, lambda f: f, id="value"),
        pytest.param(D(scalar, x, y), lambda f: lambda q: hessian_of(f)(q)[0, 1], id="D"),
        pytest.param(grad(scalar), jacrev, id="grad"),
        pytest.param(grad(scalar, z, x), lambda f: lambda q: jacrev(f)(q)[[2, 0]], id="grad along two"),
        pytest.param(laplacian(scalar), lambda f: lambda q: hessian_of(f)(q).trace(), id="laplacian"),
        pytest.param(
            laplacian(scalar, x, y),
            lambda f: lambda q: hessian_of(f)(q)[:2, :2].trace(),
            id="laplacian in the plane",
        ),
        pytest.param(hessian(scalar), hessian_of, id="hessian"),
        pytest.param(div(grad(scalar)), lambda f: lambda q: hessian_of(f)(q).trace(), id="div grad"),
        pytest.param(
            D(scalar, x, x) - 4.0 * laplacian(scalar, y, z),
            lambda f: lambda q: hessian_of(f)(q)[0, 0] - 4 * hessian_of(f)(q)[1:, 1:].trace(),
            id="algebra",
        ),
        pytest.param(
            laplacian(laplacian(scalar)),
            lambda f: lambda q: hessian_of(lambda s: hessian_of(f)(s).trace())(q).trace(),
            id="biharmonic",
        ),
        pytest.param(D(scalar, x, x, y), lambda f: lambda q: jacrev(hessian_of(f))(q)[0, 0, 1], id="third"),
    ],
)
def test_an_operator_on_a_scalar_field(operator, oracle):
    parameters, theta, modules = make(scalar)
    exact = vmap(oracle(lambda q: modules[scalar](q)[0]))(POINTS)
    close(engine_values(operator, parameters, theta), exact)


def test_operators_on_a_vector_field():
    v = Field("v", box, shape=(3,))
    parameters, theta, modules = make(v)
    jacobian = jacrev(modules[v])
    close(engine_values(grad(v), parameters, theta), vmap(jacobian)(POINTS))
    close(engine_values(div(v), parameters, theta), vmap(lambda q: jacobian(q).trace())(POINTS))
    rotation = lambda j: torch.stack([j[2, 1] - j[1, 2], j[0, 2] - j[2, 0], j[1, 0] - j[0, 1]])
    close(engine_values(curl(v), parameters, theta), vmap(lambda q: rotation(jacobian(q)))(POINTS))
    close(
        engine_values(laplacian(v), parameters, theta),
        vmap(lambda q: torch.einsum("iaa->i", jacrev(jacobian)(q)))(POINTS),
    )
    # div curl v = 0 needs second derivatives of all components through a plain function.
    assert float(engine_values(div(curl(v), x, y, z), parameters, theta).abs().max()) < 1e-11


def test_a_nonlinear_flux_needs_no_expansion():
    u = Field("u", box)
    parameters, theta, modules = make(u)

    def k(value: Tensor) -> Tensor:
        return 1 + value**2 + torch.exp(-value)

    f = lambda q: modules[u](q)[0]
    flux = lambda q: k(f(q)) * jacrev(f)(q)
    diffusion = div(lambda p: k(u(p)) * grad(u)(p))
    close(engine_values(diffusion, parameters, theta), vmap(lambda q: jacrev(flux)(q).trace())(POINTS), 1e-12)
    requests = requests_of([diffusion], Batch(POINTS, {}), NAMES)[0]
    assert {str(d) for d in requests.derivatives} == {"u", "u_x", "u_y", "u_z", "u_xx", "u_yy", "u_zz"} | {
        "u_xy", "u_xz", "u_yz"
    }  # fmt: skip


def test_the_gradient_of_a_flux_reaches_the_parameters():
    from sirenpde import Problem, on
    from sirenpde.residuals import System

    u = Field("u", box, SMALL)

    @on(box, samples=9)
    def steady(p):
        return div(lambda q: (1 + u(q) ** 2) * grad(u)(q))(p) - 1

    network = build_network(u, SMALL, 0)
    system = System(Problem(steady), {u: network}, torch.device("cpu"), torch.float64)
    theta = system.initial()
    batches = system.draw(torch.Generator().manual_seed(2))
    shapes = {name: q.shape for name, q in network.named_parameters()}

    def objective(vector: Tensor) -> Tensor:
        parts = vector.split([s.numel() for s in shapes.values()])
        named = {name: part.reshape(s) for (name, s), part in zip(shapes.items(), parts, strict=True)}
        f = lambda q: torch.func.functional_call(network, named, (q,))[0]
        flux = lambda q: (1 + f(q) ** 2) * jacrev(f)(q)
        return vmap(lambda q: (jacrev(flux)(q).trace() - 1) ** 2)(batches[0].points).mean()

    evaluation = system.gradient(theta, batches)
    close(evaluation.loss, objective(theta))
    close(evaluation.gradient, ordinary_grad(objective)(theta), 1e-11)


def test_the_perfectly_matched_layer_in_flux_form():
    u = Field("u", box, dtype=complex)
    parameters, theta, modules = make(u)

    def stretch(c: Tensor) -> Tensor:
        depth = torch.clamp(c.abs() - 0.5, min=0) / 0.5
        return torch.complex(torch.ones_like(c), -5 * depth**2)

    def ex(p):
        return stretch(x(p))

    def ey(p):
        return stretch(y(p))

    def flux_x(p):
        return ey(p) / ex(p) * D(u, x)(p)

    def flux_y(p):
        return ex(p) / ey(p) * D(u, y)(p)

    def helmholtz(p):
        return D(flux_x, x)(p) + D(flux_y, y)(p) + ex(p) * ey(p) * 400 * u(p)

    def exact(q: Tensor) -> Tensor:
        # In real arithmetic, part by part: nested torch.func does not differentiate complex outputs in reverse.
        def part(which):
            def fx(s):
                d = jacrev(modules[u])(s)[:, 0]
                return getattr(stretch(s[1]) / stretch(s[0]) * torch.complex(d[0], d[1]), which)

            def fy(s):
                d = jacrev(modules[u])(s)[:, 1]
                return getattr(stretch(s[0]) / stretch(s[1]) * torch.complex(d[0], d[1]), which)

            return jacrev(fx)(q)[0] + jacrev(fy)(q)[1]

        value = torch.complex(*modules[u](q))
        return torch.complex(part("real"), part("imag")) + stretch(q[0]) * stretch(q[1]) * 400 * value

    close(engine_values(helmholtz, parameters, theta), torch.stack([exact(q) for q in POINTS]), 1e-12)


def test_a_hard_boundary_condition_is_a_function():
    u = Field("u", box)
    parameters, theta, modules = make(u)

    def w(p):
        return torch.sin(y(p)) + x(p) * (1 - x(p)) * u(p)

    ansatz = lambda q: torch.sin(q[1]) + q[0] * (1 - q[0]) * modules[u](q)[0]
    close(
        engine_values(laplacian(w, x, y), parameters, theta),
        vmap(lambda q: jacrev(jacrev(ansatz))(q)[[0, 1], [0, 1]].sum())(POINTS),
    )
    close(engine_values(grad(w), parameters, theta), vmap(jacrev(ansatz))(POINTS))


def test_a_field_of_fewer_axes_is_constant_along_the_others():
    plane = Box(x=(-1, 1), y=(0, 2))
    n = Field("n", plane)
    parameters, theta, modules = make(n)
    product = D(lambda p: z(p) * n(p), z)
    close(engine_values(product, parameters, theta), modules[n](POINTS[:, :2])[:, 0].detach())


def test_pointwise_algebra():
    a, b = torch.tensor([3.0, 4.0]), torch.tensor([4.0, -3.0])
    assert float(norm(a)) == 5 and float(dot(a, b)) == 0 and float(cosine(a, a)) == pytest.approx(1)
    zero = torch.zeros(2, requires_grad=True)
    norm(zero).backward()
    assert zero.grad is not None and bool((zero.grad == 0).all())


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda u: D(u, "x"), "expected an axis"),
        (lambda u: D(u, Box(t=(0, 1)).axes[0]), "no axis 't'; its axes are x, y, z"),
        (lambda u: laplacian(laplacian(laplacian(u))), "order 5; orders up to 4"),
        (lambda u: D(u), "no axis"),
        (lambda u: D(3.0, x), "function of a point"),
        (lambda u: D(u, x) + D(u, x, x), "differ in order"),
    ],
)
def test_wrong_operators_say_so_at_declaration(build, message):
    with pytest.raises((TypeError, ValueError), match=message):
        build(Field("u", box))


def test_unknown_numbers_stay_in_their_bounds():
    for c in (
        Unknown("c", 2.0),
        Unknown("c", 2.0, low=1.0),
        Unknown("c", 2.0, high=3.0),
        Unknown("c", 2.0, 1.0, 3.0),
    ):
        assert float(c.value(c.raw())) == pytest.approx(2.0, rel=1e-14)
        far = [float(c.value(torch.tensor(s, dtype=torch.float64))) for s in (-30.0, 30.0)]
        assert all((c.low is None or v >= c.low) and (c.high is None or v <= c.high) for v in far)
    with pytest.raises(ValueError, match="strictly between"):
        Unknown("c", 1.0, low=1.0)
    assert math.isclose(float(Unknown("c", 0.3).raw()), 0.3)


def test_parameter_gradients_through_a_complex_flux():
    from sirenpde import Problem, on
    from sirenpde.residuals import System

    u = Field("u", box, SMALL, dtype=complex)

    def flux(p):
        return torch.complex(1 + x(p) ** 2, y(p)) * D(u, x)(p)

    waves = on(box, samples=50)(lambda p: D(flux, x)(p) + 9 * u(p) * u(p) - 1j)
    system = System(Problem(waves), {u: build_network(u, SMALL, 3)}, torch.device("cpu"), torch.float64)
    theta, batches = system.initial(), system.draw(torch.Generator().manual_seed(0))
    direction = torch.randn(theta.shape, dtype=theta.dtype, generator=torch.Generator().manual_seed(1))
    h = 1e-6
    above, below = (float(system.losses(theta + sign * h * direction, batches).sum()) for sign in (1, -1))
    found = float(system.gradient(theta, batches).gradient @ direction)
    assert found == pytest.approx((above - below) / (2 * h), rel=1e-7)
