"""Pictures of runs, fields and samples; each function returns a matplotlib Figure."""

from .animation import film_ending, write_film, write_frames
from .fields import Shown, field_figure, image_figure, scales_of
from .figures import save_figure
from .loss import Remaining, loss_figure
from .samples import Samples, sample_points
from .views import View, cells_views, cloud_view, grid_views

__all__ = [
    "Remaining",
    "Samples",
    "Shown",
    "View",
    "cells_views",
    "cloud_view",
    "field_figure",
    "film_ending",
    "grid_views",
    "image_figure",
    "loss_figure",
    "sample_points",
    "save_figure",
    "scales_of",
    "write_film",
    "write_frames",
]
