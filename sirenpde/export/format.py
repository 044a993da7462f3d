"""What a file format is, and the register of all there are. Nothing here imports torch."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from .about import About


@dataclass(frozen=True)
class Format:
    """A kind of file, called by the ending of its name.

    ``carrier`` says what it holds: "grid", values on a `Grid` or where no grid fills the domain a `Mesh`; "series",
    the same of what does not depend on time, and else a `Series` of them; "surface", the zero level of a field in
    space, a `Surface`. ``write`` puts one into the file of a path, whole or not at all.
    ``single`` says that a file shows one output, ``series`` that it holds more than one time, and ``most_axes`` how
    many axes in space it can show, where there is a bound. ``values`` is false for surfaces alone.
    """

    name: str
    help: str
    carrier: Literal["grid", "series", "surface"]
    write: Callable[[Path, Any, About], Path]
    single: bool = False
    series: bool = False
    most_axes: int | None = None
    values: bool = True


_FORMATS: dict[str, Format] = {}


def register(kind: Format) -> None:
    """Let ``solution.export("u.NAME")`` and ``sirenpde export DIR --format NAME`` write such files.

    >>> from sirenpde.export.format import Format, formats, register
    >>> def write(path, grid, about):
    ...     path.write_text(f"{about.facts}, {grid.values}")
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


def check_held(kind: str, *, times: int = 0, axes: Sequence[str] = ()) -> None:
    """Raises ValueError, which names formats that can, where one cannot hold so many times or axes in space."""
    known = formats()
    able = [f for f in known.values() if f.carrier == "series"]
    if times > 1 and not known[kind].series:
        others = _listed(f.name for f in able if f.series)
        raise ValueError(
            f"A field at {times} times was to be written as {kind.upper()}, which holds one. Write {others}, or "
            f"choose one time."
        )
    most = known[kind].most_axes
    if most is not None and not 1 <= len(axes) <= most:
        others = _listed(
            f.name for f in able if f.most_axes is None or (len(axes) and f.most_axes > len(axes))
        )
        raise ValueError(
            f"A field of the {len(axes)} axes {', '.join(axes)} was to be written as {kind.upper()}, which shows one "
            f"to {most}. Write {others}, or export a slice: an output that holds one of them fixed."
        )


def warn_left_out(kind: str, values: Mapping[str, Any]) -> None:
    """Warn, and name formats that hold them, that the values of a surface do not go into its file."""
    if values:
        others = _listed(name for name in ("ply", "vtu", "vtkhdf"))
        warnings.warn(
            f"{kind.upper()} holds the surface alone, without the values {', '.join(values)}. Write {others}.",
            stacklevel=2,
        )


def _listed(names: Iterable[str]) -> str:
    *others, last = (name.upper() for name in names)
    return f"{', '.join(others)} or {last}" if others else last


@functools.cache
def _load() -> None:
    home = importlib.import_module(f"{__package__}.formats")
    for file in pkgutil.iter_modules(home.__path__):
        importlib.import_module(f"{home.__name__}.{file.name}")
