"""The speed of the derivative engine: against nested autograd, and against its bare matrix products."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .workloads import WORKLOADS

Row = dict[str, Any]


def measure(quick: bool = False) -> list[Row]:
    """One row for each of the five workloads, the last of them in five and in ten dimensions.

    A row holds the median CPU milliseconds of a step on one thread, measured by turns in one process:
    ``engine_ms`` through the residual system that ``solve`` uses, ``floor_ms`` for the matrix products between
    the hidden layers alone, ``nested_ms`` for nested ``torch.autograd.grad`` on the same network, and those of
    DeepXDE and PINA if installed; and the ratios ``engine_over_floor`` and ``nested_over_engine``. W2 also has
    ``working_memory_mb``, by how much its steps raise the peak memory of a process that has all code loaded,
    and ``code_memory_mb``, how much more than torch alone that process holds.

    ``quick`` takes an eighth of the points and three repetitions instead of seven.
    """
    repetitions, scale = (3, 0.125) if quick else (7, 1.0)
    rows = []
    for workload in WORKLOADS:
        row: Row = {"name": workload.name, "equation": workload.equation}
        row |= _worker("timings", workload.name, str(repetitions), str(scale))
        row["engine_over_floor"] = row["engine_ms"] / row["floor_ms"]
        row["nested_over_engine"] = row["nested_ms"] / row["engine_ms"]
        if workload.name == "W2":
            peaks = _worker("memory", workload.name, str(scale))
            row["working_memory_mb"] = peaks["peak_mb"] - peaks["code_mb"]
            row["code_memory_mb"] = peaks["code_mb"] - peaks["torch_mb"]
        rows.append(row)
    return rows


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows of `measure` as a table of text."""
    columns = [
        ("name", "", "name", "{}"),
        ("constraint", "", "equation", "{}"),
        ("engine", "", "engine", "{}"),
        ("channels", ">", "channels", "{}"),
        ("engine ms", ">", "engine_ms", "{:.1f}"),
        ("products ms", ">", "floor_ms", "{:.1f}"),
        ("nested ms", ">", "nested_ms", "{:.1f}"),
        ("DeepXDE ms", ">", "deepxde_ms", "{:.1f}"),
        ("PINA ms", ">", "pina_ms", "{:.1f}"),
        ("engine / products", ">", "engine_over_floor", "{:.2f}"),
        ("nested / engine", ">", "nested_over_engine", "{:.2f}"),
        ("memory MB", ">", "working_memory_mb", "{:.0f}"),
        ("code MB", ">", "code_memory_mb", "{:.0f}"),
    ]
    columns = [column for column in columns if any(column[2] in row for row in rows)]
    cells = [[title for title, *_ in columns]]
    for row in rows:
        cells.append([form.format(row[key]) if key in row else "" for _, _, key, form in columns])
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    lines = [
        "  ".join(
            f"{cell:{side}{width}}" for cell, (_, side, *_), width in zip(line, columns, widths, strict=True)
        )
        for line in cells
    ]
    return "\n".join(line.rstrip() for line in lines)


def _worker(*arguments: str) -> Row:
    """What a measurement in a process of its own returns."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "result.json"
        command = [sys.executable, "-m", "sirenpde.bench.worker", str(file), *arguments]
        environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"measurement {' '.join(arguments)} failed; {done.stderr.strip()[-2000:]}")
        row: Row = json.loads(file.read_text())
        return row
