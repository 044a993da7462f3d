"""VTK's XML files: a header that names the arrays, then their compressed bytes, appended raw."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np

from ..about import Fact
from ..sampled import Array
from .arrays import VtkArray, active
from .spool import Spool

_TYPES = {"f4": "Float32", "f8": "Float64", "i4": "Int32", "i8": "Int64", "u1": "UInt8"}


@dataclass(frozen=True)
class Entry:
    """An array of a file, its bytes on their way."""

    name: str
    dtype: np.dtype[np.generic]
    names: tuple[str, ...]  # of its components; none for a scalar
    spool: Spool

    def tag(self, offset: int) -> str:
        named = {f"ComponentName{i}": name for i, name in enumerate(self.names) if name}
        count = {"NumberOfComponents": len(self.names)} if self.names else {}
        said = {"type": _TYPES[self.dtype.str[1:]], "Name": self.name, **count, **named}
        return f'<DataArray{attributes(said)} format="appended" offset="{offset}"/>'


def entry(name: str, dtype: str, pieces: Iterable[Array], spool: Spool, names: tuple[str, ...] = ()) -> Entry:
    """An array, of points or cells, from its pieces."""
    made = Entry(name, np.dtype(dtype), names, spool)
    for piece in pieces:
        made.spool.add(np.ascontiguousarray(piece, dtype=dtype))
    return made


def entries(
    arrays: Sequence[VtkArray], rows: Iterable[Sequence[Array]], new: Callable[[], Spool]
) -> list[Entry]:
    """The arrays of one function, from pieces of their rows."""
    made = [Entry(array.name, array.dtype, array.components, new()) for array in arrays]
    for pieces in rows:
        for one, piece in zip(made, pieces, strict=True):
            one.spool.add(piece)
    return made


def write_xml(
    path: Path,
    kind: str,
    grid: Mapping[str, object],
    piece: Mapping[str, object],
    sections: Mapping[str, Sequence[Entry]],
    arrays: Sequence[VtkArray],
    facts: Mapping[str, Fact],
) -> None:
    """Write a file of one piece: the attributes of its grid and piece, and sections of entries.

    The arrays that a viewer shows first are told in the section of the point data.
    """
    header = [
        '<?xml version="1.0"?>',
        f'<VTKFile type="{kind}" version="1.0" byte_order="LittleEndian" header_type="UInt64" '
        f'compressor="vtkZLibDataCompressor">',
        f"<{kind}{attributes(grid)}>",
        "<FieldData>",
        *_field_data(facts),
        "</FieldData>",
        f"<Piece{attributes(piece)}>",
    ]
    offset = 0
    for section, members in sections.items():
        header.append(f"<{section}{attributes(active(arrays) if section == 'PointData' else {})}>")
        for member in members:
            header.append(member.tag(offset))
            offset += member.spool.end()
        header.append(f"</{section}>")
    header += ["</Piece>", f"</{kind}>", '<AppendedData encoding="raw">', "_"]
    with path.open("wb") as file:
        file.write("\n".join(header).encode())
        for member in (member for members in sections.values() for member in members):
            member.spool.pour(file)
        file.write(b"\n</AppendedData>\n</VTKFile>\n")


def attributes(named: Mapping[str, object]) -> str:
    """As they stand in a tag, each after a space."""
    return "".join(f" {name}={quoteattr(str(value))}" for name, value in named.items())


def _field_data(facts: Mapping[str, Fact]) -> Iterator[str]:
    """Numbers as they are. A text is the name of its array's one component: meshio reads no file with strings."""
    for name, fact in facts.items():
        if isinstance(fact, str):
            said: dict[str, object] = {
                "type": "UInt8",
                "Name": name,
                "NumberOfComponents": 1,
                "ComponentName0": fact,
            }
            value = "1"
        else:
            said = {"type": "Int64" if isinstance(fact, int) else "Float64", "Name": name}
            value = repr(fact)
        yield f'<DataArray{attributes(said)} NumberOfTuples="1" format="ascii">{value}</DataArray>'
