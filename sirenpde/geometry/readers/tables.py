"""Tables of numbers as text: what separates the columns, what they are called, what stands in every cell."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..arrays import and_more

Columns = dict[str, NDArray[np.generic]]

_NOTHING = ("", "na", "n/a", "nan", "null", "none", "-", "--")  # what stands in a cell where nothing is
_COMMENT = ("#", "%", "//")
_NUMBER = re.compile(r"[+-]?((\d+\.?\d*|\.\d+)([ed][+-]?\d+)?|nan|inf|infinity)", re.ASCII | re.IGNORECASE)
_REMARK = re.compile(r"(?<=[0-9.])\s+#.*$")
_COMMA_NUMBER = re.compile(r"[+-]?\d+,\d+(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_WORD = re.compile(r"[^\W\d]")
_UNIT = re.compile(r"\s*(?:\[([^\[\]]*)\]|\(([^()]*)\))$")
_WORDS = re.compile(r"[^\s\[(]+(?:\s*[\[(][^\])]*[\])])?(?:\s*@\s*\S+)?")  # "T (K) @ t=0" is one

# How simulation programs call the coordinates and the normal.
_SPELLINGS = (
    re.compile(r"(?P<normal>)(?:points|coords?|coordinates?|positions?)[ :_-]?(?P<axis>[012xyz])"),
    re.compile(r"(?P<normal>)(?P<axis>[xyz])[ _-]?(?:coords?|coordinates?|locations?|positions?)"),
    re.compile(r"(?P<normal>n)(?:ormals?)?[ :_-]?(?P<axis>[012xyz])"),
)


@dataclass(frozen=True)
class Labelled:
    """Columns by name, the units that their header gives, and the line of a text that each row stands in."""

    columns: Columns
    units: Mapping[str, str]
    lines: Sequence[int] | None = None  # None: the rows have no lines
    others: Sequence[str] = ()  # columns that were not looked at


@dataclass(frozen=True)
class _Line:
    number: int  # as an editor counts, from 1
    text: str


@dataclass(frozen=True)
class _Row:
    line: int
    cells: tuple[str, ...]


def read_table(file: Path, names: Sequence[str] | None, axes: Sequence[str]) -> Columns:
    """The columns of ``read_labelled``, where every cell has to be filled."""
    return dict(read_labelled(file, names, axes).columns)


def read_labelled(
    file: Path,
    names: Sequence[str] | None,
    axes: Sequence[str],
    *,
    gaps: bool = False,
    wanted: Collection[str] | None = None,
) -> Labelled:
    """The columns of a table by name: numbers as float64, columns of nothing but words as text.

    Columns are separated by tabs, semicolons, commas or blanks; with the first two and the last, numbers may
    have decimal commas. Lines that begin with #, % or // are comments; the last of them before the numbers
    names the columns where there is no other header. Units behind a name, as in ``X [m]`` and ``T (K)``, are
    taken off. The columns of the axes and of a normal (nx, ny, ...) are known by the names that simulation
    programs give them, such as ``Points:0`` or ``x-coordinate``. A table without a header has the columns
    ``names``, or those of the axes, or of the axes and the normal, or as scanners write points in space: with an
    intensity, a colour of three bytes (0 to 255), or a colour and a normal. With ``gaps``, cells that are blank or
    say that nothing is there (NA, NaN, null, -) are NaN. Columns that are not ``wanted``, whether with or without
    their units, are not looked at, if that is given.

    Raises ValueError naming line and column for a cell that is blank or no finite number, a row of another
    length, two columns of one name, and a table whose columns nothing names.
    """
    comments, lines = _split_comments(_lines(file))
    if not lines:
        raise ValueError(f"'{file}' has no rows of numbers; a table of points is needed. Check the export.")
    delimiter = _delimiter(lines)
    first = _cells(file, lines[0], delimiter)
    header = None if any(_is_number(cell) for cell in first.cells) else first
    body = _body(lines, delimiter) if header is None else lines[1:]
    if not body:
        raise ValueError(f"'{file}' has no rows of numbers; a table of points is needed. Check the export.")
    body = [_Line(line.number, _REMARK.sub("", line.text)) for line in body]
    table = _quickly(body, delimiter)
    rows = [] if table is not None else _even(file, body, delimiter, header)
    width = len(rows[0].cells) if table is None else table.shape[1]
    units: dict[str, str] = {}
    told: Sequence[str] | None = None if header is None else header.cells[: width if rows else None]
    if names is not None:
        labels = list(names)
    elif header is not None and told is not None:
        labels = _named(file, header.line, told, axes)
    else:
        told = _from_comments(file, comments, width, axes)
        labels = _by_number(file, width, axes, table) if told is None else _named(file, None, told, axes)
    if told is not None and len(told) == len(labels):
        units = {name: unit for name, cell in zip(labels, told, strict=True) if (unit := unit_of(cell))}
    if len(labels) != width:
        raise ValueError(
            f"'{file}' has {width} columns in line {body[0].number} and {len(labels)} names for them: "
            f"{', '.join(labels)}; each column needs one. "
            + (f"Pass columns=(...) with {width} names." if names else "Mend the header.")
            + _hint(delimiter)
        )
    _check_distinct(file, labels, header.line if header and names is None else None)
    used = [
        i
        for i, name in enumerate(labels)
        if wanted is None or any(is_called(name, units.get(name, ""), other) for other in wanted)
    ]
    left = [name for i, name in enumerate(labels) if i not in used]
    if table is None:
        commas = any(_COMMA_NUMBER.fullmatch(cell) for row in rows for cell in row.cells)
        columns = {labels[i]: _column(file, rows, i, labels[i], commas, axes, gaps) for i in used}
        return Labelled(columns, units, [row.line for row in rows], left)
    guessed = (
        header is None and names is None and not comments and labels[len(axes) :] == [f"n{a}" for a in axes]
    )
    if guessed and (abs(np.linalg.norm(table[:, len(axes) :], axis=1) - 1) > 0.01).any():
        raise ValueError(
            f"'{file}' has {width} columns and no names for them, and the last {len(axes)} are no unit normals. "
            f"Pass columns=(...) with {width} names, or put them into the first line."
        )
    kept = table[:, used]
    bad = np.argwhere(np.isinf(kept) if gaps else ~np.isfinite(kept))
    if len(bad):
        row, i = int(bad[0][0]), used[int(bad[0][1])]
        raise _not_finite(file, body[row].number, i, labels[i], str(table[row, i]), len(bad) - 1)
    columns = {labels[i]: table[:, i] for i in used}
    return Labelled(columns, units, [line.number for line in body], left)


def _lines(file: Path) -> list[_Line]:
    content = file.read_bytes()
    try:
        wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")  # °C and µm from older programs
    if re.search(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f]", text):
        raise ValueError(f"'{file}' is not text; a table of numbers is needed. Export it as CSV.")
    return [_Line(i, line.strip(" ")) for i, line in enumerate(re.split(r"\r\n|\n|\r", text), 1)]


def _split_comments(lines: Sequence[_Line]) -> tuple[list[_Line], list[_Line]]:
    """The comments before the first row, and the rows, without empty lines."""
    titles = [i for i, line in enumerate(lines) if re.fullmatch(r"\[[A-Za-z ]+\]", line.text)]
    data = next((i for i in titles if lines[i].text.lower() == "[data]"), None)
    if data is not None:  # CFD-Post writes [Name], [Data] and possibly [Faces]
        lines = lines[data + 1 : next((i for i in titles if i > data), None)]
    comments: list[_Line] = []
    rows: list[_Line] = []
    for line in lines:
        if line.text.lstrip().startswith(_COMMENT):
            comments += [] if rows else [line]
        elif line.text.strip(",;\t ") and not re.fullmatch("sep=.?", line.text):  # a line for spreadsheets
            rows.append(line)
    return comments, rows


def _delimiter(lines: Sequence[_Line]) -> str | None:
    """What separates the columns, as the second row shows it, since a header may hold anything; None: blanks."""
    text = re.sub(r'"[^"]*"', "q", lines[min(1, len(lines) - 1)].text)
    words = text.split()
    if "," in text and len(words) > 1 and all(_is_number(w) or _COMMA_NUMBER.fullmatch(w) for w in words):
        return "\t" if "\t" in text else None  # decimal commas between blanks
    return next((mark for mark in (";", "\t", ",") if mark in text), None)


def _cells(file: Path, line: _Line, delimiter: str | None) -> _Row:
    if delimiter is None and '"' not in line.text:
        return _Row(line.number, tuple(line.text.split()))
    text = line.text if delimiter else re.sub(r"\s+", " ", line.text.strip())
    try:
        (cells,) = csv.reader([text], delimiter=delimiter or " ", skipinitialspace=True, strict=True)
    except (csv.Error, ValueError) as error:
        raise ValueError(
            f"'{file}', line {line.number}, could not be split into columns ({error}); quotation marks come in "
            "pairs around a cell. Mend that line."
        ) from None
    return _Row(line.number, tuple(cell.strip() for cell in cells))


def _is_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell) is not None or _COMMA_NUMBER.fullmatch(cell) is not None


def _body(lines: list[_Line], delimiter: str | None) -> list[_Line]:
    """The rows without a first line that only says how many follow, as scanners write it."""
    first = lines[0].text.strip()
    alone = first.isdecimal() and len(lines) > 1 and len(lines[1].text.split(delimiter)) > 1
    return lines[1:] if alone and int(first) == len(lines) - 1 else lines


def _quickly(lines: Sequence[_Line], delimiter: str | None) -> NDArray[np.float64] | None:
    """The table where every row is as long as the first and has nothing but plain numbers; None elsewhere."""
    texts = [line.text for line in lines]
    if any(re.search(r"[^0-9eE+\-., ;\tnaifNAIF]", text) for text in texts):
        return None
    try:
        table: NDArray[np.float64] = np.loadtxt(texts, delimiter=delimiter, comments=None, ndmin=2)
    except ValueError:
        return None
    return table


def _even(file: Path, lines: Sequence[_Line], delimiter: str | None, header: _Row | None) -> list[_Row]:
    """The rows cell by cell, all of one length; a separator at the end of every row adds no column."""
    rows = [_cells(file, line, delimiter) for line in lines]
    top = header or rows[0]
    width = len(top.cells)
    unnamed = header is None or not header.cells[-1] or all(len(row.cells) == width + 1 for row in rows)
    if unnamed and all(len(row.cells) > 1 and not row.cells[-1] for row in rows):
        rows = [_Row(row.line, row.cells[:-1]) for row in rows]
        width = len(rows[0].cells) if header is None else width - (not header.cells[-1])
    for row in rows:
        if len(row.cells) != width:
            raise ValueError(
                f"'{file}', line {row.line}, has {len(row.cells)} cells and line {top.line} has {width}; every "
                f"row needs one for each column. Mend that line.{_hint(delimiter)}"
            )
    return rows


def _hint(delimiter: str | None) -> str:
    return " A decimal comma needs semicolons between the columns." if delimiter == "," else ""


def _named(file: Path, line: int | None, cells: Sequence[str], axes: Sequence[str]) -> list[str]:
    """The names in a header: without units, and those of the axes and normals as the axes have them."""
    whole = [cell.strip().strip("'\"").strip() or f"column {i}" for i, cell in enumerate(cells, 1)]
    bare = [_UNIT.sub("", name) or name for name in whole]
    names = [short if bare.count(short) == 1 else long for short, long in zip(bare, whole, strict=True)]
    for axis in [*axes, *(f"n{axis}" for axis in axes)]:
        like = [i for i, name in enumerate(names) if _spelling(name) == axis.lower()]
        if axis not in names and len(like) == 1:
            names[like[0]] = axis
    _check_units(file, line, {n: unit_of(w) for n, w in zip(names, whole, strict=True) if n in axes})
    return names


def is_called(name: str, unit: str, other: str) -> bool:
    """Whether a column of this name and unit is meant by a name that may have the unit behind it.

    >>> is_called("x", "mm", "x"), is_called("x", "mm", "x [mm]"), is_called("x", "mm", "x (m)")
    (True, True, False)
    """
    return name == other or (name == _UNIT.sub("", other.strip()) and unit == unit_of(other) != "")


def _spelling(name: str) -> str:
    """The name of an axis or of a normal's component, as most would write it."""
    word = name.strip().lower()
    for pattern in _SPELLINGS:
        match = pattern.fullmatch(word)
        if match:
            axis = match["axis"]
            return match["normal"] + ("xyz"[int(axis)] if axis.isdecimal() else axis)
    return "t" if word == "time" else word


def unit_of(name: str) -> str:
    """What stands in brackets behind a name.

    >>> unit_of("temperature [K]"), unit_of("x")
    ('K', '')
    """
    match = _UNIT.search(name.strip().strip("'\"").strip())
    return (match[1] or match[2] or "").strip() if match else ""


def _check_units(file: Path, line: int | None, units: dict[str, str]) -> None:
    lengths = {name: unit for name, unit in units.items() if name in ("x", "y", "z") and unit}
    if len(set(lengths.values())) > 1:
        given = ", ".join(f"{name} in {unit}" for name, unit in lengths.items())
        raise ValueError(
            f"'{file}', line {line}, gives {given}; coordinates in one unit are needed. Convert the columns."
        )


def _from_comments(
    file: Path, comments: Sequence[_Line], width: int, axes: Sequence[str]
) -> Sequence[str] | None:
    """The cells of the last comment that has one for each column and one of them an axis."""
    for line in reversed(comments):
        text = line.text.strip().lstrip("#%/ \t")
        ways = [
            re.split(r"\s*[,;\t]\s*", text),
            text.split(),
            re.split(r"\s{2,}", text),
            _WORDS.findall(text),
        ]
        for words in ways:
            if len(words) == width:
                names = _named(file, line.number, words, axes)
                if set(names) & set(axes):
                    return words
    return None


def _by_number(
    file: Path, width: int, axes: Sequence[str], table: NDArray[np.float64] | None = None
) -> list[str]:
    """The axes, or the axes and the normal, where there are just so many columns; in space also what scanners add."""
    normal = [f"n{axis}" for axis in axes]
    added = [] if table is None or len(axes) != 3 else _of_scanners(table[:, 3:], normal)
    for known in (*([*axes, *more] for more in added), list(axes), [*axes, *normal], list(axes[:2])):
        if len(known) == width:
            return known
    raise ValueError(
        f"'{file}' has {width} columns and no names for them; the {len(axes)} axes {', '.join(axes)}, or these "
        f"and a normal, are read without. Pass columns=(...) with {width} names, or put them into the first line."
    )


def _of_scanners(table: NDArray[np.float64], normal: Sequence[str]) -> list[Sequence[str]]:
    """What can stand behind a point: its intensity, its colour of three bytes, its normal before or after that."""
    colour = ("red", "green", "blue")
    known = [("intensity",), ("intensity", *colour), colour, (*colour, *normal), (*normal, *colour)]

    def fits(names: Sequence[str]) -> bool:
        if len(names) != table.shape[1]:
            return False
        bytes_of = table[:, [names.index(c) for c in colour if c in names]]
        whole = (bytes_of == np.round(bytes_of)) & (bytes_of >= 0) & (bytes_of <= 255)
        return bool(whole.all()) and ("red" not in names or bool((bytes_of > 1).any()))  # else a normal

    return [names for names in known if fits(names)]


def _check_distinct(file: Path, names: Sequence[str], line: int | None) -> None:
    for i, name in enumerate(names):
        if name in names[:i]:
            source = "columns=(...)" if line is None else f"line {line}"
            raise ValueError(
                f"'{file}' has two columns named '{name}', columns {names.index(name) + 1} and {i + 1} by {source}; "
                "every column needs a name of its own. Rename one of them."
            )


def _column(
    file: Path, rows: Sequence[_Row], i: int, name: str, commas: bool, axes: Sequence[str], gaps: bool
) -> NDArray[np.generic]:
    """One column: numbers, or text where every cell begins with a letter, unless it is a coordinate."""
    cells = [row.cells[i] for row in rows]
    missing = [gaps and cell.lower() in _NOTHING for cell in cells]
    words = [_WORD.match(cell) and not _is_number(cell) for cell in cells]
    if all(word or gap for word, gap in zip(words, missing, strict=True)) and any(words) and name not in axes:
        return np.array(cells)
    numbers = np.empty(len(cells))
    for k, cell in enumerate(cells):
        fault = None
        if missing[k]:
            numbers[k] = np.nan
            continue
        if not cell:
            fault = "the cell is blank"
        elif not _is_number(cell):
            fault = f"'{cell}' is no number"
        elif commas and "." in cell:
            fault = f"{cell} has a decimal point and other cells have decimal commas"
        if fault:
            raise ValueError(
                f"'{file}', line {rows[k].line}, column {i + 1} '{name}': {fault}; a number is needed in every "
                "cell of this column. Mend the cell, or take the line out."
            )
        numbers[k] = float(re.sub("[dD]", "e", cell.replace(",", ".")))
        if not np.isfinite(numbers[k]):
            raise _not_finite(file, rows[k].line, i, name, cell, 0)
    return numbers


def _not_finite(file: Path, line: int, i: int, name: str, cell: str, others: int) -> ValueError:
    return ValueError(
        f"'{file}', line {line}, column {i + 1} '{name}': {cell}{and_more(others)}; finite numbers are needed. Drop "
        "these lines, or fill them in."
    )
