"""Sparse linear evolution, exact in time: against dense exponentials."""

import numpy as np
import scipy.linalg
import scipy.sparse

from sirenpde.references.pinnacle.decay import decayed


def test_it_equals_the_dense_exponential():
    n = 60
    stiffness = (
        scipy.sparse.diags([-np.ones(n - 1), 2 * np.ones(n), -np.ones(n - 1)], [-1, 0, 1], format="csc")
        * n**2
    )
    mass = scipy.sparse.diags(
        [np.ones(n - 1) / 6, 2 * np.ones(n) / 3, np.ones(n - 1) / 6], [-1, 0, 1], format="csc"
    )
    start = np.ones(n)  # which does not vanish at the ends, as the solution does
    found = decayed(mass, stiffness, start, [1e-3, 1e-2, 1e-1], vectors=40)
    dense = scipy.linalg.solve(mass.toarray(), -stiffness.toarray())
    known = np.stack([scipy.linalg.expm(t * dense) @ start for t in (1e-3, 1e-2, 1e-1)])
    assert np.abs(found - known).max() < 1e-10
