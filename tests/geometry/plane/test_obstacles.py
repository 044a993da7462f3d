"""Obstacles by name and from files."""

import math

import pytest

from sirenpde import Box, obstacle

ROOM = Box(x=(-0.5, 0.5), y=(-0.5, 0.5))


@pytest.mark.parametrize(
    ("name", "area"),
    [
        ("circle", math.pi),
        ("ellipse", math.pi / 2),
        ("square", 2.0),
        ("pair", 2 * 0.49 * math.pi),
    ],
)
def test_a_named_obstacle_has_its_area(name, area):
    assert obstacle(name, 0.2, ROOM).measure == pytest.approx(0.04 * area, rel=1e-9)


def test_a_file_is_read_as_it_is(tmp_path):
    table = tmp_path / "wedge.csv"
    table.write_text("x,y\n0.1,0\n0.3,0\n0.3,0.4\n")
    assert obstacle(str(table), 0.1, ROOM).measure == pytest.approx(0.04)
    with pytest.raises(
        ValueError, match=r"reaches from 0 to 0.4 along y; expected one inside of -0.2 to 0.2"
    ):
        obstacle(str(table), 0.1, Box(x=(-0.5, 0.5), y=(-0.2, 0.2)))


@pytest.mark.parametrize(
    ("given", "size", "message"),
    [
        ("circle", 0.5, "reaches from -0.5 to 0.5 along x; expected one inside"),
        ("circle", 0.0, "given the size 0; expected a finite number above 0"),
        ("kite.svg", 0.1, "no file 'kite.svg', and no obstacle of that name; expected circle, ellipse"),
    ],
)
def test_what_cannot_be_is_said(given, size, message):
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        obstacle(given, size, ROOM)
