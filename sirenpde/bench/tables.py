"""Rows of a benchmark as a table of text or of Markdown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """A title, and how a row's value of this key is written: nothing where it is missing or None."""

    title: str
    key: str
    form: str | Callable[[Any], str] = "{}"
    right: bool = False

    def cell(self, row: Row) -> str:
        value = row.get(self.key)
        if value is None:
            return ""
        return self.form.format(value) if isinstance(self.form, str) else self.form(value)


def text(columns: Sequence[Column], rows: Sequence[Row]) -> str:
    """Columns of text, without those that no row has a value for."""
    used, cells = _cells(columns, rows)
    widths = [max(len(line[i]) for line in cells) for i in range(len(used))]
    lines = [
        "  ".join(
            f"{cell:{'>' if column.right else '<'}{width}}"
            for cell, column, width in zip(line, used, widths, strict=True)
        )
        for line in cells
    ]
    return "\n".join(line.rstrip() for line in lines)


def markdown(columns: Sequence[Column], rows: Sequence[Row]) -> str:
    """The same as a table of Markdown."""
    used, cells = _cells(columns, rows)
    head, *body = (" | ".join(cell.replace("|", "\\|") for cell in line) for line in cells)
    rule = "|".join("---:" if column.right else "---" for column in used)
    return "\n".join([f"| {head} |", f"|{rule}|", *(f"| {line} |" for line in body)])


def text_with_notes(columns: Sequence[Column], rows: Sequence[Row], note: Callable[[Row], str]) -> str:
    """Columns of text, and below them a line about each row, after its name."""
    notes = "\n".join(f"{row['name']}: {note(row)}" for row in rows)
    return f"{text(columns, rows)}\n\n{notes}"


def markdown_with_notes(columns: Sequence[Column], rows: Sequence[Row], note: Callable[[Row], str]) -> str:
    """The same in Markdown."""
    notes = "\n".join(f"- `{row['name']}`: {note(row)}" for row in rows)
    return f"{markdown(columns, rows)}\n\n{notes}\n"


def _cells(columns: Sequence[Column], rows: Sequence[Row]) -> tuple[list[Column], list[list[str]]]:
    used = [column for column in columns if any(row.get(column.key) is not None for row in rows)]
    return used, [[column.title for column in used], *([column.cell(row) for column in used] for row in rows)]
