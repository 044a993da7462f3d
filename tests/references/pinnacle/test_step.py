"""Flow over a step: what comes in goes out, the outlet's conditions, and the stored values."""

import numpy as np
import pytest

from sirenpde import bundled
from sirenpde.references.pinnacle.step import over_a_step

COARSE = {"smallest": 0.05, "largest": 0.2, "growth": 1.4}


def test_the_flow_is_that_of_the_inlet_and_leaves_without_pressure():
    s, weight = np.polynomial.legendre.leggauss(20)
    lines = [np.stack([np.full(20, x), (1 + s) * height / 2], axis=1) for x, height in ((1.0, 1), (4.0, 2))]
    inside, outlet = np.split(over_a_step(np.concatenate(lines), **COARSE), 2)
    assert weight @ inside[:, 0] / 2 == pytest.approx(2 / 3, rel=2e-3)
    assert weight @ outlet[:, 0] == pytest.approx(2 / 3, rel=2e-3)
    assert np.abs(outlet[:, 1]).max() < 1e-12 and np.abs(outlet[:, 2]).max() < 0.02
    assert outlet[-1, 0] < 0 < outlet[0, 0]  # the eddy behind the step reaches the outlet


@pytest.mark.slow
def test_the_stored_values_are_those_of_a_coarser_mesh():
    stored = np.load(bundled("pinnacle/ns2d_cg.npz"))
    points, known = np.stack([stored["x"], stored["y"]], axis=1), stored["certified"]
    found = over_a_step(points, smallest=0.003, largest=0.06)
    assert 1e-6 < np.linalg.norm(found - known) / np.linalg.norm(known) < 4e-4
