"""Pictures of many megapixels, by the command line and in bounded memory."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

PEAK = """
import resource, sys
from sirenpde.cli.main import main
code = main(sys.argv[1:])
print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
raise SystemExit(code)
"""


def peak_of(folder, *words):
    """The largest memory of a command in megabytes; it has to end well."""
    command = [sys.executable, "-c", PEAK, "solve", *words, "--out", str(folder / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout.rpartition("peak")[2])


def photograph(folder, height, width):
    rows, columns = np.ogrid[:height, :width]
    waves = 128 + 60 * np.sin(rows / 97) + 50 * np.cos(columns / 61 + rows / 203)
    picture = np.broadcast_to(waves[..., None], (height, width, 3))
    noise = np.random.default_rng(0).integers(0, 12, picture.shape)
    Image.fromarray((picture + noise).astype(np.uint8)).save(folder / "target.png", compress_level=1)
    return str(folder / "target.png")


@pytest.mark.slow
def test_an_edit_of_24_megapixels_takes_the_memory_of_the_picture(tmp_path):
    target, mask = photograph(tmp_path, 4000, 6000), np.zeros((4000, 6000), np.uint8)
    mask[2000:2200, 3000:3300] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    peak = peak_of(tmp_path, "poisson_editing", "--target", target, "--mask", str(tmp_path / "mask.png"))
    with Image.open(tmp_path / "out/fields/edited.png") as edited, Image.open(target) as before:
        assert edited.size == (6000, 4000)
        outside = (slice(0, 1900), slice(None))
        assert np.array_equal(np.asarray(edited)[outside], np.asarray(before)[outside])
    assert peak < 4000
