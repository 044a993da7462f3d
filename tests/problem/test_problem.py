"""Declaring constraints and problems: what is told, and what is refused with a teaching message."""

import pytest
import torch

from sirenpde import (
    Box,
    ConstraintError,
    D,
    Field,
    PointCloud,
    Problem,
    Siren,
    Unknown,
    grad,
    l1,
    laplacian,
    on,
)
from sirenpde.problem.probe import probe

box = Box(x=(0, 1), y=(-1, 1))
x, y = box.axes
u = Field("u", box)


def declared(function, domain=box, **options):
    return Problem(on(domain, samples=10, **options)(function))


def test_the_table_tells_equation_derivatives_and_counts():
    c = Unknown("c", 1.0)

    @on(box, samples=100, weight=3)
    def balance(p):
        """c u_x = Δu"""
        return c(p) * D(u, x)(p) - laplacian(u)(p)

    text = str(Problem(balance))
    for part in ("balance", "c u_x = Δu", "(x, y)", "100", "3", "l2", "u_x, u_xx + u_yy, c  4"):
        assert part in text
    assert Problem(balance).unknowns == (c,)


def test_the_probe_sees_every_request_once():
    requests = probe(
        on(box, samples=5)(lambda p: laplacian(u)(p) + laplacian(u)(p) * u(p) - grad(u)(p).sum())
    )
    assert [str(d) for d in requests.derivatives] == ["u_xx + u_yy", "u", "u_x", "u_y"]
    assert requests.shape == () and requests.size == 1


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda p: None, "returned nothing; expected a tensor"),
        (lambda p: laplacian(u), "returned a Derivative; expected a tensor"),
        (lambda p: x(p) ** 2, "uses no field, so nothing could satisfy it"),
        (lambda p: grad(u)(p) + torch.ones(3), r"size of tensor a \(2\).*The shapes of two terms do not fit"),
        (lambda p: D(u, Box(z=(0, 1)).axes[0])(p), "no axis 'z'; its axes are x, y"),
        (lambda p: laplacian(laplacian(laplacian(u)))(p), "order 5; orders up to 4"),
        (lambda p: u(p) if u(p) > 0 else -u(p), "torch.where"),
        (lambda p: u(p) > 0, "not a comparison"),
        (lambda p: p.sample("normal") * u(p), "carry no data 'normal'; they carry none"),
        (lambda p: u(p).missing, "AttributeError"),
    ],
)
def test_a_bad_constraint_fails_at_declaration_at_the_users_line(function, message):
    with pytest.raises(ConstraintError, match=message) as caught:
        declared(function)
    if "failed at" in str(caught.value):
        assert "test_problem.py" in str(caught.value)


def test_a_derivative_of_sampled_data_is_refused():
    cloud = PointCloud(torch.rand(5, 2, dtype=torch.float64), box, {"k": torch.rand(5)})
    with pytest.raises(ConstraintError, match=r"sampled data 'k'.*Differentiate the fields alone"):
        Problem(on(cloud)(lambda p: D(lambda q: cloud["k"](q) * u(q), x)(p)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: on(box), "no number of samples"),
        (lambda: on(box, samples=0), "positive whole number"),
        (lambda: on(box, samples=5, weight=-1), "positive finite"),
        (lambda: on(box, samples=5, loss="l2"), "expected l2 or l1"),
        (lambda: on("box", samples=5), "expected a domain"),
        (lambda: Problem(), "no constraint"),
        (lambda: Problem(lambda p: u(p)), "expected constraints. Declare it with @on"),
        (lambda: Problem(on(box, 5)(u), on(box, 5)(u)), "several constraints called u"),
        (lambda: Problem(on(box, 5)(u), reference={lambda p: u(p): u}), "neither a field"),
        (lambda: Field("two words", box), "identifier"),
        (lambda: Field("u", box, Siren), "Call the recipe"),
        (lambda: Field("u", box, dtype=int), "dtype"),
        (lambda: Field("u", box, shape=(0,)), "positive sizes"),
        (lambda: Field("u", 3), "something with axes"),
        (lambda: Unknown("c", "1"), "has initial='1'.*expected numbers"),
        (lambda: Unknown("c", 1.0, low=float("nan")), "low=nan.*expected numbers"),
        (lambda: Unknown("c", 0.0, low=0.0), "not strictly between its bounds"),
    ],
)
def test_bad_declarations_teach(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()


def test_a_field_with_axes_that_the_points_lack_is_refused():
    with pytest.raises(ConstraintError, match="needs the axes y"):
        declared(lambda p: u(p), Box(x=(0, 1)))


def test_losses_count_real_and_imaginary_parts_apart():
    from sirenpde import l2
    from sirenpde.residuals import flat

    r = flat(torch.tensor([[3 + 4j], [1 - 2j]], dtype=torch.complex128))
    assert l1.pointwise(r).tolist() == [7.0, 3.0] and l2.pointwise(r).tolist() == [25.0, 5.0]
