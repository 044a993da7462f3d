"""PLY files: what their header declares, and every number that follows it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_TYPES = {
    **dict.fromkeys(("char", "int8"), "i1"),
    **dict.fromkeys(("uchar", "uint8"), "u1"),
    **dict.fromkeys(("short", "int16"), "i2"),
    **dict.fromkeys(("ushort", "uint16"), "u2"),
    **dict.fromkeys(("int", "int32"), "i4"),
    **dict.fromkeys(("uint", "uint32"), "u4"),
    **dict.fromkeys(("float", "float32"), "f4"),
    **dict.fromkeys(("double", "float64"), "f8"),
}
_ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}


@dataclass(frozen=True, eq=False)
class Lists:
    """Rows of numbers of different lengths: ``values`` one row after the other, ``counts`` in each."""

    counts: NDArray[np.int64]
    values: NDArray[np.generic]


Element = dict[str, "NDArray[np.generic] | Lists"]


@dataclass(frozen=True)
class _Property:
    name: str
    type: str
    count_type: str  # of a list, or empty


@dataclass(frozen=True)
class _Declared:
    name: str
    count: int
    properties: tuple[_Property, ...]


def read_ply(file: Path) -> dict[str, Element]:
    """The elements of a PLY file by name, each with its properties by name.

    Raises ValueError where the header is none, the file is longer or shorter than the header says, or its
    numbers make sense in the other byte order only.
    """
    content = file.read_bytes()
    head, mark, body = content.partition(b"end_header")
    lines = head.decode("latin-1").replace("\r", "\n").split("\n")
    if lines[0].strip() != "ply" or not mark:
        raise _unreadable(file, "it does not begin with a header from 'ply' to 'end_header'")
    order, elements = _header(file, lines)
    ends = b"\r\n" if body.startswith(b"\r\n") else body[:1]
    if ends not in (b"\r\n", b"\n", b"\r"):
        raise _unreadable(file, "no line ends behind 'end_header'")
    rest = body[len(ends) :]
    return _text(file, elements, rest) if not order else _binary(file, elements, rest, order)


def _header(file: Path, lines: list[str]) -> tuple[str, list[_Declared]]:
    order: str | None = None
    elements: list[_Declared] = []
    for number, line in enumerate(lines, 1):
        match line.split():
            case [] | ["ply"] | ["comment" | "obj_info", *_]:
                continue
            case ["format", kind, "1.0"] if kind in _ORDERS and order is None:
                order = _ORDERS[kind]
            case ["element", name, count] if count.isdecimal() and len(count) < 19:
                elements.append(_Declared(name, int(count), ()))
            case ["property", "list", count_type, kind, name] if elements and {count_type, kind} <= set(
                _TYPES
            ):
                elements[-1] = _with(elements[-1], _Property(name, _TYPES[kind], _TYPES[count_type]))
            case ["property", kind, name] if elements and kind in _TYPES:
                elements[-1] = _with(elements[-1], _Property(name, _TYPES[kind], ""))
            case _:
                raise _unreadable(file, f"line {number} of its header is '{line.strip()[:60]}'")
    if order is None:
        raise _unreadable(file, "its header names no format")
    for element in elements:
        names = [p.name for p in element.properties]
        if len(set(names)) < len(names) or not names:
            raise _unreadable(file, f"the properties of '{element.name}' are '{', '.join(names)}'")
    return order, elements


def _with(element: _Declared, more: _Property) -> _Declared:
    return _Declared(element.name, element.count, (*element.properties, more))


def _text(file: Path, elements: list[_Declared], rest: bytes) -> dict[str, Element]:
    try:
        numbers = np.array(rest.decode("ascii").replace("_", "?").split(), dtype=np.float64)
    except (UnicodeDecodeError, ValueError) as error:
        raise _unreadable(file, f"behind the header, {error}") from None
    by_name: dict[str, Element] = {}
    at = 0
    for element in elements:
        width = len(element.properties)
        if element.count * width > len(numbers) - at:
            raise _short(file, element)
        if not any(p.count_type for p in element.properties):
            table = numbers[at : at + element.count * width].reshape(-1, width)
            at += table.size
            by_name[element.name] = {p.name: table[:, i] for i, p in enumerate(element.properties)}
            continue
        columns = _Growing(element)
        for _ in range(element.count):
            for p in element.properties:
                count = 1
                if p.count_type:
                    if at >= len(numbers) or not 0 <= numbers[at] <= len(numbers):
                        raise _short(file, element)
                    count, at = int(numbers[at]), at + 1
                if at + count > len(numbers):
                    raise _short(file, element)
                columns.add(p, numbers[at : at + count])
                at += count
        by_name[element.name] = columns.done()
    if at < len(numbers):
        raise _unreadable(file, f"{len(numbers) - at} numbers more follow than the header declares")
    return by_name


def _binary(file: Path, elements: list[_Declared], rest: bytes, order: str) -> dict[str, Element]:
    by_name: dict[str, Element] = {}
    at = 0
    for element in elements:
        least = sum(np.dtype(p.count_type or p.type).itemsize for p in element.properties)
        if element.count * least > len(rest) - at:
            raise _short(file, element)
        by_name[element.name], at = _rows(file, element, rest, at, order)
    if rest[at:].strip():
        raise _unreadable(file, f"{len(rest) - at} bytes more follow than the header declares")
    for element in elements:
        _check_order(file, by_name[element.name], order)
    return by_name


def _rows(file: Path, element: _Declared, rest: bytes, at: int, order: str) -> tuple[Element, int]:
    """The rows of one element, all at once where its lists are as long as in its first row."""
    if not element.count:
        return _Growing(element).done(), at
    _, end, lengths = _row(file, element, rest, at, order)
    fields: list[tuple[str, str] | tuple[str, str, tuple[int]]] = []
    for p, n in zip(element.properties, lengths, strict=True):
        if p.count_type:
            fields += [(f"count {p.name}", order + p.count_type), (p.name, order + p.type, (n,))]
        else:
            fields.append((p.name, order + p.type))
    kind = np.dtype(fields)
    if (end - at) * element.count <= len(rest) - at:
        table = np.frombuffer(rest, kind, element.count, at)
        lists = [(p, n) for p, n in zip(element.properties, lengths, strict=True) if p.count_type]
        if all((table[f"count {p.name}"] == n).all() for p, n in lists):
            columns: Element = {p.name: table[p.name] for p in element.properties}
            for p, n in lists:
                columns[p.name] = Lists(np.full(len(table), n), table[p.name].reshape(-1))
            return columns, at + table.nbytes
    growing = _Growing(element)
    for _ in range(element.count):
        values, at, _lengths = _row(file, element, rest, at, order)
        for p, v in zip(element.properties, values, strict=True):
            growing.add(p, v)
    return growing.done(), at


def _row(
    file: Path, element: _Declared, rest: bytes, at: int, order: str
) -> tuple[list[NDArray[np.generic]], int, list[int]]:
    """One row: its values, where it ends, and how many each property has."""
    values: list[NDArray[np.generic]] = []
    for p in element.properties:
        count = 1
        if p.count_type:
            kind = np.dtype(order + p.count_type)
            if at + kind.itemsize > len(rest):
                raise _short(file, element)
            given = float(np.frombuffer(rest, kind, 1, at)[0])
            if not 0 <= given <= len(rest):
                raise _short(file, element)
            count, at = int(given), at + kind.itemsize
        kind = np.dtype(order + p.type)
        if at + count * kind.itemsize > len(rest):
            raise _short(file, element)
        values.append(np.frombuffer(rest, kind, count, at))
        at += count * kind.itemsize
    return values, at, [len(v) for v in values]


class _Growing:
    """Columns to which rows are added one by one."""

    def __init__(self, element: _Declared) -> None:
        self._element = element
        self._parts: dict[str, list[NDArray[np.generic]]] = {p.name: [] for p in element.properties}

    def add(self, p: _Property, values: NDArray[np.generic]) -> None:
        self._parts[p.name].append(values)

    def done(self) -> Element:
        columns: Element = {}
        for p in self._element.properties:
            rows = self._parts[p.name]
            values = np.concatenate(rows) if rows else np.empty(0, p.type)
            counts = np.array([len(row) for row in rows], np.int64)
            columns[p.name] = Lists(counts, values) if p.count_type else values
        return columns


def _check_order(file: Path, element: Element, order: str) -> None:
    """Raises ValueError for coordinates that are absurd as they are, and sensible with their bytes turned round."""
    columns = [c for name, c in element.items() if name in ("x", "y", "z") and isinstance(c, np.ndarray)]
    if columns and all(c.dtype.kind == "f" for c in columns) and len(columns[0]):
        with np.errstate(all="ignore"):
            given = np.abs(np.stack([c.astype(np.float64) for c in columns]))
            turned = np.abs(np.stack([c.byteswap().astype(np.float64) for c in columns]))
        absurd = not (given[given != 0].size and given.max() < 1e15 and given[given != 0].min() > 1e-30)
        sensible = ((turned == 0) | ((turned > 1e-12) & (turned < 1e12))).all() and turned.any()
        if absurd and sensible:
            said, other = ("little", "big") if order == "<" else ("big", "little")
            raise _unreadable(
                file, f"its header says {said} endian, and its numbers make sense as {other} endian only"
            )


def _short(file: Path, element: _Declared) -> ValueError:
    return _unreadable(file, f"it ends before the {element.count} rows of '{element.name}' that it declares")


def _unreadable(file: Path, why: str) -> ValueError:
    return ValueError(
        f"'{file}' could not be read as PLY: {why}. A whole PLY file of version 1.0 is needed. Export it again."
    )
