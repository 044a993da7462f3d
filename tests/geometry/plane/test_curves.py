"""Curves of the plane: their parts and velocities, and where they meet."""

import math
from itertools import pairwise

import pytest
import torch

from sirenpde.geometry.motion import Motion
from sirenpde.geometry.plane.arc import Arc
from sirenpde.geometry.plane.crossings import crossings as roots_and_ends
from sirenpde.geometry.plane.curves import Bezier, EllipticArc, Segment
from sirenpde.geometry.point import Axis

AXES = (Axis("x", -1.0, 1.0), Axis("y", -1.0, 1.0))
CURVES = {
    "segment": Segment((0.0, 1.0), (2.0, -0.5)),
    "circle": EllipticArc.circle((1.0, 2.0), 3.0),
    "ellipse": EllipticArc((1.0, 0.0), (2.0, 0.5), (-0.1, 0.3), 0.4, 4.0),
    "backwards": EllipticArc((1.0, 0.0), (2.0, 0.5), (-0.1, 0.3), 4.0, 0.4),
    "quadratic": Bezier(((0.0, 0.0), (1.0, 2.0), (2.0, 0.0))),
    "cubic": Bezier(((0.0, 0.0), (1.0, 2.0), (-1.0, 2.0), (1.5, -1.0))),
}
S = torch.linspace(0, 1, 33, dtype=torch.float64)


def crossings(curve, other):
    roots, ends = roots_and_ends(curve, other, 1e-10)
    return sorted(roots + ends)


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
def test_parts_reversals_and_motions_are_the_same_curve(curve):
    part, back = curve.part(0.25, 0.75), curve.reversed()
    assert torch.allclose(part.at(S), curve.at(0.25 + 0.5 * S), rtol=0, atol=4e-15)
    assert torch.allclose(back.at(S), curve.at(1 - S), rtol=0, atol=1e-14)
    motion = Motion.rotation(0.7, (0.3, 0.2)).then(Motion.dilation(3.0, (1.0, 1.0)))
    assert torch.allclose(curve.mapped(motion).at(S), motion.points(curve.at(S)), rtol=0, atol=2e-14)
    assert torch.allclose(
        motion.inverse().points(motion.points(curve.at(S))), curve.at(S), rtol=0, atol=1e-14
    )


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
def test_velocities_are_differences_and_tangents_turn_where_said(curve):
    h, inner = 1e-6, S[1:-1]
    difference = (curve.at(inner + h) - curve.at(inner - h)) / (2 * h)
    assert torch.allclose(curve.velocity(inner), difference, rtol=0, atol=1e-8)
    turning = torch.tensor(curve.turning(), dtype=torch.float64)
    assert len(turning) == 0 or curve.velocity(turning).abs().amin(1).max() < 1e-12
    for low, high in pairwise((0.0, *curve.turning(), 1.0)):
        piece = curve.part(low, high)
        for column in (0, 1):
            at = piece.at(piece.across(piece.at(inner)[:, column], column))
            assert torch.allclose(at, piece.at(inner), rtol=0, atol=1e-12)


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
def test_points_on_a_curve_are_found_again(curve):
    inner = S[1:-1]
    assert torch.allclose(curve.at(curve.nearest(curve.at(inner))), curve.at(inner), rtol=0, atol=1e-14)


@pytest.mark.parametrize("name", CURVES)
def test_equal_steps_are_equal_lengths(name):
    arc = Arc.of(CURVES[name], AXES, name)
    fine = arc.curve.at(torch.linspace(0, 1, 200_001, dtype=torch.float64)).diff(dim=0).norm(dim=1)
    assert arc.measure == pytest.approx(float(fine.sum()), rel=1e-9)
    along = torch.cat([torch.zeros(1).double(), fine.cumsum(0)]) / fine.sum()
    for s in (0.1, 0.5, 0.9):
        k = int((along - s).abs().argmin())
        near = arc.curve.at(torch.tensor([k / 200_000], dtype=torch.float64))
        assert float((arc.at(torch.tensor([s]).double()) - near).norm()) < 1e-4 * arc.measure


def test_the_length_of_an_ellipse_is_its_elliptic_integral():
    from scipy.special import ellipe

    for b in (0.9, 0.1, 0.01):
        arc = Arc.of(EllipticArc((0.0, 0.0), (1.0, 0.0), (0.0, b)), AXES, "ellipse")
        assert arc.measure == pytest.approx(4 * ellipe(1 - b**2), rel=1e-14)


@pytest.mark.parametrize("tolerance", [1e-2, 1e-4])
def test_polylines_keep_their_tolerance_and_spacing(tolerance):
    for name, curve in CURVES.items():
        arc = Arc.of(curve, AXES, name)
        line = arc.polyline(tolerance=tolerance)
        s = torch.linspace(0, 1, len(line), dtype=torch.float64)
        middles = arc.at((s[1:] + s[:-1]) / 2)
        assert ((line[1:] + line[:-1]) / 2 - middles).norm(dim=1).max() <= 1.05 * tolerance
        assert arc.polyline(spacing=0.1).diff(dim=0).norm(dim=1).max() <= 0.1 + 1e-12
        assert tuple(line[0].tolist()) == arc.start and tuple(line[-1].tolist()) == arc.end


@pytest.mark.parametrize("other", CURVES)
@pytest.mark.parametrize("curve", CURVES)
def test_crossings_lie_on_both_curves_and_none_is_missed(curve, other):
    """A slow twin counts the sign changes of chords."""
    first, second = CURVES[curve], CURVES[other].mapped(Motion.rotation(0.5, (0.7, 0.4)))
    found = torch.tensor(sorted(crossings(first, second)), dtype=torch.float64)
    back = sorted(crossings(second, first))
    assert len(found) == len(back)
    if len(found):
        points, others = first.at(found), second.at(torch.tensor(back, dtype=torch.float64))
        assert torch.cdist(points, others).amin(1).max() < 1e-12
    a, b = (c.at(torch.linspace(0, 1, 801, dtype=torch.float64)) for c in (first, second))
    u, v, w = a[1:] - a[:-1], b[1:] - b[:-1], b[None, :-1] - a[:-1, None]
    cross = u[:, None, 0] * v[None, :, 1] - u[:, None, 1] * v[None, :, 0]
    s, t = ((w[..., 0] * d[..., 1] - w[..., 1] * d[..., 0]) / cross for d in (v[None], u[:, None]))
    assert int(((s >= 0) & (s < 1) & (t >= 0) & (t < 1)).sum()) == len({round(s, 9) for s in found.tolist()})


def test_curves_that_touch_or_run_along_each_other_meet_at_the_ends_of_the_shared_part():
    unit, line = EllipticArc.circle((0.0, 0.0), 1.0), Segment((-2.0, 1.0), (2.0, 1.0))
    assert crossings(line, unit) == pytest.approx([0.5, 0.5])
    assert crossings(line, Segment((-1.0, 1.0), (5.0, 1.0))) == pytest.approx([0.25])
    assert crossings(line, Segment((0.0, 1.1), (1.0, 2.0))) == []
    quarter = EllipticArc.circle((0.0, 0.0), 1.0, 0.0, math.pi / 2)
    assert sorted(crossings(unit, quarter)) == pytest.approx([0.25])
    touching = EllipticArc.circle((2.0, 0.0), 1.0, math.pi / 2, 5 * math.pi / 2)
    assert {round(s, 6) for s in crossings(touching, unit)} == {0.25}


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
def test_no_points_have_no_nearest_ones(curve):
    assert len(curve.nearest(torch.zeros(0, 2, dtype=torch.float64))) == 0
