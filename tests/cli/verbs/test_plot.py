"""``plot``: films, and the times that are shown."""

import sys

from PIL import Image
from problem_files import CASE, run

FADING = '''"""A wave that fades."""

import torch
from torch import Tensor

from sirenpde import Box, Field, LeastSquares, Point, Problem, SineFeatures, on

box = Box(t=(0, 1), x=(0, 1))
t, x = box.axes
u = Field("u", box, SineFeatures(40, 3.0))


@on(box, samples=200)
def fading(p: Point) -> Tensor:
    """u = (1 - t) x"""
    return u(p) - (1 - t(p)) * x(p)


problem = Problem(fading, using=[LeastSquares()])
'''


def test_a_run_is_drawn_at_times_and_as_a_film(case, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    (case / "fading.py").write_text(FADING)
    assert run(capsys, "solve", "fading.py", "--out", "r")[0] == 0
    plane = (case / "r" / "figures" / "u.png").read_bytes()
    code, out, _ = run(capsys, "plot", "r", "--times", "0,0.5")
    assert code == 0 and out.split() == ["r/figures/loss.png", "r/figures/u.png"]
    assert (case / "r" / "figures" / "u.png").read_bytes() != plane
    code, out, _ = run(capsys, "plot", "r", "--animate", "--times", "0:1:3")
    assert code == 0 and out.split() == ["r/figures/u.gif"]
    with Image.open(case / "r" / "figures" / "u.gif") as film:
        assert film.n_frames == 3 and film.width > 400
    code, _, err = run(capsys, "plot", "r", "--animate", "--times", "0:2:3")
    assert code == 1 and "t runs from 0 to 1" in err
    code, _, err = run(capsys, "plot", "r", "--times", "0:x")
    assert code == 2 and "such as 0:1:50" in err


def test_what_stands_still_is_no_film(case, capsys):
    assert "t=" not in CASE and run(capsys, "solve", "case.py", "--out", "r")[0] == 0
    code, _, err = run(capsys, "plot", "r", "--animate")
    assert code == 1 and "depends on both space and time" in err
