"""Fields of which each sample has its own: values, derivatives and gradients against plain autograd."""

import numpy as np
import pytest
import torch

from sirenpde import (
    Adam,
    Codes,
    D,
    Field,
    Hypernetwork,
    PictureSet,
    Problem,
    SetEncoder,
    Siren,
    everywhere,
    given,
    grad,
    made,
    on,
    solve,
)
from sirenpde.engines.flat import unflatten
from sirenpde.residuals import System

PICTURES = PictureSet(np.random.default_rng(0).random((3, 3, 3)), context=4)
X, Y = PICTURES.axes
U = Field("u", PICTURES.grid, Hypernetwork(Siren(8, 2, omega=3), SetEncoder(8, 2), code=4, width=6))


def match(p):
    return everywhere(U)(p) - PICTURES["picture"](p)


def steep(p):
    return everywhere(D(U, X, X))(p)


def declared(**words):
    constraints = (
        on(PICTURES, weight=2.0, name="match")(match),
        on(PICTURES, weight=0.1, name="code")(made(U, "code")),
        on(PICTURES, weight=3.0, name="weights")(made(U, "weights")),
        on(PICTURES, weight=1e-3, name="steep")(steep),
    )
    return Problem(*constraints, **words)


def system():
    network = U.network.build([X.low, Y.low], [X.high, Y.high], 1, (), torch.Generator().manual_seed(0))
    return System(declared(), {U: network}, torch.device("cpu"), torch.float64)


def objective(near, theta):
    """The same by plain autograd, sample by sample."""
    network, data = near.parameters.networks[U], PICTURES.data
    weights = unflatten(network, theta)
    call = lambda module, *given: torch.func.functional_call(module, weights, given)
    total = theta.new_zeros(())
    for i in range(3):
        own = {key: data[key][i : i + 1] for key in ("context", "seen")}
        x = PICTURES.grid.points.clone().requires_grad_()
        u = call(network, x[:, None], own)[:, 0, 0]
        slope = torch.autograd.grad(u.sum(), x, create_graph=True)[0][:, 0]
        curve = torch.autograd.grad(slope.sum(), x, create_graph=True)[0][:, 0]
        code = torch.func.functional_call(
            network.encoder, {k[8:]: w for k, w in weights.items() if k[:8] == "encoder."}, (own,)
        )
        made_of = {k[7:]: w for k, w in weights.items() if k[:7] == "makers."}
        all_made = [
            torch.func.functional_call(
                maker,
                {k.split(".", 1)[1]: w for k, w in made_of.items() if k.split(".")[0] == str(j)},
                (code,),
            )
            for j, maker in enumerate(network.makers)
        ]
        total = total + 2 * (u - data["picture"][i]).square().sum() + 1e-3 * curve.square().sum()
        total = total + 0.1 * code.square().mean() + 3 * torch.cat(all_made, 1).square().mean()
    return total / 3


def test_loss_gradient_and_rows_are_those_of_autograd():
    near = system()
    theta, batches = near.initial(), near.draw(torch.Generator())
    evaluation = near.gradient(theta, batches)
    leaf = theta.clone().requires_grad_()
    plain = objective(near, leaf)
    (slope,) = torch.autograd.grad(plain, leaf)
    plain, unit = float(plain.detach()), near.row_weight(0) / 2.0
    assert float(evaluation.loss) == pytest.approx(unit * plain, rel=1e-10)
    assert torch.allclose(evaluation.gradient, unit * slope, rtol=1e-8, atol=1e-12)
    vector, matrix = near.jacobian(theta, batches)
    assert torch.allclose(2 * matrix.T @ vector, unit * slope, rtol=1e-7, atol=1e-11)


def test_the_field_of_one_sample_is_that_of_everywhere():
    def whole(p):
        return everywhere(U)(p)

    second = given(U, PICTURES, 2, "second")
    steepness = given(grad(U), PICTURES, 2, "steepness")
    solution = solve(
        declared(outputs=(whole, second, steepness)), [Adam(3)], device="cpu", dtype=torch.float64
    )
    middle, data = PICTURES.draw(None, torch.Generator())
    together = solution[whole](middle, data)
    points = PICTURES.grid.points
    assert torch.allclose(solution[second](points), together[2], rtol=1e-12)
    step = torch.tensor([1e-5, 0.0], dtype=torch.float64)
    difference = (solution[second](points + step) - solution[second](points - step)) / 2e-5
    assert torch.allclose(solution[steepness](points)[:, 0], difference, rtol=1e-6, atol=1e-7)
    assert solution[second].on_grid(9).values.shape == (9, 9)  # as finely as one likes


def test_codes_alone_fit_pictures():
    pictures = PictureSet(np.linspace(0, 1, 3 * 9).reshape(3, 3, 3))
    network = Hypernetwork(Siren(12, 1, omega=5), Codes(3), code=4, width=12)
    u = Field("u", pictures.grid, network)
    law = on(pictures, name="match")(lambda p: everywhere(u)(p) - pictures["picture"](p))
    whole = lambda p: everywhere(u)(p)
    solution = solve(Problem(law, outputs=(whole,)), [Adam(60, lr=2e-2)], device="cpu")
    found = solution[whole](*pictures.draw(None, torch.Generator()))
    assert (found - pictures.data["picture"]).square().mean() < 1e-2


def test_what_is_no_field_of_samples():
    plain = Field("v", PICTURES.grid, Siren())
    with pytest.raises(TypeError, match="not made of data"):
        made(plain, "code")
    with pytest.raises(ValueError, match="'latent'"):
        made(U, "latent")
    with pytest.raises(ValueError, match="no fixed ones"):
        given(U, PICTURES.seeing((1, 5)), 0)
    with pytest.raises(ValueError, match="given was asked for sample 3"):
        given(U, PICTURES, 3)
    with pytest.raises(Exception, match="carry no data 'context'"):
        Problem(on(PICTURES.grid, name="bare")(U))
