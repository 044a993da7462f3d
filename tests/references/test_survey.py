"""Waves of several sources at several receivers: their file, and what is wrong with one."""

import math

import pytest
import torch
from scipy.io import savemat

from sirenpde.references.survey import Survey, around_cylinder


def arrays(**other):
    survey = around_cylinder(20.0)
    named = {"source": survey.sources, "receivers": survey.receivers, "rec_val": survey.waves, **other}
    return {key: value.numpy() for key, value in named.items() if value is not None}


def test_a_file_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "waves.mat"
    savemat(path, arrays())
    read, survey = Survey.read(path), around_cylinder(20.0)
    assert torch.equal(read.sources, survey.sources) and torch.equal(read.receivers, survey.receivers)
    assert torch.equal(read.waves, survey.waves)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"rec_val": None}, "has no array rec_val"),
        ({"rec_val": torch.ones(5, 30)}, r"waves \(5, 30\)"),
        ({"rec_val": torch.full((30, 5), math.nan)}, "nan.* among its waves, in row 0"),
        ({"source": torch.ones(5, 3)}, r"sources \(5, 3\)"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path, other, message):
    path = tmp_path / "waves.mat"
    savemat(path, arrays(**other))
    with pytest.raises(ValueError, match=message):
        Survey.read(path)


def test_a_file_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "waves.mat"
    path.write_text("x,y,u\n0,0,1\n" * 40)
    with pytest.raises(ValueError, match="is no MATLAB file that scipy reads"):
        Survey.read(path)
    with pytest.raises(OSError, match=r"none\.mat"):
        Survey.read(tmp_path / "none.mat")


def test_the_noise_is_relative_to_the_root_mean_square():
    survey = around_cylinder(20.0)
    errors = survey.noisy(0.1, seed=0).waves - survey.waves
    assert float(errors.abs().square().mean().sqrt()) == pytest.approx(0.1 * survey.size, rel=0.2)
    assert not torch.equal(survey.noisy(0.1, seed=1).waves, survey.noisy(0.1, seed=0).waves)
    assert torch.equal(survey.noisy(0.0, seed=1).waves, survey.waves)


def test_sources_and_receivers_lie_beyond_the_medium():
    survey = around_cylinder(20.0)
    survey.keep_out((0.0, 0.0), 0.25)
    with pytest.raises(ValueError, match=r"The source at \(0, -0.3471\) lies in the disk of radius 0.35"):
        survey.keep_out((0.0, 0.0), 0.35)
    with pytest.raises(ValueError, match=r"The receiver at \(0.402, "):
        survey.keep_out((0.5, 0.1), 0.2)


def test_a_missing_and_an_empty_file_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file '.*nope\.mat'"):
        Survey.read(tmp_path / "nope.mat")
    (tmp_path / "empty.mat").touch()
    with pytest.raises(ValueError, match="is empty"):
        Survey.read(tmp_path / "empty.mat")
