"""Checkpoints on disk: to the bit, or told apart."""

import pytest
import torch
from runs_given import GIVEN

from sirenpde.files import sealed
from sirenpde.files.sealed import CheckpointError
from sirenpde.run.directory import Given, RunError, Settings

STATE = {"theta": torch.arange(1000, dtype=torch.float64), "step": 5}


def test_a_checkpoint_comes_back_to_the_bit(run):
    run.write_checkpoint(STATE, GIVEN)
    state = run.read_checkpoint(GIVEN)
    assert torch.equal(state["theta"], STATE["theta"]) and state["step"] == 5
    assert torch.load(run.checkpoint, weights_only=True)["state"]["step"] == 5


def test_a_checkpoint_of_an_earlier_format_is_named_by_its_file_and_left_alone(run):
    run.write_checkpoint({**STATE, "format": "sirenpde checkpoint 5"}, GIVEN)
    content = run.checkpoint.read_bytes()
    with pytest.raises(
        RunError, match=r"checkpoint\.pt is of the format 'sirenpde checkpoint 5'; expected .*version of"
    ):
        run.read_checkpoint(GIVEN)
    assert run.checkpoint.read_bytes() == content


def test_a_missing_checkpoint_is_told(run):
    with pytest.raises(RunError, match=r"has no checkpoint\.pt"):
        run.read_checkpoint(GIVEN)


def test_one_wrong_byte_anywhere_is_told(run):
    run.write_checkpoint({"theta": torch.arange(4.0), "step": 5}, GIVEN)
    content = run.checkpoint.read_bytes()
    for place in range(0, len(content), 3):
        run.checkpoint.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(CheckpointError, match="damaged"):
            run.read_checkpoint(GIVEN)
    run.checkpoint.write_bytes(content)
    assert run.read_checkpoint(GIVEN)["step"] == 5


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04", b"x" * 10_000])
def test_what_is_no_checkpoint_is_told(run, content):
    run.checkpoint.write_bytes(content)
    with pytest.raises(CheckpointError, match="damaged or no checkpoint"):
        run.read_checkpoint(GIVEN)
    assert run.checkpoint.read_bytes() == content


def test_a_foreign_checkpoint_is_told(run):
    torch.save({"model": torch.ones(2)}, run.checkpoint)
    with pytest.raises(CheckpointError, match="written by another program"):
        run.read_checkpoint(GIVEN)
    for value in ({"model": torch.ones(2)}, [1, 2], torch.ones(3), None):
        sealed.write(run.checkpoint, value)
        with pytest.raises(RunError, match="written by another program"):
            run.read_checkpoint(GIVEN)
    run.write_checkpoint(STATE, Given("case", "", "problem = 2\n", "", {}, Settings()))
    with pytest.raises(RunError, match="belongs to another problem or other flags"):
        run.read_checkpoint(GIVEN)


def test_pickled_code_is_not_executed(run):
    class Evil:
        def __reduce__(self):
            return (run.path.rmdir, ())

    sealed.write(run.checkpoint, {"belongs_to": Evil(), "state": {}})
    with pytest.raises(CheckpointError, match=r"damaged or no checkpoint \(Weights only load failed"):
        run.read_checkpoint(GIVEN)
