"""One state of fields as a VTK XML file: of cells, or of an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..about import Fact
from ..grid import Grid
from ..mesh import Mesh
from .arrays import VtkArray, together
from .cells import constant, offsets, unstructured
from .image import image_of, turned
from .spool import spools
from .xml import entries, entry, write_xml


def write_cells(
    path: Path, carrier: Grid | Mesh, arrays: Sequence[VtkArray], facts: Mapping[str, Fact]
) -> None:
    """Write points, cells and the arrays at the points."""
    cells = unstructured(carrier)
    n, m, width = cells.point_count, cells.cell_count, cells.corners_per_cell
    integer = "<i4" if max(n, m * width) < 2**31 else "<i8"
    with spools(path.parent) as new:
        sections = {
            "Points": [entry("Points", "<f8", cells.points(), new(), ("", "", ""))],
            "Cells": [
                entry("connectivity", integer, cells.cells(), new()),
                entry("offsets", integer, offsets(m, width), new()),
                entry("types", "|u1", constant(m, cells.kind), new()),
            ],
            "PointData": [
                one for some, rows in together(carrier, arrays) for one in entries(some, rows, new)
            ],
        }
        piece = {"NumberOfPoints": n, "NumberOfCells": m}
        write_xml(path, "UnstructuredGrid", {}, piece, sections, arrays, facts)


def write_image(
    path: Path, carrier: Grid | Mesh, arrays: Sequence[VtkArray], facts: Mapping[str, Fact]
) -> None:
    """Write an origin, steps and the arrays at the points. Raises ValueError for all but evenly spaced grids."""
    image = image_of(carrier, "VTI", "VTU")
    extent = " ".join(f"0 {n - 1}" for n in image.shape)
    grid = {
        "WholeExtent": extent,
        "Origin": " ".join(map(repr, image.origin)),
        "Spacing": " ".join(map(repr, image.spacing)),
    }
    with spools(path.parent) as new:
        sections = {
            "PointData": [
                one
                for some, rows in together(carrier, arrays)
                for one in entries(some, turned(image, rows, path.parent), new)
            ]
        }
        write_xml(path, "ImageData", grid, {"Extent": extent}, sections, arrays, facts)
