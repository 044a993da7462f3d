"""Tables of measurements: what is read from every kind of file, and what is refused."""

from pathlib import Path

import h5py
import meshio
import numpy as np
import pytest
import scipy.io
import torch
from solids import written

from sirenpde import Box, D, Disk, Field, LeastSquares, Problem, SineFeatures, Table, on, solve

plate = Box(x=(0, 100), y=(0, 50))
PLACES = np.array([[10.0, 20.0], [30.0, 5.0], [90.0, 45.0]])
HEAT = np.array([290.5, 300.25, 310.0])
CSV = "x [mm],y [mm],temperature [K],remark\n10,20,290.5,a\n30,5,300.25,b\n90,45,310,c\n"


def same(table: Table, key: str = "temperature") -> bool:
    return np.array_equal(table.points.numpy(), PLACES) and np.array_equal(table.data[key].numpy(), HEAT)


def test_a_table_of_text_keeps_its_units(tmp_path: Path) -> None:
    probes = Table.open(written(tmp_path, "probes.csv", CSV), plate)
    assert same(probes) and probes.units == {"x": "mm", "y": "mm", "temperature": "K"} and probes.notes == ()
    assert repr(probes) == "Table('probes', 3 points of (x [mm], y [mm]), temperature [K])"
    assert probes["temperature"].key == "temperature" and probes.size == 3
    points, data = probes.draw(None, torch.Generator())
    assert points is probes.points and set(data) == {"temperature"}


@pytest.mark.parametrize(
    "text",
    [
        "x [mm];y [mm];T (K)\n10,0;20;290,5\n30;5,0;300,25\n90;45;310\n",
        "x [mm]\ty [mm]\tT (K)\n10\t20\t290,5\n30\t5\t300,25\n90\t45\t310\n",
        "# x [mm], y [mm], T (K)\n10 20 290.5\n30 5 300.25\n90 45 310\n",
    ],
    ids=["decimal commas", "tabs", "a comment as header"],
)
def test_columns_by_other_names_and_marks(tmp_path: Path, text: str) -> None:
    file = written(tmp_path, "probes.csv", text)
    for given in ("T", "T (K)", "T [K]"):
        assert same(Table.open(file, plate, {"x": "x [mm]", "temperature": given}))
    assert Table.open(file, plate, {"temperature": "T"}).units["temperature"] == "K"
    with pytest.raises(
        ValueError, match=r"no column 'T \[C\]' for 'temperature'; it has x \[mm\], y \[mm\], T \[K\]"
    ):
        Table.open(file, plate, {"temperature": "T [C]"})


def test_archives_and_meshes(tmp_path: Path) -> None:
    arrays = {"x": PLACES[:, 0], "y": PLACES[:, 1], "temperature": HEAT}
    np.savez(tmp_path / "a.npz", **arrays, dt=0.5, history=np.zeros(7))
    scipy.io.savemat(tmp_path / "a.mat", {**arrays, "dt": 0.5})
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name, values in arrays.items():
            file[f"run/{name}"] = values
        file["run/temperature"].attrs["units"] = "K"
    points = np.column_stack([PLACES, np.zeros(3)])
    mesh = meshio.Mesh(points, [("triangle", [[0, 1, 2]])], point_data={"temperature": HEAT})
    mesh.write(tmp_path / "a.vtu")
    mesh.write(tmp_path / "a.vtk")
    for kind in ("npz", "mat", "h5", "vtu", "vtk"):
        assert same(Table.open(tmp_path / f"a.{kind}", plate)), kind
    assert Table.open(tmp_path / "a.h5", plate).units == {"temperature": "K"}
    with pytest.raises(ValueError, match=r"different lengths \(x 3, y 3, history 7\)"):
        Table.open(tmp_path / "a.npz", plate, {"history": "history"})


def test_gaps_are_refused_or_skipped_and_counted(tmp_path: Path) -> None:
    file = written(tmp_path, "g.csv", CSV.replace("300.25", "NA").replace("310,c", ",c"))
    said = r"g\.csv', line 3, column 'temperature': there is no value; 2 of 3 rows have such a gap"
    with pytest.raises(ValueError, match=said):
        Table.open(file, plate)
    probes = Table.open(file, plate, missing="skip")
    assert (
        probes.size == 1
        and probes.notes[0].startswith("2 of the 3 rows")
        and "line 3, line 4" in probes.notes[0]
    )
    np.savez(tmp_path / "g.npz", x=[1.0, np.nan], y=[1.0, 2.0])
    with pytest.raises(ValueError, match=r"row 1, column 'x': there is no value; 1 of 2"):
        Table.open(tmp_path / "g.npz", plate)
    with pytest.raises(ValueError, match=r"missing='drop'; expected 'refuse' or 'skip'"):
        Table.open(file, plate, missing="drop")  # type: ignore[arg-type]


def test_points_outside_are_named_and_refused_or_skipped(tmp_path: Path) -> None:
    file = written(tmp_path, "o.csv", CSV.replace("90,45", "190,45"))
    said = r"1 of 3 points of '.*o\.csv' lie outside .* \(x from 0 to 100, y from 0 to 50\): line 4: x = 190, y = 45"
    with pytest.raises(ValueError, match=said):
        Table.open(file, plate)
    probes = Table.open(file, plate, outside="skip")
    assert probes.size == 2 and "1 of 3 points" in probes.notes[0] and "x = 190" in probes.notes[0]
    with pytest.raises(ValueError, match=r"3 of 3 points .* Check the units"):
        Table.open(file, Box(x=(0, 0.1), y=(0, 0.05)), outside="skip")
    disk = Disk(center=(20, 20), radius=25)
    assert Table.open(file, disk, outside="skip").points.tolist() == [[10, 20], [30, 5]]


def test_points_that_stand_twice_are_told(tmp_path: Path) -> None:
    twice = Table.open(written(tmp_path, "d.csv", CSV + "30,5,300.5,again\n"), plate)
    assert twice.size == 4
    u = Field("u", plate)
    assert Problem(on(twice, name="seen")(lambda p: u(p) - twice["temperature"](p))).notes == twice.notes
    assert (
        twice.notes[0].startswith("2 of the 4 points of")
        and "x = 30, y = 5 (line 3, line 5)" in twice.notes[0]
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"is empty"),
        ("x,y,T\n", r"has no rows of numbers"),
        ("x,T\n1,2\n", r"has no column 'y' for the axis y; it has x, T"),
        ("x,y,T,T\n1,2,3,4\n", r"two columns named 'T', columns 3 and 4 by line 1"),
        ("x,y,T\n1,2,3\n1,2,warm\n", r"line 3, column 3 'T': 'warm' is no number"),
        ("x,y,T\n1,5,2,3\n", r"has 4 columns in line 2 and 3 names.*A decimal comma needs semicolons"),
        ("x,y,T\n1,2,inf\n", r"line 2, column 3 'T': inf"),
    ],
)
def test_tables_that_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Table.open(written(tmp_path, "t.csv", text), plate)


def test_files_that_are_damaged_or_of_another_kind(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for kind in ("npz", "mat", "h5", "vtu", "vtk"):
        with pytest.raises(ValueError, match=rf"could not be read as {kind.upper()}"):
            Table.open(
                written(tmp_path, f"a.{kind}", "nothing of this kind, but longer than a header" * 9), plate
            )
    with pytest.raises(ValueError, match=r"of type '\.docx'; data are read from \.csv"):
        Table.open(written(tmp_path, "a.docx", "hello"), plate)
    assert capfd.readouterr() == ("", "")


def test_a_field_through_measurements_in_arrays_of_a_program() -> None:
    rod = Box(x=(0, 1))
    (x,) = rod.axes
    u = Field("u", rod, SineFeatures(30, 3.0))
    places = np.linspace(0.1, 0.9, 4)
    probes = Table.of({"x": places, "u [m]": torch.from_numpy(places**2 / 2)}, rod)
    bend = on(rod, 60, name="bend")(lambda p: D(u, x, x)(p) - 1)
    seen = on(probes, name="seen")(lambda p: u(p) - probes["u"](p))
    problem = Problem(bend, seen, reference={u: lambda p: x(p) ** 2 / 2})
    assert problem.notes == ()
    solution = solve(problem, [LeastSquares()])
    assert solution.errors["u"]["relative_l2"] < 1e-8
