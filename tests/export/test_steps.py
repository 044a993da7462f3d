"""Series of states: values, names, active arrays, facts and times in every file that plays them, as VTK reads it."""

import meshio
import numpy as np
import pytest
import torch
from named_axes import named_axes
from vtk_readers import read, read_all

from sirenpde import Disk
from sirenpde.export.about import About
from sirenpde.export.format import formats
from sirenpde.export.grid import Grid
from sirenpde.export.mesh import Mesh
from sirenpde.export.series import Series
from sirenpde.export.steps import joined, steps_of
from sirenpde.geometry.meshes.cells import Cells

TIMES = np.linspace(0, 0.5, 3)
ABOUT = About({"problem": 'a <heat> & "waves"', "seed": 3, "relative_l2": 1.5e-12}, {"w": ("wx", "wy")})
X = np.array([0.0, 0.5, 1.0])
PLACES = {
    "even": Grid(named_axes("xy"), (X, np.linspace(-1, 1, 5)), {}),
    "uneven": Grid(named_axes("xy"), (X**2, np.linspace(-1, 1, 5)), {}),
    "disk": Mesh(named_axes("xy"), Disk().cells(6), {}),
    "line": Grid(named_axes("x"), (X,), {}),
    "points": Mesh(named_axes("xy"), Cells(torch.rand(9, 2).double(), torch.arange(9)[:, None]), {}),
    "rim": Mesh(
        named_axes("xy"), Cells(torch.rand(9, 2).double(), torch.tensor([[0, 3], [3, 8], [8, 1]])), {}
    ),
    "skin": Mesh(
        named_axes("xyz"), Cells(torch.rand(4, 3).double(), torch.tensor([[0, 1, 2], [3, 2, 1]])), {}
    ),
}
FUNCTIONS = {
    "u": lambda p: p[:, 0] + 10 * p[:, -1],
    "e": lambda p: p[:, 0] + 1j * p[:, -1],
    "w": lambda p: np.stack([p[:, 0], p[:, -1]], axis=1),
    "h": lambda p: p[:, :2, None] * p[:, None, :2],
    "late": lambda p: (
        p[:, -1, None, None] * np.array([[0.0, 1.0], [0.0, 0.0]])
    ),  # 0 at first, and so symmetric
    "five": lambda p: np.tile(p[:, -1:], 5),
}


def series(place, times=TIMES):
    names = (*PLACES[place].names, "t")
    return Series(PLACES[place], named_axes(names), times, FUNCTIONS)


def kind_of(place):
    return "ImageData" if place == "even" else "UnstructuredGrid"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", ["pvd", "vtkhdf", "xdmf"])
def test_a_series_is_played_with_its_values(tmp_path, kind, place):
    carrier = series(place)
    path = formats()[kind].write(tmp_path / f"u.{kind}", carrier, ABOUT)
    found = read_all(path)
    np.testing.assert_allclose([time for time, _ in found], TIMES, atol=1e-15)
    for t, step in found:
        assert step.kind == ("UnstructuredGrid" if kind == "xdmf" else kind_of(place))
        x = step.points[:, 0]
        if kind_of(place) == "UnstructuredGrid":
            shown = step.points[:, : len(carrier.carrier.axes)]
            np.testing.assert_allclose(shown, carrier.carrier.points, atol=1e-15)
        assert len(x) == len(carrier.carrier.points) and np.ptp(x) == np.ptp(carrier.carrier.points[:, 0])
        np.testing.assert_allclose(step["u"], x + 10 * t, atol=1e-14)
        np.testing.assert_allclose(step["e_abs"], np.hypot(x, t), atol=1e-14)
        five = step["five"] if kind != "xdmf" else np.stack([step[f"five_{i}"] for i in range(5)], 1)
        np.testing.assert_allclose(five, np.full((len(x), 5), t), atol=1e-15)
        if place not in ("line", "skin"):
            np.testing.assert_allclose(step["w"], np.stack([x, x * 0 + t, 0 * x], 1), atol=1e-15)
            y = step.points[:, 1]
            entries = [x * x, y * y, 0 * x, x * y] if kind != "xdmf" else [x * x, x * y, 0 * x, x * y]
            np.testing.assert_allclose(step["h"][:, :4], np.stack(entries, 1), atol=1e-15)
            np.testing.assert_allclose(step["late"][:, 1], t, atol=1e-15)
            assert step["late"].shape[1] == 9
        if kind != "xdmf":
            assert step.active["Scalars"] == "u"
            assert place in ("line", "skin") or step.active == {
                "Scalars": "u",
                "Vectors": "w",
                "Tensors": "h",
            }
            assert step.facts.items() >= ABOUT.facts.items()
        if kind == "pvd":
            assert step.facts["TimeValue"] == pytest.approx(t)
            assert step.components("w")[:2] == ["wx", "wy"]


def test_meshio_reads_the_xdmf_series(tmp_path):
    carrier = series("disk")
    formats()["xdmf"].write(tmp_path / "u.xdmf", carrier, ABOUT)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["u.h5", "u.xdmf"]
    with meshio.xdmf.TimeSeriesReader(tmp_path / "u.xdmf") as file:
        points, (cells,) = file.read_points_cells()
        np.testing.assert_array_equal(cells.data, carrier.carrier.cells.corners)
        for time, step in zip(TIMES, map(file.read_data, range(3)), strict=True):
            assert step[0] == time
            np.testing.assert_allclose(step[1]["u"], points[:, 0] + 10 * time, atol=1e-14)


@pytest.mark.parametrize("kind", ["pvd", "vtkhdf", "xdmf", "vtu", "vti"])
def test_one_time_is_a_file_of_one_state(tmp_path, kind):
    found = read_all(formats()[kind].write(tmp_path / f"u.{kind}", series("even", TIMES[1:2]), ABOUT))
    assert len(found) == 1
    np.testing.assert_allclose(found[0][1]["u"], found[0][1].points[:, 0] + 2.5, atol=1e-14)
    if kind != "xdmf":
        assert found[0][1].facts["TimeValue"] == 0.25


@pytest.mark.parametrize("kind", ["vtkhdf", "pvd", "xdmf", "npz", "csv", "vtu", "vti"])
def test_equal_series_make_equal_files(tmp_path, kind):
    carrier = series("even", TIMES[:1] if kind in ("vtu", "vti") else TIMES)
    for name in "ab":
        formats()[kind].write(tmp_path / name / f"u.{kind}", carrier, ABOUT)
    first, second = (
        {f.relative_to(tmp_path / n): f.read_bytes() for f in (tmp_path / n).rglob("*") if f.is_file()}
        for n in "ab"
    )
    assert first == second and len(first) == {"pvd": 4, "xdmf": 2}.get(kind, 1)


@pytest.mark.parametrize("kind", ["vtu", "vti"])
def test_several_times_are_refused_where_there_is_room_for_one(tmp_path, kind):
    with pytest.raises(
        ValueError, match=r"at 3 times .* Write CSV, MP4, NPZ, PVD, VTKHDF or XDMF, or choose one time"
    ):
        formats()[kind].write(tmp_path / f"u.{kind}", series("even"), ABOUT)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["vtu", "vti", "pvd", "vtkhdf", "xdmf"])
def test_four_axes_in_space_are_refused(tmp_path, kind):
    grid = Grid(named_axes("abcd"), (X,) * 4, {"u": np.zeros((3,) * 4)})
    with pytest.raises(ValueError, match=r"4 axes a, b, c, d .* Write CSV or NPZ, or export a slice"):
        formats()[kind].write(tmp_path / f"u.{kind}", grid, ABOUT)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("order", ["txy", "xty", "xyt"])
def test_values_along_a_time_axis_are_states(order):
    shape = {"t": 3, "x": 3, "y": 5}
    values = np.random.default_rng(0).normal(size=(*map(shape.get, order), 2))
    grid = Grid(named_axes(order), tuple(np.arange(float(shape[n])) for n in order), {"u": values})
    steps = steps_of(grid)
    assert steps.times == (0, 1, 2) and steps.places.names == ("x", "y")
    np.testing.assert_array_equal(steps.at(2).values["u"], np.moveaxis(values, order.index("t"), 0)[2])


def test_values_on_a_mesh_times_time_are_states(tmp_path):
    cells = Disk().cells(6)
    mesh = Mesh(
        named_axes("xyt"),
        cells.times(cells.points.new_tensor(TIMES)),
        {"u": np.arange(37 * 3.0).reshape(37, 3)},
    )
    found = read_all(formats()["vtkhdf"].write(tmp_path / "u.vtkhdf", mesh, ABOUT))
    assert [step["u"][1] for _, step in found] == [3, 4, 5]


def test_a_series_that_fails_leaves_nothing_and_keeps_what_was_there(tmp_path):
    good = series("even")

    def fails(p):
        if p[0, -1] > 0.3:
            raise ValueError("no more")
        return p[:, 0]

    bad = Series(good.carrier, good.axes, good.times, {"u": fails})
    for kind in ("pvd", "vtkhdf", "xdmf", "npz", "csv"):
        folder = tmp_path / kind
        for there in (False, True):
            if there:
                formats()[kind].write(folder / f"u.{kind}", good, ABOUT)
            before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
            with pytest.raises(ValueError, match="no more"):
                formats()[kind].write(folder / f"u.{kind}", bad, ABOUT)
            assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == before
            assert len(list(folder.iterdir())) == (2 if there and kind in ("pvd", "xdmf") else int(there))


def test_a_folder_or_file_of_someone_elses_is_not_touched(tmp_path):
    (tmp_path / "u_pvd").mkdir()
    (tmp_path / "u_pvd" / "thesis.tex").write_text("dear")
    (tmp_path / "u.h5").write_text("mine")
    for kind, said in (("pvd", r"holds 'thesis.tex'"), ("xdmf", "belongs to no such file")):
        with pytest.raises(ValueError, match=said):
            formats()[kind].write(tmp_path / f"u.{kind}", series("even"), ABOUT)
    assert (tmp_path / "u_pvd" / "thesis.tex").read_text() == "dear" and (
        tmp_path / "u.h5"
    ).read_text() == "mine"


def test_a_shorter_series_leaves_no_step_of_a_longer_one(tmp_path):
    for times in (TIMES, TIMES[:2]):
        path = formats()["pvd"].write(tmp_path / "u.pvd", series("disk", times), ABOUT)
    assert len(list((tmp_path / "u_pvd").iterdir())) == 2 == len(read_all(path))
    assert read(tmp_path / "u_pvd" / "u_1.vtu").facts["TimeValue"] == 0.25


@pytest.mark.parametrize("place", ["even", "disk"])
def test_a_series_is_joined_to_one_carrier_with_time(place):
    whole = joined(series(place))
    assert whole.names[-1] == "t" and whole.shape[-1] == 3
    for name, values in whole.values.items():
        np.testing.assert_array_equal(
            values.reshape(len(whole.points), *values.shape[len(whole.shape) :]),
            FUNCTIONS[name](whole.points),
        )
    np.testing.assert_array_equal(steps_of(whole).at(1).values["u"], list(series(place))[1].values["u"])


def test_points_with_a_time_each_are_one_state(tmp_path):
    points = torch.tensor([[0.0, 1.0, 0.5], [0.25, 0.75, 0.1]], dtype=torch.float64)
    mesh = Mesh(named_axes("xyt"), Cells(points, torch.arange(2)[:, None]), {"u": np.array([3.0, 4.0])})
    assert steps_of(mesh).times == ()
    text = formats()["csv"].write(tmp_path / "u.csv", mesh, ABOUT).read_text().splitlines()
    assert text == [
        "x,y,t,u",
        "0.0,1.0,0.5,3.0",
        "0.25,0.75,0.1,4.0",
    ]
