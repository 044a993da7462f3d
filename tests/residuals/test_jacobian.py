"""The residual vector and its per-sample Jacobian against nested torch.func."""

import math

import pytest
import torch
from torch import Tensor

from sirenpde import Box, D, Field, FourierFeatures, Problem, Siren, Unknown, grad, l1, laplacian, on
from sirenpde.calculus.operators import PointFunction
from sirenpde.engines.flat import unflatten
from sirenpde.engines.nested import NestedEngine
from sirenpde.networks.series import FourierSeries
from sirenpde.residuals import Batch, System, flat
from sirenpde.run.begin import build_network

F64 = torch.float64
box = Box(t=(0, 1), x=(-1, 2))
t, x = box.axes
u = Field("u", box, Siren(8, 2, 3.0, 2.0, trainable_omega=True), periodic=(x,))
v = Field("v", box, Siren(7, 2, 3.0, 2.0), dtype=complex)
w = Field("w", box, FourierSeries(order=2))
c = Unknown("c", initial=0.7, low=0.0)


@on(box, samples=21, weight=3.0)
def inside(p: PointFunction) -> Tensor:
    return D(u, t)(p) + u(p) * D(u, x)(p) - c(p) * laplacian(u, x)(p)


@on(box, samples=21, weight=0.5)
def coupled(p: PointFunction) -> Tensor:
    return c(p) * laplacian(v)(p) + v(p) * u(p)


@on(box.at(t=0), samples=5)
def start(p: PointFunction) -> Tensor:
    return torch.stack([u(p) - torch.sin(math.pi * x(p)), D(w, t)(p) * u(p)])


@on(box.boundary("x"), samples=6)
def first_order(p: PointFunction) -> Tensor:
    return grad(u)(p) - grad(w)(p)


def system() -> tuple[System, Tensor, tuple[Batch, ...]]:
    problem = Problem(inside, coupled, start, first_order)
    networks = {f: build_network(f, f.network, 3) for f in problem.fields}
    made = System(problem, networks, torch.device("cpu"), F64)
    g = torch.Generator().manual_seed(0)
    theta = made.initial()
    return made, theta + 0.1 * torch.randn(theta.shape, generator=g, dtype=F64), made.draw(g)


def oracle(made: System, theta: Tensor, batches: tuple[Batch, ...]) -> Tensor:
    """The vector by nested torch.func, differentiable by theta."""
    found = []
    for group, batch in zip(made.groups, batches, strict=True):
        evaluator, jets = group.evaluator, []
        for field in evaluator.fields:
            symbols = [d.symbol for d in evaluator.asked[field]]
            network = made.parameters.networks[field]
            engine = NestedEngine(network, symbols, len(field.axes))
            own = batch.points[:, evaluator.columns[field]]
            parameters = unflatten(network, made.parameters.of(field, theta))
            jets.append(engine._derivatives(parameters, own, None))
        values = evaluator.over(batch, jets, made.parameters.numbers(theta))
        for place, (i, value) in enumerate(zip(group.members, values, strict=True)):
            scale = torch.full((len(batch),), made.row_weight(i) / len(batch), dtype=F64)
            if batch.weights is not None:
                scale = scale * batch.weights[:, place]
            found.append((flat(value) * scale.sqrt()[:, None]).flatten())
    return torch.cat(found)


@pytest.mark.parametrize("weighted", [False, True])
def test_vector_and_jacobian_match_the_oracle(weighted: bool) -> None:
    made, theta, batches = system()
    if weighted:
        g = torch.Generator().manual_seed(1)
        batches = tuple(
            Batch(b.points, b.data, torch.rand(len(b), len(group.members), generator=g, dtype=F64))
            for b, group in zip(batches, made.groups, strict=True)
        )
    expected = oracle(made, theta, batches)
    vector, matrix = made.jacobian(theta, batches)
    wanted = torch.func.jacrev(lambda q: oracle(made, q, batches))(theta)
    assert made.row_count(batches) == len(vector) == 21 + 2 * 21 + 2 * 5 + 2 * 6
    assert float((vector - expected).abs().max() / expected.abs().max()) < 1e-13
    assert float((matrix - wanted).abs().max() / wanted.abs().max()) < 1e-12
    assert float((made.vector(theta, batches) - expected).abs().max() / expected.abs().max()) < 1e-13
    evaluation = made.gradient(theta, batches)
    assert float(vector.square().sum()) == pytest.approx(float(evaluation.loss), rel=1e-12)
    assert float(made.losses(theta, batches).sum()) == pytest.approx(float(evaluation.loss), rel=1e-12)
    assert torch.allclose(2 * matrix.T @ vector, evaluation.gradient, rtol=1e-10, atol=1e-12)


def test_chunks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    made, theta, batches = system()
    vector, matrix = made.jacobian(theta, batches)
    monkeypatch.setattr("sirenpde.residuals.system.JACOBIAN_CHUNK", 4)
    again, rows = made.jacobian(theta, batches)
    assert torch.allclose(again, vector, rtol=1e-12) and torch.allclose(rows, matrix, rtol=1e-10, atol=1e-13)


def test_tangent_rows_predict_small_changes() -> None:
    """Linearised rows applied to the change of the jets equal the change of the residuals to second order."""
    made, theta, batches = system()
    step = 1e-5 * torch.randn(theta.shape, generator=torch.Generator().manual_seed(2), dtype=F64)
    step[made.parameters.numbers_slice] = 0  # rows are by the jets alone
    before, after = made.residuals(theta, batches), made.residuals(theta + step, batches)
    for rows in made.linear_rows(batches, at=theta):
        change = torch.zeros_like(rows.offset)
        for field, slopes in zip(rows.evaluator.fields, rows.slopes, strict=True):
            engine = rows.evaluator.engines[field]
            points = rows.batch.points[:, rows.evaluator.columns[field]]
            jets = [
                engine.forward(engine.load(made.parameters.of(field, q)), points)[0].clone()
                for q in (theta, theta + step)
            ]
            change += torch.einsum("nmso,sno->nm", slopes, jets[1] - jets[0])
        assert torch.equal(rows.offset, before[rows.constraint])
        size = float((after[rows.constraint] - before[rows.constraint]).abs().max())
        assert float((after[rows.constraint] - before[rows.constraint] - change).abs().max()) < 1e-3 * size


def test_weights_multiply_any_loss() -> None:
    field = Field("q", box, FourierFeatures(network=Siren(8, 2, 3.0)))

    @on(box, samples=12, weight=2.0, loss=l1)
    def value(p: PointFunction) -> Tensor:
        return field(p) - 1

    made = System(Problem(value), {field: build_network(field, field.network, 0)}, torch.device("cpu"), F64)
    theta, (batch,) = made.initial(), made.draw(torch.Generator().manual_seed(0))
    weights = torch.rand(12, 1, generator=torch.Generator().manual_seed(1), dtype=F64)
    weighted = (Batch(batch.points, batch.data, weights),)
    (residuals,) = made.residuals(theta, weighted)
    expected = float((2 * weights * residuals.abs()).mean())
    assert float(made.losses(theta, weighted).sum()) == pytest.approx(expected, rel=1e-13)
    assert float(made.gradient(theta, weighted).loss) == pytest.approx(expected, rel=1e-13)


def test_the_rows_of_some_fields_alone_are_those_columns_of_all():
    made, theta, batches = system()
    (vector, whole), (same, part) = made.jacobian(theta, batches), made.jacobian(theta, batches, of=[w, u])
    columns = [torch.arange(len(theta))[made.parameters.slices[field]] for field in (w, u)]
    numbers = torch.arange(len(theta))[made.parameters.numbers_slice]
    assert torch.equal(vector, same) and torch.equal(part, whole[:, torch.cat([*columns, numbers])])
