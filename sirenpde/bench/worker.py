"""One measurement in a process of its own: ``python -m sirenpde.bench.worker FILE MEASUREMENT ...``.

The result is written to FILE as JSON. A process of its own gives one thread, an untouched memory peak, and
leaves nothing behind in the caller.
"""

from __future__ import annotations

import json
import resource
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path


def timings(name: str, repetitions: int, scale: float) -> dict[str, object]:
    """Median CPU milliseconds of a step, by turns: the engine, its matrix products alone, and the others."""
    import torch

    from .peers import installed
    from .workloads import WORKLOADS, EngineStep, NestedAutograd, Step, autograd_step, floor_step

    torch.set_num_threads(1)
    workload = next(w for w in WORKLOADS if w.name == name)
    engine = EngineStep(workload, scale)
    steps: dict[str, Step] = {
        "engine_ms": engine,
        "floor_ms": floor_step(workload, engine.chunk, scale),
        "nested_ms": autograd_step(workload, NestedAutograd(), scale),
    }
    for peer, derivatives in installed().items():
        steps[f"{peer.lower()}_ms"] = autograd_step(workload, derivatives(), scale)
    times: dict[str, list[float]] = {key: [] for key in steps}
    for step in steps.values():
        step()
    for _ in range(repetitions):
        for key, step in steps.items():
            start = time.process_time()
            step()
            times[key].append(1e3 * (time.process_time() - start))
    medians = {key: statistics.median(values) for key, values in times.items()}
    return {"engine": engine.kind, "channels": engine.channels, "chunk": engine.chunk, **medians}


def memory(name: str, scale: float) -> dict[str, object]:
    """Peak memory in MB: of torch alone, with all code loaded by a step on few points, and of real steps."""
    import torch

    torch.set_num_threads(1)
    torch.mm(torch.ones(64, 64), torch.ones(64, 64))
    peaks = {"torch_mb": _peak()}

    from .workloads import WORKLOADS, EngineStep

    workload = next(w for w in WORKLOADS if w.name == name)
    EngineStep(replace(workload, width=8, points=64), 1.0)()
    peaks["code_mb"] = _peak()
    step = EngineStep(workload, scale)
    for _ in range(3):
        step()
    return {**peaks, "peak_mb": _peak()}


def _peak() -> float:
    unit = 2**20 if sys.platform == "darwin" else 2**10  # bytes there, kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main(file: str, what: str, name: str, *numbers: str) -> None:
    if what == "timings":
        result = timings(name, int(numbers[0]), float(numbers[1]))
    else:
        result = memory(name, float(numbers[0]))
    Path(file).write_text(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
