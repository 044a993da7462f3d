"""Arrays that numpy saved."""

import numpy as np
import pytest

from sirenpde import SampleGrid
from sirenpde.geometry.readers.arrays import load_array


def test_an_array_is_read_and_what_is_none_is_one_paragraph(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(6).reshape(2, 3))
    assert load_array(tmp_path / "a.npy").tolist() == [[0, 1, 2], [3, 4, 5]]
    np.save(tmp_path / "o.npy", np.array([{}], dtype=object), allow_pickle=True)
    (tmp_path / "cut.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:-8])
    (tmp_path / "text.npy").write_text("no array")
    for name in ("o.npy", "cut.npy", "text.npy"):
        for read in (load_array, SampleGrid.read):
            with pytest.raises(ValueError, match=f"{name}' could not be read as an array"):
                read(tmp_path / name)
    np.savez(tmp_path / "several.npz", a=np.ones(2), b=np.ones(3))
    (tmp_path / "several.npz").rename(tmp_path / "several.npy")
    with pytest.raises(ValueError, match="holds several arrays"):
        SampleGrid.read(tmp_path / "several.npy")
