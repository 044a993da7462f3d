"""A network that cannot be the field, or has not the derivatives asked for, is named at declaration."""

import pytest
import torch
from torch import nn

from sirenpde import (
    MLP,
    RBF,
    Adam,
    Basic,
    Box,
    ConstraintError,
    D,
    Field,
    FourierFeatures,
    LeastSquares,
    Pieces,
    PointCloud,
    Problem,
    Unknown,
    laplacian,
    on,
    solve,
)

box = Box(x=(0, 1), y=(0, 2))
x, y = box.axes
u, w = Field("u", box), Field("w", box, shape=(2,))
c = Unknown("c", 1.0)
cloud = PointCloud(torch.rand(40, 2, dtype=torch.float64), box, {"f": torch.rand(40)})


def layers(*between, inputs=2, outputs=1):
    return nn.Sequential(nn.Linear(inputs, 8), *between, nn.Linear(8, outputs))


class Own(nn.Module):
    """A network that does something to its values."""

    def __init__(self, last):
        super().__init__()
        self.inner, self.last = layers(nn.Tanh()), last

    def forward(self, points):
        return self.last(self.inner(points))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Field("v", box, layers(nn.Tanh(), inputs=3)), r"points of shape \(64, 2\).*first layer 2 inputs"),
        (lambda: Field("v", box, layers(nn.Tanh(), inputs=1)), r"points of shape \(64, 2\).*first layer 2 inputs"),
        (lambda: Field("v", box, layers(nn.Tanh(), outputs=3)), r"the shape \(64, 3\).*last layer 1 outputs"),
        (lambda: Field("v", box, layers(nn.Tanh()), shape=(3,)), r"the shape \(64, 1\).*last layer 3 outputs"),
        (lambda: Field("v", box, layers(nn.Tanh()), dtype=complex), "returned the shape.*last layer 2 outputs"),
        (lambda: Field("v", box, Own(lambda v: v[:, 0])), r"returned the shape \(64,\).*do not squeeze"),
        (lambda: Field("v", box, Own(lambda v: (v, v))), "returned a tuple"),
        (lambda: Field("v", box, Own(lambda v: torch.complex(v, v))), "returned complex128; expected"),
        (lambda: Field("v", box, Own(lambda v: v.float())), "gave float32 for points in float64"),
        (lambda: Field("v", box, Own(nn.functional.dropout)), "two values at one point"),
        (lambda: Field("v", box, Own(lambda v: v + torch.rand_like(v))), "two values at one point"),
        (lambda: Field("v", box, Own(lambda v: v - v.mean())), "other values at a point alone"),
        (lambda: Field("v", box, layers(nn.BatchNorm1d(8), nn.Tanh())), "BatchNorm in training mode"),
        (lambda: Field("v", box, layers(nn.Tanh()), periodic=(y,)), "differs at both ends of y"),
        (lambda: Field("v", box, shape=3), "has shape 3; expected positive sizes"),
        (lambda: Field("v", box, periodic=x), r"periodic=x; expected several axes. Write periodic=\(x,\)"),
    ],
)  # fmt: skip
def test_a_network_that_cannot_be_the_field_is_refused(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()


class Squares(nn.Module):
    """A quadratic polynomial."""

    def __init__(self):
        super().__init__()
        self.inner = layers(nn.Identity())

    def forward(self, points):
        return self.inner(points) ** 2


def zero_at_first():
    network = layers(nn.ReLU())
    nn.init.zeros_(network[-1].weight)
    return network


@pytest.mark.parametrize(
    ("network", "operator", "shown"),
    [
        (
            layers(nn.ReLU()),
            lambda v: laplacian(v),
            r"u_xx \+ u_yy of field 'u', whose network, a Sequential",
        ),
        (zero_at_first(), lambda v: D(v, x, y), "u_xy of field 'u'"),
        (layers(nn.LeakyReLU(), nn.Linear(8, 8), nn.Hardtanh()), lambda v: D(v, x, x), "u_xx of field 'u'"),
        (
            Own(lambda v: torch.relu(v)).inner[:1].append(nn.Linear(8, 1)),
            lambda v: laplacian(v),
            "linear layers",
        ),
        (Squares(), lambda v: laplacian(laplacian(v)), "its derivatives of order 4 vanish"),
        (MLP(depth=0), lambda v: laplacian(v), "whose network, a MLP, has none"),
    ],
)
def test_a_network_without_the_derivatives_asked_for_is_named(network, operator, shown):
    v = Field("u", box, network)
    with pytest.raises(ConstraintError, match=shown):
        Problem(on(box, 20)(lambda p: operator(v)(p) - 1))
    assert Problem(on(box, 20)(lambda p: D(v, x)(p) - 1)).fields == (v,)


@pytest.mark.parametrize(
    ("network", "highest"),
    [
        (MLP(activation="relu"), 1),
        (FourierFeatures(Basic(), MLP(activation="relu")), 1),
        (MLP(activation="selu"), 1),
        (MLP(activation="elu"), 2),
        (RBF(8), 1),
        (Pieces(MLP(activation="relu"), (2, 2), blend="smooth"), 1),
    ],
)
def test_activations_with_kinks_are_refused_where_no_point_sees_their_derivatives(network, highest):
    v = Field("u", box, network)
    for order, operator in ((1, D(v, x)), (2, laplacian(v)), (3, D(v, x, x, y))):
        constraint = on(box, 20)(lambda p, operator=operator: operator(p) - 1)
        if order <= highest:
            assert Problem(constraint).fields == (v,)
            continue
        with pytest.raises(
            ConstraintError, match=f"derivatives up to order {highest}.*Use a smooth activation"
        ):
            Problem(constraint)


def test_a_network_with_kinks_in_place_of_the_declared_one_is_refused_as_well():
    problem = Problem(on(box, 20)(lambda p: laplacian(u)(p) - 1))
    with pytest.raises(ConstraintError, match="derivatives up to order 1"):
        solve(problem, [Adam(steps=1)], network=MLP(activation="relu"))


@pytest.mark.parametrize(
    "network",
    [
        layers(nn.Tanh()),
        zero_at_first()[:1].append(nn.GELU()).append(nn.Linear(8, 1)),
        layers(nn.LayerNorm(8), nn.SiLU()),
        layers(nn.BatchNorm1d(8), nn.Tanh()).eval(),
        FourierFeatures(Basic(), MLP(depth=0)),
        None,
    ],
)
def test_a_smooth_network_is_accepted(network):
    v = Field("u", box, network)
    assert Problem(on(box, 20)(lambda p: laplacian(v)(p) - 1)).fields == (v,)


def test_dropout_is_switched_off_in_a_copy_and_noted():
    network = layers(nn.Tanh(), nn.Dropout(0.5))
    v = Field("v", box, network)
    problem = Problem(on(box, 20, name="fit")(lambda p: v(p) - 1))
    assert "holds Dropout" in problem.notes[0] and "'v'" in problem.notes[0]
    found = solve(problem, [Adam(steps=2)])
    assert found[v]([[0.5, 0.5]]) == found[v]([[0.5, 0.5]]) and problem.notes[0] in found.warnings
    assert network.training
    assert Problem(on(box, 20)(lambda p: u(p) - 1)).notes == ()


def test_fields_too_many_for_the_memory_are_not_said_to_have_a_root(monkeypatch):
    """Field(shape=(1000,)): the smallest matrix is beyond the memory, and no residual is anything but finite."""
    for module in ("linear.dense_rows", "solvers.direct.trials", "solvers.direct.search"):
        monkeypatch.setattr(f"sirenpde.{module}.MEMORY_LIMIT", 1000)
    v = Field("v", box, shape=(3,))
    inside, edge = (
        on(box, 50, name="inside")(laplacian(v)),
        on(box.boundary(), 40, name="edge")(lambda p: v(p) - 1),
    )
    with pytest.raises(ValueError, match=r"least-squares matrix would have .* rows .* are allowed"):
        solve(Problem(inside, edge), [LeastSquares()])


def test_data_given_in_single_precision_are_noted():
    places = torch.rand(50, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    values = torch.sin(places[:, 0])

    def notes(points, data):
        own = PointCloud(points, box, {"f": data}, name="probes")
        return Problem(on(own, name="fit")(lambda p: u(p) - own["f"](p))).notes

    assert notes(places, values) == () and notes(places.round(decimals=0) / 2, (8 * values).round() / 8) == ()
    for given in (notes(places.float().numpy(), values), notes(places, values.float())):
        assert len(given) == 1 and "'probes'" in given[0] and "seven digits" in given[0]
