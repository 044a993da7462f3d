"""Point clouds: their points, data and parts."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from boxes import seeded
from solids import cube
from torch import Tensor

from sirenpde import Point, PointCloud
from sirenpde.geometry.domain import Data


def test_a_cloud_keeps_points_and_data() -> None:
    cloud = PointCloud(np.array([[0, 0, 1], [1, 0, 0]], np.float32), cube, {"c": [1, 2], "n": np.eye(3)[:2]})
    points, data = cloud.draw(None, seeded())
    assert points.dtype == data["c"].dtype == torch.float64 and cloud.size == 2 and cloud.axes == cube.axes
    assert data["c"].tolist() == [1, 2] and data["n"].shape == (2, 3)
    assert cloud["c"] == Data("c") and str(cloud["c"]) == "c"

    def nothing(_: object) -> Tensor:
        raise AssertionError

    assert cloud["c"](Point(("x", "y", "z"), points[1], nothing, lambda key: data[key][1])) == 2
    assert PointCloud([[0.0, 0, 0]], cube, {"u": [1 + 2j]}).data["u"].dtype == torch.complex128


def test_a_cloud_does_not_follow_the_array_it_was_made_of() -> None:
    array = np.zeros((2, 3))
    cloud = PointCloud(array, cube)
    array[:] = 1
    assert (cloud.points == 0).all()


def test_parts_of_a_cloud() -> None:
    points = cube.draw(500, seeded())[0]
    cloud = PointCloud(points, cube, {"x": points[:, 0], "right": points[:, 0] > 0.5})
    mask = points[:, 0] > 0.5
    for part in (cloud.where("right"), cloud.where(mask), cloud.where(mask.numpy())):
        assert part.size == int((points[:, 0] > 0.5).sum())
        assert part.points[:, 0].min() > 0.5 and torch.equal(part.data["x"], part.points[:, 0])
    some, data = cloud.where("right", name="half").draw(20, seeded())
    assert len(torch.unique(some, dim=0)) == 20 and torch.equal(data["x"], some[:, 0])
    assert cloud.where("right").name == "right" and cloud.where("right", name="half").name == "half"


def test_draws_repeat_with_the_generator() -> None:
    cloud = PointCloud(cube.draw(500, seeded())[0], cube)
    assert torch.equal(cloud.draw(50, seeded(1))[0], cloud.draw(50, seeded(1))[0])
    assert not torch.equal(cloud.draw(50, seeded(1))[0], cloud.draw(50, seeded(2))[0])


@pytest.mark.parametrize(
    ("points", "data", "message"),
    [
        ([1.0, 2.0, 3.0], {}, r"shape \(3,\); expected \(n, 3\), one column for each of x, y, z"),
        ([[0.0, 0.0]], {}, r"shape \(1, 2\); expected \(n, 3\)"),
        (np.zeros((0, 3)), {}, r"There are no points in 'cloud'"),
        ([[0, 0, 0], [0, 5, 0]], {}, r"1 of 2 points of 'cloud' lie outside the box: row 1 has y = 5"),
        ([[0, 0, 0], [0, 0, np.nan]], {}, r"points of 'cloud': nan in row 1, column z;"),
        ([["a", "b", "c"]], {}, r"array of <U1; numbers are needed"),
        ([[0j, 0, 0]], {}, r"are complex; coordinates are real"),
        ([[0, 0, 0]], {"d": [1, 2]}, r"data 'd' have shape \(2,\); expected \(1, \.\.\.\)"),
        ([[0, 0, 0]], {"d": 1.0}, r"data 'd' have shape \(\)"),
        ([[0, 0, 0], [0, 0, 1]], {"d": [1, np.inf]}, r"The data 'd': inf in row 1"),
        ([[0, 0, 0]], {"d": [[1, np.nan]]}, r"The data 'd': nan in row 0, column 1"),
    ],
)
def test_clouds_that_are_refused(points: object, data: dict[str, object], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        PointCloud(points, cube, data)  # type: ignore[arg-type]


def test_names_and_masks_that_do_not_fit() -> None:
    cloud = PointCloud([[0.0, 0, 0]], cube, {"a": [0.0], "b": [1.0]})
    with pytest.raises(ValueError, match="'cloud' carries no data 'normal'; it carries 'a', 'b'"):
        cloud["normal"]
    with pytest.raises(ValueError, match="it carries none"):
        PointCloud([[0.0, 0, 0]], cube)["normal"]
    with pytest.raises(ValueError, match="No point of 'cloud' is left in 'a'"):
        cloud.where("a")
    with pytest.raises(TypeError, match="int64; booleans are needed"):
        cloud.where([1])
    with pytest.raises(ValueError, match=r"shape \(2,\); expected \(1,\)"):
        cloud.where([True, False])


def test_single_precision_and_whole_numbers_stay_exact() -> None:
    single = np.array([[0.1, 0.2, 0.3], [0.7, -0.9, 1 / 3]], np.float32)
    cloud = PointCloud(single, cube, {"n": np.array([2**31 - 1, -7], np.int32), "s": single[:, 0]})
    assert cloud.points.dtype == torch.float64 and (cloud.points.numpy() == single).all()
    assert cloud.data["n"].tolist() == [2147483647, -7] and cloud.data["s"][0] == float(np.float32(0.1))
    twice = PointCloud([[0.5, 0, 0], [0.5, 0, 0]], cube)
    assert twice.size == 2


def test_points_outside_are_counted_over_all_axes() -> None:
    with pytest.raises(ValueError, match=r"3 of 4 points .* row 0 has z = 2; .* Others are in rows 2, 3\."):
        PointCloud([[0, 0, 2], [0, 0, 0], [-3, 0, 0], [0, 1.5, 0]], cube)
