"""PINNacle's problems solved: best published error, what the suite's own reference allows, ours, and the time."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .accuracy import ended
from .accuracy_cases import Case, read_cases
from .tables import Column, markdown_with_notes, text_with_notes

Row = dict[str, Any]

# Trained networks, for all problems alike, as the suite's paper tells.
PUBLISHED = {
    "hardware": "GPU",
    "network": "tanh 5 x 100",
    "source": "Hao et al., PINNacle, 2024, table of errors",
    "kind": "secondary",
}
CASES: tuple[Case, ...] = read_cases(Path(__file__).with_name("pinnacle_cases.toml"), PUBLISHED)


def beside(row: Row) -> Row:
    """A row of ``accuracy.measure`` as the suite's table has it.

    ``floor`` is the distance of the suite's reference from the certified one, ``to_file`` that of ours from the
    suite's, both None where the file is not at hand; ``gain`` is how many times smaller than the best published error
    ours is, None where a march was cut off and the error is that until then.
    """
    published, runs = row["published"] or {}, row["seeds"]
    files = [run["file"] for run in runs if run.get("file")]
    best, error = published.get("error"), row.get("relative_l2")
    low, high = row.get("relative_l2_range", (None, None))
    whole = row.get("holds_until") is None  # else the error is that of a part of the time
    return {
        "name": row["name"],
        "problem": row["problem"],
        "flags": row["flags"],
        "definition": row["definition"],
        "published": best,
        "method": published.get("method"),
        "published_note": row["published_note"],
        "floor": _median(files, "floor"),
        "to_file": _median(files, "to_file"),
        "relative_l2": error,
        "relative_l2_range": None if low == high else [low, high],
        "gain": best / max(error, 1e-300) if best is not None and error is not None and whole else None,
        "held_out": row.get("held_out"),
        "cpu_s": row.get("cpu_s"),
        "wall_s": row.get("wall_s"),
        "parameters": row.get("parameters"),
        "device_name": row.get("device_name"),
        "choice": row.get("choice"),
        "status": ended(row),
        **({"failed": row["failed"]} if "failed" in row else {}),
    }


def _median(files: Sequence[Mapping[str, float]], key: str) -> float | None:
    return statistics.median(file[key] for file in files) if files else None


def table(rows: Sequence[Row]) -> str:
    """The rows of ``beside`` as text, and what each problem is."""
    return text_with_notes(_COLUMNS, rows, _note)


def as_markdown(rows: Sequence[Row]) -> str:
    """The same in Markdown."""
    return markdown_with_notes(_COLUMNS, rows, _note)


def _note(row: Mapping[str, Any]) -> str:
    sentences = [row["definition"]]
    if row["published"] is None:
        sentences.append(f"No published figure: {row['published_note']}")
    if "failed" in row:
        sentences.append(f"Failed, {row['failed']}")
    return ". ".join(sentence.rstrip(".") for sentence in sentences) + "."


def _number(value: float) -> str:
    return f"{value:.1e}"


def _range(ends: Sequence[float]) -> str:
    return " .. ".join(map(_number, ends))


_COLUMNS = (
    Column("problem", "name"),
    Column("published", "published", _number, right=True),
    Column("by", "method"),
    Column("floor of its file", "floor", _number, right=True),
    Column("ours", "relative_l2", _number, right=True),
    Column("over seeds", "relative_l2_range", _range),
    Column("times smaller", "gain", "{:.2g}", right=True),
    Column("ours to its file", "to_file", _number, right=True),
    Column("held out", "held_out", _number, right=True),
    Column("cpu s", "cpu_s", "{:.3g}", right=True),
    Column("ended", "status"),
)
