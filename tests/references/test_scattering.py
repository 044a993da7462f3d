"""Series of waves scattered by cylinders against scipy's special functions, boundary conditions and equations."""

import numpy as np
import pytest
import torch
from scipy.special import h2vp, hankel2, jv, jvp

from sirenpde import Box, D, laplacian
from sirenpde.problem.reference import exact_values
from sirenpde.references.scattering import (
    LineSource,
    PlaneWave,
    hard_cylinder,
    penetrable_cylinder,
    soft_cylinder,
)

AXES = Box(x=(-1, 1), y=(-1, 1)).axes
CENTRE = (0.11, -0.07)
INCIDENT = [PlaneWave(0.7), LineSource((-0.35, -0.3), width=0.01)]
WAYS = [soft_cylinder, hard_cylinder, lambda k, a, *rest: penetrable_cylinder(k, a, 2.0, *rest)]
names = pytest.mark.parametrize("incident", INCIDENT, ids=["plane wave", "line source"])


def at(function, points):
    return exact_values(function, AXES, torch.as_tensor(np.asarray(points)), {}).numpy()


def circle(radius, centre=(0.0, 0.0), count=64):
    turn = 2 * np.pi * np.arange(count) / count
    normal = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return np.asarray(centre) + radius * normal, normal


def slopes(function, points, normal):
    x, y = AXES
    return sum(at(D(function, axis), points) * normal[:, i] for i, axis in enumerate((x, y)))


def textbook(k, radius, points, ratio):
    """Σ i^-n ratio_n H_n(kr) e^{in(θ - α)}, orders by scipy, of a plane wave about the origin."""
    n = np.arange(-40, 41)
    r, angle = np.hypot(*points.T)[:, None], np.arctan2(points[:, 1], points[:, 0])[:, None]
    terms = (-1j) ** n * ratio(n) * hankel2(n, k * r) * np.exp(1j * n * (angle - 0.7))
    return terms.sum(1)


def test_they_are_the_series_of_textbooks():
    k, a = 20.0, 0.1
    z, points = k * a, np.concatenate([circle(r)[0] for r in (0.1, 0.2, 0.8)])

    def soft(n):
        return -jv(n, z) / hankel2(n, z)

    def hard(n):
        return -jvp(n, z) / h2vp(n, z)

    def penetrable(n):
        below = h2vp(n, z) * jv(n, z / 2) - hankel2(n, z) * jvp(n, z / 2) / 2
        return -(jvp(n, z) * jv(n, z / 2) - jv(n, z) * jvp(n, z / 2) / 2) / below

    for way, ratio in zip(WAYS, (soft, hard, penetrable), strict=True):
        found = at(way(k, a, PlaneWave(0.7), AXES).scattered, points)
        assert np.abs(found - textbook(k, a, points, ratio)).max() < 1e-13


@names
@pytest.mark.parametrize(("k", "radius"), [(20.0, 0.1), (2.0, 0.2), (300.0, 0.25)])
def test_a_soft_cylinder_has_no_field_and_a_hard_one_no_slope_on_it(incident, k, radius):
    points, normal = circle(radius, CENTRE)
    soft, hard = (way(k, radius, incident, AXES, CENTRE) for way in (soft_cylinder, hard_cylinder))
    size = np.abs(at(soft.incident, points)).max()
    assert np.abs(at(soft.total, points)).max() < 3e-13 * size
    assert np.abs(slopes(hard.total, points, normal)).max() < 3e-13 * size * k


@names
@pytest.mark.parametrize("speed", [2.0, 0.5])
def test_value_and_slope_are_the_same_on_both_sides_of_a_penetrable_cylinder(incident, speed):
    k, radius = 30.0, 0.2
    waves = penetrable_cylinder(k, radius, speed, incident, AXES, CENTRE)
    (inside, normal), (outside, _) = (circle(radius * (1 + d), CENTRE) for d in (-1e-13, 1e-13))
    size = np.abs(at(waves.total, outside)).max()
    assert np.abs(at(waves.total, inside) - at(waves.total, outside)).max() < 2e-12 * size
    jump = slopes(waves.total, inside, normal) - slopes(waves.total, outside, normal)
    assert np.abs(jump).max() < 3e-12 * size * k


@names
def test_they_solve_the_equation_on_both_sides(incident):
    k, points = 20.0, np.array([[0.4, 0.3], [0.11, 0.04], CENTRE, [0.13, -0.08], [-0.2, 0.6]])
    inside = np.hypot(*(points - CENTRE).T) < 0.1
    waves = penetrable_cylinder(k, 0.1, 2.0, incident, AXES, CENTRE)
    field = at(waves.total, points)
    left = at(laplacian(waves.total), points) + k**2 * np.where(inside, 0.25, 1.0) * field
    assert inside.any()
    assert not inside.all()
    assert np.abs(left).max() < 1e-11 * k**2 * np.abs(field).max()
    assert np.abs(at(waves.scattered, points) + at(waves.incident, points) - field).max() < 1e-14


def test_a_cylinder_of_the_same_speed_scatters_nothing():
    points = np.concatenate([circle(r, CENTRE)[0] for r in (0.03, 0.3)])
    for incident in INCIDENT:
        waves = penetrable_cylinder(20.0, 0.1, 1.0, incident, AXES, CENTRE)
        assert np.abs(at(waves.scattered, points)).max() < 1e-14


def test_source_and_receiver_may_change_places():
    here, there = (-0.35, -0.3), (0.1, 0.052)
    one, other = (
        penetrable_cylinder(20.0, 0.1, 2.0, LineSource(place), AXES, CENTRE).total for place in (here, there)
    )
    assert abs(at(one, [there]) - at(other, [here])) < 1e-14


def test_nothing_is_known_inside_of_a_cylinder_that_no_wave_enters():
    waves = soft_cylinder(20.0, 0.1, PlaneWave(), AXES)
    assert np.isnan(at(waves.total, [(0.05, 0.0)])).all()
    assert np.isfinite(at(waves.incident, [(0.05, 0.0)])).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.0, 0.1, 2.0, PlaneWave()), "given wavenumber=0; expected a finite number above 0"),
        ((20.0, -0.1, 2.0, PlaneWave()), "given radius=-0.1; expected"),
        ((20.0, 0.1, 0.0, PlaneWave()), "with the speed 0; expected a finite number above 0"),
        ((20.0, 0.1, 2.0, LineSource((0.05, 0.0))), "lies 0.05 from the centre"),
    ],
)
def test_what_cannot_be_is_said(arguments, message):
    with pytest.raises(ValueError, match=message):
        penetrable_cylinder(*arguments, AXES)


def test_the_wave_of_a_narrow_source_is_that_of_a_point_weaker_by_its_width():
    k, width, place = 20.0, 0.01, torch.tensor([[0.3, -0.4]], dtype=torch.float64)
    found = at(LineSource((0.0, 0.0), width).wave(k, AXES), place)
    exact = (1j - 1) / 4 * hankel2(0, 0.5 * k) * np.exp(-((k * width) ** 2) / 2)
    assert abs(found[0] - exact) < 1e-14
