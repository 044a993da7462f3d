"""Perfectly matched layers against nested torch.func, and waves that enter them."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from torch import Tensor
from torch.func import jacrev, vmap

from sirenpde import PML, Box, Field, Siren
from sirenpde.calculus.evaluate import over_known
from sirenpde.engines.flat import flatten
from sirenpde.geometry.point import Axis
from sirenpde.residuals import Batch, Evaluator, Parameters, evaluate, requests_of
from sirenpde.run.begin import build_network

ENDS = {"x": (0.3, 0.5), "y": (0.0, 0.4), "z": (0.25, 0.25)}
STRENGTH = 4.0


def box_of(names: str) -> Box:
    return Box(**{name: (-1, 1 + i / 4) for i, name in enumerate(names)})


def by_hand(axis: Axis, s: Tensor) -> Tensor:
    """1 - i a (d/L)²."""
    low, high = ENDS[axis.name]
    depth = torch.zeros_like(s)
    if low:
        depth = depth + (axis.low + low - s).clamp(min=0) / low
    if high:
        depth = depth + (s - axis.high + high).clamp(min=0) / high
    return torch.complex(torch.ones_like(s), -STRENGTH * depth**2)


@pytest.mark.parametrize("names", ["x", "xy", "xyz"])
def test_the_operator_is_that_of_stretched_coordinates(names):
    """Against Π e · Σ (1/e_i ∂_i)² u by nested torch.func, on both sides of where the layers begin."""
    box = box_of(names)
    u = Field("u", box, dtype=complex)
    layer = PML(box, {name: ENDS[name] for name in names}, strength=STRENGTH)
    network = build_network(u, Siren(width=10, depth=2, omega=3, omega_hidden=3), 0)
    points = box.draw(40, torch.Generator().manual_seed(0))[0]

    def operator(p):
        return layer.laplacian(u)(p) + layer.volume(p) * 400 * u(p)

    def exact(q: Tensor) -> Tensor:
        stretch = [by_hand(axis, q[i]) for i, axis in enumerate(box.axes)]

        def curvature(i: int, which: str) -> Tensor:
            def slope(s: Tensor) -> Tensor:
                along = jacrev(network)(s)[:, i]
                return getattr(torch.complex(*along) / by_hand(box.axes[i], s[i]), which)

            return jacrev(slope)(q)[i]

        volume = math.prod(stretch)
        seconds = [
            torch.complex(curvature(i, "real"), curvature(i, "imag")) / e for i, e in enumerate(stretch)
        ]
        return volume * (sum(seconds) + 400 * torch.complex(*network(q)))

    batch, parameters = Batch(points, {}), Parameters({u: network}, ())
    evaluator = Evaluator([operator], requests_of([operator], batch, tuple(names)), tuple(names), parameters)
    found = evaluate(evaluator, flatten(network), batch, torch.device("cpu"))[0]
    expected = vmap(exact)(points)
    assert (found - expected).abs().max() < 1e-12 * expected.abs().max()


@pytest.mark.parametrize("angle", [0.0, math.pi / 4])
def test_a_plane_wave_comes_back_as_weak_as_is_stated(angle):
    """(u'/e)'/e + (k cos θ)² u = 0 from the wall, where u = 0, to the layer's beginning."""
    k, box = 20.0, Box(x=(-1, 1), y=(-1, 1))
    layer = PML(box, {"x": (0.0, 0.5)}, strength=1.2)
    x, _ = box.axes
    across = k * math.cos(angle)

    def stretch(s: float) -> complex:
        place = torch.tensor([[s, 0.0]], dtype=torch.float64)
        return complex(over_known(layer.stretch(x), ("x", "y"), place, {}, {})[0])

    def slopes(s: float, both: np.ndarray) -> np.ndarray:
        e = stretch(s)
        return np.array([e * both[1], -e * across**2 * both[0]])

    start = np.array([0.0, 1.0], dtype=complex)
    value, slope = solve_ivp(slopes, (1.0, 0.5), start, rtol=1e-10, atol=1e-13).y[:, -1]
    back, forth = value + slope / (1j * across), value - slope / (1j * across)  # of e^{+ikx} and e^{-ikx}
    assert abs(back / forth) == pytest.approx(layer.reflection(k, angle), rel=1e-6)


def test_the_strength_that_follows_from_the_wavenumber_has_the_reflections_that_are_stated():
    layer = PML(Box(x=(-1, 1), y=(0, 3)), {"x": (0.5, 0.2), "y": 0.7}, wavenumber=7.0)
    stated = {0: 3e-15, 45: 6e-11, 60: 6e-8}
    for degrees, amplitude in stated.items():
        assert layer.reflection(7.0, math.radians(degrees)) == pytest.approx(amplitude, rel=0.12)
    assert layer.interior.bounds == ((-0.5, 0.8), (0.7, 2.3))


def test_axes_without_a_layer_and_time_are_not_stretched():
    box = Box(t=(0, 1), x=(-1, 1), y=(-1, 1))
    t, _, y = box.axes
    place = torch.full((1, 3), 0.9, dtype=torch.float64)
    everywhere, one = PML(box, 0.5, strength=2.0), PML(box, {"x": 0.5}, strength=2.0)
    for e in (everywhere.stretch(t), one.stretch(y)):
        assert complex(over_known(e, ("t", "x", "y"), place, {}, {})[0]) == 1
    found = complex(over_known(one.volume, ("t", "x", "y"), place, {}, {})[0])
    assert found == pytest.approx(1 - 2j * 0.8**2)


@pytest.mark.parametrize(
    ("thickness", "options", "words"),
    [
        (0.5, {}, "expected one of them"),
        (0.5, {"strength": 1.0, "wavenumber": 2.0}, "expected one of them"),
        (0.5, {"strength": -1.0}, "expected a positive number"),
        (0.5, {"wavenumber": math.nan}, "expected a positive number"),
        (1.0, {"wavenumber": 2.0}, "leave nothing of x"),
        ({"y": (0.5, -0.1)}, {"wavenumber": 2.0}, "none of them negative"),
        ({"z": 0.5}, {"wavenumber": 2.0}, "There is no axis 'z'"),
        (0, {"wavenumber": 2.0}, "no layer at any end"),
    ],
)
def test_layers_that_cannot_be_are_refused(thickness, options, words):
    with pytest.raises(ValueError, match=words):
        PML(Box(x=(-1, 1), y=(-1, 1)), thickness, **options)
