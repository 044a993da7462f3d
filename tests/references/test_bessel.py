"""Bessel and Hankel functions against mpmath in 25 digits, and their derivatives by every mode of torch."""

import mpmath
import numpy as np
import pytest
import torch
from scipy.special import hankel2 as of_scipy
from torch import Tensor
from torch.func import jacfwd, jacrev, jvp, vmap

from sirenpde.references.bessel import bessel, bessel_j, bessel_y, hankel1, hankel2

HIGHEST = 60
PLACES = torch.cat(
    [
        torch.logspace(-3, 3, 61, dtype=torch.float64),
        torch.linspace(1.9, 2.1, 5, dtype=torch.float64),
        torch.tensor([5.0, 30.0, 60.0, 61.0, 64.0], dtype=torch.float64),
    ]
)


@pytest.fixture(scope="module")
def computed() -> tuple[Tensor, Tensor]:
    return bessel(PLACES, HIGHEST)


@pytest.mark.parametrize("order", [0, 1, 2, 3, 11, 30, HIGHEST])
def test_fourteen_digits_of_every_order_and_size(computed, order):
    j, y = (values[:, order].numpy() for values in computed)
    with mpmath.workdps(25):
        exact_j = np.array([float(mpmath.besselj(order, float(z))) for z in PLACES])
        exact_y = np.array([float(mpmath.bessely(order, float(z))) for z in PLACES])
    size = np.hypot(exact_j, exact_y)
    falls = order >= PLACES.numpy()
    assert (np.abs(y - exact_y) < 1e-14 * size).all()
    assert (np.abs(j - exact_j) < 1e-14 * np.where(falls, np.abs(exact_j), size)).all()


def test_one_order_has_the_signs_of_its_mirror_image():
    z = torch.tensor([[0.4, 3.0], [10.0, 40.0]], dtype=torch.float64)
    for n in (-3, -2, 0, 5):
        assert np.allclose(hankel2(n, z).numpy(), of_scipy(n, z.numpy()), rtol=1e-13)
        assert torch.equal(hankel1(n, z), torch.complex(bessel_j(n, z), bessel_y(n, z)))


@pytest.mark.parametrize(("order", "z"), [(0, 0.02), (1, 1.7), (0, 2.5), (4, 2.5), (12, 20.0), (12, 1.7)])
def test_derivatives_by_every_mode_satisfy_the_recurrence_and_the_equation(order, z):
    """2 H' = H_{n-1} - H_{n+1}, and z² H'' + z H' + (z² - n²) H = 0."""
    places = torch.full((3,), z, dtype=torch.float64)

    def both(q: Tensor) -> Tensor:
        return torch.stack([bessel_j(order, q), bessel_y(order, q)])

    def along(q: Tensor) -> Tensor:
        return jvp(both, (q,), (torch.ones_like(q),))[1]

    lower, upper = (torch.stack([bessel_j(n, places), bessel_y(n, places)]) for n in (order - 1, order + 1))
    exact = (lower - upper).mT / 2
    for slope in (vmap(along)(places), vmap(jacrev(both))(places)):
        assert torch.allclose(slope, exact, rtol=1e-12, atol=0)
    second = ((order**2 - z**2) * both(places).mT - z * exact) / z**2
    scale = float((z**2 + order**2) / z**2)
    for bend in (
        vmap(jacfwd(along))(places),
        vmap(jacrev(along))(places),
        vmap(jacrev(jacrev(both)))(places),
    ):
        assert (bend - second).abs().max(0).values.le(1e-12 * scale * exact[0].abs().clamp(min=1e-300)).all()


def test_a_gradient_of_a_gradient_reaches_what_it_is_asked_of():
    z = torch.tensor([0.5, 3.0, 50.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda q: bessel(q, 3), (z,))


def test_single_precision_is_that_of_double():
    z = torch.tensor([0.3, 30.0])
    found = hankel1(7, z)
    assert found.dtype == torch.complex64
    assert torch.equal(found, hankel1(7, z.double()).to(torch.complex64))


def test_orders_below_zero_of_a_table_are_refused():
    with pytest.raises(ValueError, match="expected 0 or more"):
        bessel(PLACES, -1)
