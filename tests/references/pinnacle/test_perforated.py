"""Heat in a plate with holes, by cubic elements with curved edges: against packed values."""

import math

import numpy as np
import pytest

from sirenpde import Interval, PointCloud, bundled
from sirenpde.references.pinnacle import perforated


def test_the_plate_has_seventeen_holes():
    solid = perforated.plate()[0]
    assert math.isclose(solid.measure, 16 * 24 - math.pi * (11 + 6 * 0.16), rel_tol=1e-12)


@pytest.mark.slow
def test_packed_temperatures_are_those_of_a_coarser_mesh():
    pytest.importorskip("skfem")
    solid = perforated.plate()[0]
    cloud = PointCloud.open(bundled("pinnacle/heat2d_cg.npz"), solid * Interval(t=(0, 3)))
    chosen = cloud.where((cloud.points[:, 2] - 1).abs() < 1e-9)
    found = perforated.warmed(chosen.points[:, :2].numpy(), [1.0], resolution=60)[0]
    known = chosen.data["certified"].numpy()
    assert np.linalg.norm(found - known) < 5e-5 * np.linalg.norm(known)
