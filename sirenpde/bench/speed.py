"""The speed of the derivative engine: against nested autograd, and against its bare matrix products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .process import ONE_THREAD, answer
from .tables import Column, text
from .workloads import WORKLOADS

Row = dict[str, Any]


def measure(quick: bool = False, device: str = "cpu") -> list[Row]:
    """One row for each of the workloads, the fifth of them in five and in ten dimensions, the sixth for a picture, a
    recording and a film.

    A row holds the median milliseconds of a step, of one thread's processor on a CPU, from one empty queue to the
    next on a GPU (``device="cuda"``), measured by turns in one process, and the device's name:
    ``engine_ms`` through the residual system that ``solve`` uses, ``floor_ms`` for the matrix products between
    the hidden layers alone, ``nested_ms`` for nested ``torch.autograd.grad`` on the same network, and those of
    DeepXDE and PINA if installed; and the ratios ``engine_over_floor`` and ``nested_over_engine``. W2 also has
    ``working_memory_mb``, by how much its steps raise the peak memory of a process that has all code loaded,
    and ``code_memory_mb``, how much more than torch alone that process holds.

    Fits ask for no derivatives: there ``nested_ms`` is the SIREN authors' formulation in plain autograd.

    ``quick`` takes an eighth of the points, a quarter of pictures and recordings, and three repetitions instead of
    seven.
    """
    repetitions, scale = (3, 0.125) if quick else (7, 1.0)
    rows = []
    for workload in WORKLOADS:
        row: Row = {"name": workload.name, "equation": workload.equation}
        share = max(scale, workload.least / workload.points)
        row |= _worker("timings", device, workload.name, str(repetitions), str(share))
        row["engine_over_floor"] = row["engine_ms"] / row["floor_ms"]
        row["nested_over_engine"] = row["nested_ms"] / row["engine_ms"]
        if workload.name == "W2":
            peaks = _worker("memory", device, workload.name, str(scale))
            row["working_memory_mb"] = peaks["peak_mb"] - peaks["code_mb"]
            row["code_memory_mb"] = peaks["code_mb"] - peaks["torch_mb"]
        rows.append(row)
    return rows


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows of `measure` as a table of text."""
    return text(_COLUMNS, rows)


_COLUMNS = (
    Column("name", "name"),
    Column("constraint", "equation"),
    Column("engine", "engine"),
    Column("channels", "channels", right=True),
    Column("engine ms", "engine_ms", "{:.1f}", right=True),
    Column("products ms", "floor_ms", "{:.1f}", right=True),
    Column("nested ms", "nested_ms", "{:.1f}", right=True),
    Column("DeepXDE ms", "deepxde_ms", "{:.1f}", right=True),
    Column("PINA ms", "pina_ms", "{:.1f}", right=True),
    Column("engine / products", "engine_over_floor", "{:.2f}", right=True),
    Column("nested / engine", "nested_over_engine", "{:.2f}", right=True),
    Column("memory MB", "working_memory_mb", "{:.0f}", right=True),
    Column("code MB", "code_memory_mb", "{:.0f}", right=True),
)


def _worker(*words: str) -> Row:
    """What a measurement in a process of its own returns."""
    row = answer("sirenpde.bench.worker", *words, environment=ONE_THREAD)
    if "failed" in row:
        raise RuntimeError(f"measurement {' '.join(words)} failed; {row['failed']}")
    return row
