"""What a file format is, and the register of all there are. Nothing here imports torch."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True)
class Format:
    """A kind of file, called by the ending of its name.

    ``carrier`` says what it holds: "grid", values on a `Grid` or where no grid fills the domain a `Mesh`; "series",
    the same of what does not depend on time, and else a `Series` of them; "surface", the zero level of a field in
    space, a `Surface`. ``write`` puts one into the file of a path, whole or not at all.
    ``single`` says that a file shows one output.
    """

    name: str
    help: str
    carrier: Literal["grid", "series", "surface"]
    write: Callable[[Path, Any], Path]
    single: bool = False


_FORMATS: dict[str, Format] = {}


def register(kind: Format) -> None:
    """Let ``solution.export("u.NAME")`` and ``sirenpde export DIR --format NAME`` write such files.

    >>> from sirenpde.export.format import Format, formats, register
    >>> def write(path, grid):
    ...     path.write_text(str(grid.values))
    ...     return path
    >>> register(Format("values", "the values as text", "grid", write))
    >>> formats()["values"].carrier
    'grid'
    """
    _FORMATS[kind.name] = kind


def formats() -> Mapping[str, Format]:
    """All formats by their endings: those of every file in ``export/formats/``, and what else was registered."""
    _load()
    return dict(sorted(_FORMATS.items()))


def format_of(path: str | PathLike[str]) -> Format:
    """The format of a file's name. Raises ValueError for an ending that is none of a format."""
    known = formats()
    kind = Path(path).suffix.removeprefix(".")
    if kind not in known:
        raise ValueError(
            f"'{path}' was given as a file to write; expected a name that ends in .{', .'.join(known)}. Choose one."
        )
    return known[kind]


@functools.cache
def _load() -> None:
    home = importlib.import_module(f"{__package__}.formats")
    for file in pkgutil.iter_modules(home.__path__):
        importlib.import_module(f"{home.__name__}.{file.name}")
