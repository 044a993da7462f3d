"""One experiment in a process of its own: ``python -m sirenpde.bench.papers.worker FILE NAME FORM DEVICE SEED``.

The result is written to FILE as JSON; FORM is ``quick`` or ``whole``. A failure, running out of memory included, is
nobody else's.
"""

from __future__ import annotations

import json
import math
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...run.directory import as_json, peak_memory_mb
from ..devices import device_name
from .experiment import Experiment, Form, experiments


def measured(experiment: Experiment, form: Form) -> dict[str, Any]:
    """An outcome and the seconds that it took; an error of the experiment's as one line under "failed"."""
    cpu, wall = time.process_time(), time.perf_counter()
    try:
        outcome = experiment.measure(form)
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {' '.join(str(error).split())}"[:2000]}
    if not math.isfinite(outcome.value):
        return {"failed": f"the value is {outcome.value}"}
    device = str(form.device)
    return {
        **asdict(outcome),
        "cpu_s": time.process_time() - cpu,
        "wall_s": time.perf_counter() - wall,
        "peak_mb": peak_memory_mb(device),
        "device": device,
        "device_name": device_name(device),
    }


def main(file: str, name: str, form: str, device: str, seed: str) -> None:
    import torch

    (experiment,) = (e for e in experiments() if e.name == name)
    result = measured(experiment, Form(form == "quick", torch.device(device), int(seed)))
    Path(file).write_text(json.dumps(as_json(result)))


if __name__ == "__main__":
    main(*sys.argv[1:])
