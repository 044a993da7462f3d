"""Arrays for numpy."""

import json

import numpy as np
from named_axes import named_axes

from sirenpde.export.about import About
from sirenpde.export.formats.npz import write_npz
from sirenpde.export.grid import Grid
from sirenpde.export.series import Series


def test_a_series_has_time_first_and_says_where_it_is_from(tmp_path):
    axes = named_axes("xt")
    place = Grid(axes[:1], (np.linspace(0, 1, 5),), {})
    series = Series(
        place, axes, np.array([0.0, 0.5, 2]), {"u": lambda p: p[:, 0] + 1j * p[:, 1], "v": lambda p: p}
    )
    facts = {"problem": "σ", "seed": 3, "relative_l2_u": 1e-9}
    with np.load(write_npz(tmp_path / "u.npz", series, About(facts))) as arrays:
        assert set(arrays) == {"axes", "t", "x", "u", "v", "about"} and arrays["axes"].tolist() == ["t", "x"]
        np.testing.assert_array_equal(arrays["u"], arrays["x"] + 1j * arrays["t"][:, None])
        assert arrays["v"].shape == (3, 5, 2) and json.loads(str(arrays["about"])) == facts
