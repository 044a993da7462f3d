"""Loops over chunks: nothing is left out, nothing counted twice, and rows say where a chunk lies."""

import pytest
import torch

from sirenpde.residuals.batch import Batch
from sirenpde.residuals.chunks import chunked, mapped, summed

BATCH = Batch(
    torch.arange(14.0).reshape(7, 2), {"f": torch.arange(7.0)}, weights=torch.arange(7.0)[:, None] + 1
)


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_chunks_hold_every_sample_once_with_its_data_and_weights(size):
    again = torch.full_like(BATCH.points, torch.nan)
    for rows, chunk in chunked(BATCH, size):
        assert len(chunk) <= size
        again[rows] = chunk.points
        assert torch.equal(chunk.data["f"], BATCH.data["f"][rows])
        assert torch.equal(chunk.weights, BATCH.weights[rows])
    assert torch.equal(again, BATCH.points)


@pytest.mark.parametrize("size", [2, 100])
def test_results_are_joined_along_the_points(size):
    first, second = mapped(lambda c: [c.points.T, c.data["f"][None]], BATCH, size, dim=1)
    assert torch.equal(first, BATCH.points.T) and torch.equal(second[0], BATCH.data["f"])


def test_several_batches_add_to_the_same_totals():
    total, count = torch.zeros(2), torch.zeros(())

    def add(chunk):
        total.add_(chunk.points.sum(0))
        count.add_(len(chunk))

    result = summed([(add, BATCH, 3), (add, BATCH, 100)], (total, count))
    assert result[0].tolist() == [2 * x for x in BATCH.points.sum(0).tolist()] and float(result[1]) == 14
