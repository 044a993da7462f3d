"""Samples of boundaries are verified when they are drawn, whatever shape they are of."""

from dataclasses import dataclass

import pytest
import torch

from sirenpde import Box, Disk
from sirenpde.geometry.plane.arc import Arc
from sirenpde.geometry.plane.curves import EllipticArc
from sirenpde.geometry.point import Axis
from sirenpde.geometry.shape import Shape
from sirenpde.geometry.verified import verify


@dataclass(frozen=True)
class Wrong(Shape):
    """A unit disk with a boundary that is not its own."""

    curve: EllipticArc

    @property
    def name(self):
        return "wrong"

    @property
    def axes(self):
        return (Axis("x", -1.0, 1.0), Axis("y", -1.0, 1.0))

    @property
    def sides(self):
        return (Arc.of(self.curve, self.axes, "circle"),)

    def level(self, points):
        return points.norm(dim=1) - 1


CIRCLE = EllipticArc.circle((0.0, 0.0), 1.0)


@pytest.mark.parametrize(
    ("curve", "message"),
    [
        (
            CIRCLE.reversed(),
            "The normal of 'wrong' at .* points inwards, where its level is negative; outward normals",
        ),
        (
            EllipticArc.circle((0.0, 0.0), 0.99),
            "A point of the boundary of 'wrong' was drawn at .* level is 0.01",
        ),
        (EllipticArc.circle((1e-6, 0.0), 1.0), "level is .*e-0[67]; expected 0"),
    ],
)
def test_wrong_boundaries_are_named(curve, message):
    with pytest.raises(ValueError, match=message):
        Wrong(curve).boundary().draw(50, torch.Generator().manual_seed(0))
    assert len(Wrong(CIRCLE).boundary().draw(50, torch.Generator().manual_seed(0))[0]) == 50


def test_normals_of_another_length_are_named():
    points = torch.tensor([[1.0, 0.0]]).double()
    with pytest.raises(ValueError, match=r"A normal of .disk. at .* has length 2"):
        verify(Disk(), points, 2 * points)


@pytest.mark.parametrize("shift", [1e4, 1e7])
def test_shapes_far_from_zero_have_the_rounding_of_their_coordinates(shift):
    plate = (Box(x=(-1, 1), y=(-1, 1)) - Disk(radius=0.5)).moved(x=shift)
    cut = plate - Disk(center=(shift + 1, 0), radius=0.25)
    assert cut.measure == pytest.approx(4 - torch.pi * (0.25 + 0.03125), rel=1e-14 * shift)
    points, _ = cut.boundary().draw(500, torch.Generator().manual_seed(0))
    assert cut.level(points).abs().max() < 1e-15 * shift
