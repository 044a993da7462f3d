"""One measurement in a process of its own: ``python -m sirenpde.bench.worker FILE MEASUREMENT ...``.

The result is written to FILE as JSON. A process of its own gives one thread, an untouched memory peak, and
leaves nothing behind in the caller.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

from ..run.directory import peak_memory_mb
from .devices import device_name


def timings(name: str, repetitions: int, scale: float, device: str) -> dict[str, object]:
    """Median milliseconds of a step, by turns: the engine, its matrix products alone, and the others.

    Processor milliseconds of one thread on a CPU; on a GPU wall milliseconds, from one empty queue to the next.
    """
    import torch

    from .authors import authors_step
    from .peers import installed
    from .workloads import WORKLOADS, EngineStep, NestedAutograd, Step, autograd_step, floor_step

    torch.set_num_threads(1)
    workload = next(w for w in WORKLOADS if w.name == name)
    engine = EngineStep(workload, scale, device)
    steps: dict[str, Step] = {
        "engine_ms": engine,
        "floor_ms": floor_step(workload, engine.chunk, scale, device),
        "nested_ms": authors_step(workload, scale, device)
        if workload.fits
        else autograd_step(workload, NestedAutograd(), scale, device),
    }
    for peer, derivatives in () if workload.fits else installed().items():
        steps[f"{peer.lower()}_ms"] = autograd_step(workload, derivatives(), scale, device)
    times: dict[str, list[float]] = {key: [] for key in steps}
    for step in steps.values():
        step()
    for _ in range(repetitions):
        for key, step in steps.items():
            start = _now(device)
            step()
            times[key].append(1e3 * (_now(device) - start))
    medians = {key: statistics.median(values) for key, values in times.items()}
    where = {"device": device, "device_name": device_name(device)}
    return {"engine": engine.kind, "channels": engine.channels, "chunk": engine.chunk, **where, **medians}


def memory(name: str, scale: float, device: str) -> dict[str, object]:
    """Peak memory in MB: of torch alone, with all code loaded by a step on few points, and of real steps.

    On a GPU it is that of its tensors, which code is no part of.
    """
    import torch

    torch.set_num_threads(1)
    torch.mm(torch.ones(64, 64, device=device), torch.ones(64, 64, device=device))
    peaks = {"torch_mb": _peak(device)}

    from .workloads import WORKLOADS, EngineStep

    workload = next(w for w in WORKLOADS if w.name == name)
    EngineStep(replace(workload, width=8, points=64), 1.0, device)()
    peaks["code_mb"] = _peak(device)
    step = EngineStep(workload, scale, device)
    for _ in range(3):
        step()
    return {**peaks, "peak_mb": _peak(device)}


def _now(device: str) -> float:
    """Seconds of the clock that tells the work of a device, when all of it is done."""
    if device == "cpu":
        return time.process_time()
    import torch

    torch.cuda.synchronize()
    return time.perf_counter()


def _peak(device: str) -> float:
    peak = peak_memory_mb(device)
    assert peak is not None, "a system that tells no peak of memory"
    return peak


def main(file: str, what: str, device: str, name: str, *numbers: str) -> None:
    if what == "timings":
        result = timings(name, int(numbers[0]), float(numbers[1]), device)
    else:
        result = memory(name, float(numbers[0]), device)
    Path(file).write_text(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
