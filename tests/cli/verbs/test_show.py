"""``show``."""

from PIL import Image
from problem_files import run


def test_show_tells_constraints_networks_and_channels(case, capsys):
    code, out, _ = run(capsys, "show", "case.py", "--trained", "--width", 16, "--out", "drawn")
    assert code == 0
    assert "u'' = -factor" in out and "u_xx" in out and "16" in out and "channels" in out
    with Image.open(case / "drawn" / "case-samples.png") as image:
        assert image.width > 500


def test_looking_never_writes_over_a_file(case, capsys):
    (case / "mine.png").write_text("mine")
    for command in ("check", "show"):
        code, _, err = run(capsys, command, "case.py", "--out", "mine.png")
        assert code == 1 and "mine.png is there already; nothing was changed" in err
        assert run(capsys, command, "case.py", "--out", f"drawn/{command}")[0] == 0
        drawn = case / "drawn" / command / "case-samples.png"
        before = drawn.read_bytes()
        code, out, err = run(capsys, command, "case.py", "--out", f"drawn/{command}")
        assert code == 1 and out == "" and "is there already" in err and drawn.read_bytes() == before
    assert (case / "mine.png").read_text() == "mine"


def test_values_of_several_components_are_told_by_their_shape(case, capsys):
    Image.new("RGB", (5, 4)).save(case / "own.png")
    code, out, _ = run(capsys, "show", "image_regression", "--image", "own.png", "--colours", "rgb")
    assert code == 0 and "real (3,)" in out


def test_a_picture_of_one_pixel_is_solved_and_drawn(case, capsys):
    """Warnings, as of an axis without length, are errors here."""
    Image.new("L", (1, 1), 99).save(case / "one.png")
    code, out, err = run(capsys, "solve", "image_regression", "--image", "one.png", "--out", "one")
    assert code == 0 and "fields/u-gradient-curvature.csv" in out and "Warning" not in err
