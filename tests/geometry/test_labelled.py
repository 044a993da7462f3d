"""Labels of points: inside or outside of a solid."""

import math

import numpy as np
import pytest
import torch
from boxes import seeded

from sirenpde import Box, Cylinder, TriangleMesh, bundled


def test_labels_of_a_mesh_are_those_of_its_winding_number():
    import igl

    spot = TriangleMesh.open(bundled("spot.obj"))
    points, data = spot.labels(Box.around(spot, fill=1.0)).draw(20_000, seeded())
    winding = igl.fast_winding_number(spot.vertices.numpy(), spot.faces.numpy(), points.numpy())
    assert np.array_equal(data["outside"].numpy() == 0, winding > 0.5)
    share = float((data["outside"] == 0).double().mean())
    assert share == pytest.approx(spot.measure / Box.around(spot, fill=1.0).measure, abs=0.01)


def test_points_beside_a_boundary_lie_as_far_from_it_as_asked_for_and_on_both_sides():
    rod = Cylinder(radius=1, height=50)
    points, data = rod.labels(rod.boundary(), spread=0.01).draw(20_000, seeded())
    away = points[points[:, 2].abs() < 24][:, :2].norm(dim=1) - 1
    assert float(away.std()) == pytest.approx(0.01, rel=0.03)
    assert float(data["outside"].mean()) == pytest.approx(0.5, abs=0.02)
    assert torch.equal(data["outside"] == 1, rod.level(points) > 0)


def test_a_negative_or_missing_spread_and_an_open_mesh_are_refused():
    spot = TriangleMesh.open(bundled("spot.obj"))
    with pytest.raises(ValueError, match=r"spread=-1.*a length, not negative"):
        spot.labels(spot.boundary(), spread=-1)
    with pytest.raises(ValueError, match="spread=nan"):
        spot.labels(spot.boundary(), spread=math.nan)
    torn = TriangleMesh(spot.vertices, spot.faces[:-3], "torn")
    with pytest.raises(ValueError, match="'torn' is not closed"):
        torn.labels(Box.around(torn))
