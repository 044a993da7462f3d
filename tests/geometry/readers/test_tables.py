"""Tables of points as programs write them."""

from __future__ import annotations

from pathlib import Path

import pytest
from solids import written

from sirenpde import Box, PointCloud
from sirenpde.geometry.readers.tables import read_table

UNIT = Box(x=(0, 1), y=(0, 1))


@pytest.mark.parametrize(
    ("text", "points", "data"),
    [
        ("x;y;u\n0,1;0,2;1,5\n0,3;0,25;-1e-3\n", [[0.1, 0.2], [0.3, 0.25]], {"u": [1.5, -1e-3]}),
        ("0,1 0,2\n0,3 1\n", [[0.1, 0.2], [0.3, 1]], {}),
        ("\ufeffx\ty\tu\r\n0.1\t0.2\t3\r\n", [[0.1, 0.2]], {"u": [3]}),
        ("sep=;\nx;y\n0,1;0,2\n", [[0.1, 0.2]], {}),
        ("% Model: a.mph\n% Dimension: 2\n% x     y      T (K)\n0.1  0.2  300\n", [[0.1, 0.2]], {"T": [300]}),
        ("% Nodes,1\n% X,Y,T (K)\n0.1,0.2,300\n", [[0.1, 0.2]], {"T": [300]}),
        (
            "% x y T (K) @ t=0 T (K) @ t=1\n0.1 0.2 300 2\n",
            [[0.1, 0.2]],
            {"T (K) @ t=0": [300], "T (K) @ t=1": [2]},
        ),
        ("#  x  y  p\n0.1 0.2 5 # the first\n", [[0.1, 0.2]], {"p": [5]}),
        ("// by hand\n0.1 0.2\n// more\n0.3 0.4\n", [[0.1, 0.2], [0.3, 0.4]], {}),
        ('"U:0","Points:0","Points:1"\n7,0.1,0.2\n', [[0.1, 0.2]], {"U:0": [7]}),
        ('"Points_1","Points_0","U, whole"\n0.2,0.1,5\n', [[0.1, 0.2]], {"U, whole": [5]}),
        (
            "[Name]\nPlane 1\n\n[Data]\nX [ m ], Y [ m ], p [ Pa ]\n 0.1, 0.2, 1.0e+05\n\n[Faces]\n0, 1\n",
            [[0.1, 0.2]],
            {"p": [1e5]},
        ),
        (
            "nodenumber,   x-coordinate,   y-coordinate\n  1,  0.1,  0.2\n",
            [[0.1, 0.2]],
            {"nodenumber": [1]},
        ),
        ("Node\tX Location (mm)\tY Location (mm)\n1\t0.1\t0.2\n", [[0.1, 0.2]], {"Node": [1]}),
        ("x,y,u,part\n0.1,0.2,3,left\n0.3,0.4,5,right\n", [[0.1, 0.2], [0.3, 0.4]], {"u": [3, 5]}),
        (",x,y\n0,0.1,0.2\n1,0.3,0.4\n", [[0.1, 0.2], [0.3, 0.4]], {"column 1": [0, 1]}),
        ("x,y,\n0.1,0.2,\n0.3,0.4,\n,,\n", [[0.1, 0.2], [0.3, 0.4]], {}),
        ("x,y\n0.1D0,+2d-1\n", [[0.1, 0.2]], {}),
        ('x,y\n"0.1","0,2"\n', None, {}),
        ("2\n0.1 0.2\n0.3 0.4\n", [[0.1, 0.2], [0.3, 0.4]], {}),
        ("0.1 0.2 0.6 0.8\n", [[0.1, 0.2]], {"normal": [[0.6, 0.8]]}),
    ],
)
def test_tables_as_programs_write_them(
    tmp_path: Path, text: str, points: list[list[float]] | None, data: dict[str, object]
) -> None:
    file = tmp_path / "table.csv"
    file.write_bytes(text.encode())
    if points is None:
        with pytest.raises(ValueError, match=r"line 2, column 1 'x': 0\.1 has a decimal point"):
            PointCloud.open(file, UNIT)
        return
    cloud = PointCloud.open(file, UNIT)
    assert cloud.points.tolist() == points
    assert {key: values.tolist() for key, values in cloud.data.items()} == data


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,y,u,v\n0.1,0.2,1.0,\n0.3,0.2,1.0,0.1\n", r"line 2, column 4 'v': the cell is blank"),
        ("% made\n\n0.1,0.2\n0.1,,\n", r"line 4, has 3 cells and line 3 has 2"),
        ("x,y\n0.1,0.2\n,0.2\n", r"line 3, column 1 'x': the cell is blank"),
        (",0.2\n0.3,0.2\n", r"line 1, column 1 'x': the cell is blank"),
        ("x,y,u,u\n0,1,2,3\n", r"two columns named 'u', columns 3 and 4 by line 1"),
        ("# x x y\n0 1 1\n", r"two columns named 'x', columns 1 and 2"),
        ("x;y;u\n0,1;0,2;1.234,5\n", r"line 2, column 3 'u': '1\.234,5' is no number"),
        (
            "x;y\n0,1;0.2\n",
            r"line 2, column 2 'y': 0\.2 has a decimal point and other cells have decimal commas",
        ),
        ("x,y,u\n0,1,0,2,1,5\n", r"6 columns in line 2 and 3 names .* A decimal comma needs semicolons"),
        ("x [mm],y [m]\n0.1,0.2\n", r"line 1, gives x in mm, y in m; coordinates in one unit"),
        ("x,y,u\n0.1,0.2,3\n0.1,0.2,NA\n", r"line 3, column 3 'u': 'NA' is no number"),
        ("x,y,u\nm,m,K\n0.1,0.2,3\n", r"line 2, column 1 'x': 'm' is no number"),
        ("x,y\n0.1,1_0\n", r"line 2, column 2 'y': '1_0' is no number"),
        ("x,y\n0.1,0.2\n0.1,1e999\n", r"line 3, column 2 'y': (1e999|inf)"),
        ('x,y\n0.1,0.2\n"0.3,0.4\n', r"line 3, could not be split into columns"),
        ("A title\nx,y\n0.1,0.2\n", r"line 2, has 2 cells and line 1 has 1"),
        ("0.1 0.2 255 0\n", r"the last 2 are no unit normals\. Pass columns"),
        ("0.1 0.2 3\n", r"has 3 columns and no names for them; the 2 axes x, y"),
        ("3\n0.1 0.2\n0.3 0.4\n", r"line 2, has 2 cells and line 1 has 1"),
        ("a,b\nleft,right\n", r"columns a, b; one is needed for each of the axes x, y"),
    ],
)
def test_tables_that_are_refused_by_line_and_column(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PointCloud.open(written(tmp_path, "table.csv", text), UNIT)


def test_tables_of_other_encodings(tmp_path: Path) -> None:
    for encoding in ("utf-16", "cp1252", "utf-8-sig"):
        (tmp_path / "t.csv").write_bytes("x,y,T [°C]\n0.1,0.2,3\n".encode(encoding))
        cloud = PointCloud.open(tmp_path / "t.csv", UNIT)
        assert cloud.points.tolist() == [[0.1, 0.2]] and cloud.data["T"].tolist() == [3]


def test_times_and_their_units_are_axes_too(tmp_path: Path) -> None:
    file = written(tmp_path, "probe.csv", "Time [s],X (m),u\n0.5,0.2,3\n")
    cloud = PointCloud.open(file, Box(t=(0, 1), x=(0, 1)))
    assert cloud.points.tolist() == [[0.5, 0.2]] and cloud.data["u"].tolist() == [3]


@pytest.mark.parametrize(
    ("row", "names"),
    [
        ("1 2 3 17.5", "x y z intensity"),
        ("1 2 3 255 0 10", "x y z red green blue"),
        ("1 2 3 0 0 1", "x y z nx ny nz"),
        ("1 2 3 -7 255 0 10", "x y z intensity red green blue"),
        ("1 2 3 255 0 10 0 0.6 -0.8", "x y z red green blue nx ny nz"),
        ("1 2 3 0 0.6 -0.8 255 0 10", "x y z nx ny nz red green blue"),
    ],
)
def test_points_of_scanners_need_no_names(tmp_path, row, names):
    file = tmp_path / "scan.xyz"
    file.write_text(f"{row}\n{row}\n")
    assert list(read_table(file, None, ["x", "y", "z"])) == names.split()
