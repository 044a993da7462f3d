"""Closed outlines from tables of vertices and from drawings."""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from ..plane.curves import Bezier, Curve, EllipticArc, Pair, Segment
from .existing import existing, read_columns
from .quiet import quiet

Loops = tuple[tuple[Curve, ...], ...]


def read_outline(path: str | PathLike[str], names: Sequence[str]) -> tuple[str, Loops]:
    """The name of a file, and its closed loops of curves; ValueError where it has none."""
    file = existing(path)
    return file.stem, _read_svg(file) if file.suffix.lower() == ".svg" else _read_vertices(file, names)


def _read_vertices(file: Path, names: Sequence[str]) -> Loops:
    columns = read_columns(file, None, names)
    missing = [name for name in names if name not in columns]
    if missing:
        raise ValueError(
            f"'{file}' has the columns {', '.join(columns) or 'none'}; expected {' and '.join(names)}, the "
            f"coordinates of the vertices. Rename them, or give names=(...)."
        )
    pairs = [
        (float(x), float(y)) for x, y in np.column_stack([columns[name] for name in names]).astype(float)
    ]
    if len(pairs) > 1 and pairs[0] == pairs[-1]:
        pairs.pop()
    if len(pairs) < 3:
        raise ValueError(f"'{file}' has {len(pairs)} vertices; a polygon has three or more. Check the file.")
    ends = zip(pairs, [*pairs[1:], pairs[0]], strict=True)
    return (tuple(Segment(a, b) for a, b in ends if a != b),)


def _read_svg(file: Path) -> Loops:
    import svgpathtools

    try:
        with quiet():
            paths: list[Any] = svgpathtools.Document(str(file)).paths()
    except Exception as error:
        raise ValueError(
            f"'{file}' could not be read as SVG ({' '.join(str(error).split())}). Save it again as plain SVG."
        ) from error
    loops = []
    for path in paths:
        for part in path.continuous_subpaths():
            curves = [curve for piece in part for curve in _curves(piece)]
            if not curves:
                continue
            size = max(abs(complex(x, y)) for curve in curves for x, y in _ends(curve)) or 1.0
            (_, last), (first, _) = _ends(curves[-1]), _ends(curves[0])
            if math.dist(first, last) > 1e-9 * size:
                raise ValueError(
                    f"A path of '{file}' is open: it begins at ({first[0]:g}, {first[1]:g}) and ends at "
                    f"({last[0]:g}, {last[1]:g}); an outline is closed. Close the path in the drawing program."
                )
            loops.append(tuple(curves))
    if not loops:
        raise ValueError(
            f"'{file}' has no paths; closed outlines are needed. Turn objects into paths, and save again."
        )
    return tuple(loops)


def _curves(piece: Any) -> list[Curve]:
    """A piece of a path of svgpathtools, with the second axis up."""
    if type(piece).__name__ == "Arc":
        turn = cmath.exp(1j * math.radians(piece.rotation))
        u, v = _pair(turn * piece.radius.real), _pair(turn * 1j * piece.radius.imag)
        low, high = (math.radians(angle) for angle in (piece.theta, piece.theta + piece.delta))
        return [EllipticArc(_pair(piece.center), u, v, low, high)]
    points = tuple(_pair(z) for z in piece.bpoints())
    if max(math.dist(points[0], point) for point in points) == 0:
        return []
    return [Segment(*points)] if len(points) == 2 else [Bezier(points)]


def _pair(z: complex) -> Pair:
    return z.real, -z.imag


def _ends(curve: Curve) -> tuple[Pair, Pair]:
    import torch

    (a, b), (c, d) = curve.at(torch.tensor([0.0, 1.0], dtype=torch.float64)).tolist()
    return (a, b), (c, d)
