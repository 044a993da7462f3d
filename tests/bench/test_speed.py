"""The speed benchmark: its workloads are the same mathematics for every method, and it measures."""

from __future__ import annotations

import pytest
import torch
from pretend_cuda import pretended

from sirenpde.bench import peers, speed
from sirenpde.bench.authors import PlainSiren, authors_step
from sirenpde.bench.workloads import (
    TARGET,
    WORKLOADS,
    EngineStep,
    NestedAutograd,
    Workload,
    autograd_step,
    floor_step,
    network,
    points_of,
)
from sirenpde.cli.main import main
from sirenpde.engines.flat import flatten
from sirenpde.residuals import Batch


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda w: w.name)
def test_engine_and_nested_autograd_take_the_same_step(workload: Workload) -> None:
    scale = 64 / workload.points
    engine = EngineStep(workload, scale)
    start = engine.theta.clone()
    assert torch.equal(start, flatten(network(workload)))
    assert engine.channels == workload.channels
    engine.batches = engine.system.draw(torch.Generator().manual_seed(0))
    evaluation = engine.system.gradient(start, engine.batches)

    module = network(workload)
    x = engine.batches[0].points.clone().requires_grad_()
    u, nested, loss = module(x), NestedAutograd(), torch.zeros(())
    for k in range(workload.outputs):
        if workload.fits:
            residual = u[:, k] - TARGET
        elif workload.signs:
            factor, constant = (400, -1) if workload.outputs > 1 else (0, 1)
            residual = nested.second(u, x, k, workload.signs) + factor * u[:, k] + constant
        else:
            residual = nested.gradient(u, x, k).norm(dim=1) - 1
        loss = loss + residual.square().mean()
    for edge in engine.batches[1:]:
        loss = loss + module(edge.points).square().mean()
    gradient = torch.cat(
        [g.reshape(-1) for g in torch.autograd.grad(loss, list(module.parameters()), materialize_grads=True)]
    )
    ratio = evaluation.loss / loss.detach()  # a mean over two outputs or their sum
    assert float(ratio) == pytest.approx(1, rel=1e-4) or float(ratio) == pytest.approx(
        1 / workload.outputs, rel=1e-4
    )
    assert float((evaluation.gradient - ratio * gradient).norm() / gradient.norm()) < 1e-4

    engine()
    assert not torch.equal(engine.theta, start)
    if not workload.fits:
        autograd_step(workload, nested, scale)()
    floor_step(workload, engine.chunk, scale)()


@pytest.mark.parametrize("workload", [w for w in WORKLOADS if w.fits], ids=lambda w: w.name)
def test_the_authors_formulation_is_the_same_fit(workload: Workload) -> None:
    module, (points,) = PlainSiren(workload, "cpu"), points_of(workload, 64 / workload.points)
    found = module(module.embedding(points)[None])
    loss = (found - TARGET).square().mean()
    ours = network(workload)
    torch.testing.assert_close(found[0], ours(points), rtol=1e-4, atol=1e-5)
    gradients = torch.autograd.grad(loss, list(module.layers.parameters()))
    engine = EngineStep(workload, 64 / workload.points)
    batch = Batch(points, {})
    evaluation = engine.system.gradient(engine.theta, [batch])
    ratio = float(evaluation.loss) / float(loss.detach())
    assert ratio == pytest.approx(workload.outputs, rel=1e-4)  # a mean over outputs, or their sum
    expected = ratio * torch.cat([g.reshape(-1) for g in gradients])
    assert float((evaluation.gradient - expected).norm() / expected.norm()) < 1e-4
    authors_step(workload, 64 / workload.points)()


def test_a_process_of_its_own_measures() -> None:
    row = speed._worker("timings", "cpu", "W4", "1", "0.01")
    assert row["engine"] == "reverse mode" and row["channels"] == 2
    assert all(row[key] > 0 for key in ("engine_ms", "floor_ms", "nested_ms"))
    assert row["device"] == "cpu" and len(row["device_name"]) > 2
    with pytest.raises(RuntimeError, match="failed"):
        speed._worker("timings", "cpu", "W9", "1", "0.01")


def test_memory_of_the_engine_is_small() -> None:
    peaks = speed._worker("memory", "cpu", "W2", "0.25")
    assert 0 <= peaks["peak_mb"] - peaks["code_mb"] < 40
    assert peaks["torch_mb"] <= peaks["code_mb"]


def test_table_leaves_out_what_was_not_measured() -> None:
    rows = [
        {"name": "W1", "equation": "Δu + 1", "engine": "forward jets", "channels": 4, "engine_ms": 1.25},
        {"name": "W2", "equation": "Δu", "engine": "forward jets", "channels": 4, "working_memory_mb": 13.4},
    ]
    text = speed.table(rows)
    assert "PINA" not in text and "memory MB" in text
    assert [len(line.split()) > 3 for line in text.splitlines()] == [True] * 3
    assert "1.2" in text.splitlines()[1] and text.splitlines()[2].endswith("13")


def test_peers_are_those_that_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "find_spec", lambda package: None if package == "deepxde" else object())
    assert peers.installed() == {"PINA": peers.PINA}


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
@pytest.mark.parametrize("what", ["speed", "accuracy"])
def test_where_there_is_no_gpu_one_sentence_says_so(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", what, "--quick", "--device", "cuda"]) == 1
    out, err = capsys.readouterr()
    assert out == "" and "'cuda' is not there" in err and "Use --device cpu" in err


def test_the_device_goes_to_every_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def worker(*words: str) -> dict[str, float]:
        asked.append(words)
        return dict.fromkeys(("engine_ms", "floor_ms", "nested_ms", "torch_mb", "code_mb", "peak_mb"), 1.0)

    monkeypatch.setattr(speed, "_worker", worker)
    speed.measure(quick=True, device="cuda")
    assert {words[1] for words in asked} == {"cuda"} and len(asked) == len(WORKLOADS) + 1


def test_a_step_runs_where_it_is_told_to() -> None:
    workload = next(w for w in WORKLOADS if w.name == "W1")
    scale = 64 / workload.points
    with pretended():
        engine = EngineStep(workload, scale, "pretended:0")
        engine()
        assert engine.theta.device.type == "pretended"
        assert engine.chunk > 10_000  # one chunk on a GPU
        autograd_step(workload, NestedAutograd(), scale, "pretended:0")()
        floor_step(workload, engine.chunk, scale, "pretended:0")()
