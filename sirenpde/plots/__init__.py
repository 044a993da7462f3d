"""Pictures of runs, fields and samples; each function returns a matplotlib Figure."""

from .fields import field_panels, image_panels, mesh_panels
from .figures import save_figure
from .loss import loss_curve
from .samples import Samples, sample_points

__all__ = [
    "Samples",
    "field_panels",
    "image_panels",
    "loss_curve",
    "mesh_panels",
    "sample_points",
    "save_figure",
]
