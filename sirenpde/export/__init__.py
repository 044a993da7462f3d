"""Files for viewers: VTU, PLY, STL, PNG and NPZ."""

from .fields import (
    FieldSet,
    export_fields,
    field_sets,
    in_own_units,
    on_cells,
    on_grid,
    reference_on,
    with_derivatives,
    write_fields,
)
from .files import FORMATS, as_rows, file_name, panels, write_grid, write_npz
from .grid import SHOWN, Grid, middles, sample
from .mesh import Mesh, sample_cells
from .picture import write_picture
from .surface import write_surface, zero_level
from .vtu import write_vtu

__all__ = [
    "FORMATS",
    "SHOWN",
    "FieldSet",
    "Grid",
    "Mesh",
    "as_rows",
    "export_fields",
    "field_sets",
    "file_name",
    "in_own_units",
    "middles",
    "on_cells",
    "on_grid",
    "panels",
    "reference_on",
    "sample",
    "sample_cells",
    "with_derivatives",
    "write_fields",
    "write_grid",
    "write_npz",
    "write_picture",
    "write_surface",
    "write_vtu",
    "zero_level",
]
