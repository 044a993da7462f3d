"""Values of fields and residuals as the real components that networks and solvers work on."""

from __future__ import annotations

import torch
from torch import Tensor

from .field import Field


def field_values(components: Tensor, u: Field) -> Tensor:
    """A field's values (..., *shape) from its network's real outputs (..., outputs)."""
    if u.is_complex:
        components = torch.complex(components[..., : u.components], components[..., u.components :])
    return components.reshape((*components.shape[:-1], *u.shape))


def flat(residual: Tensor) -> Tensor:
    """Residuals (n, *shape) as real components (n, m), real and imaginary parts side by side."""
    rows = residual.reshape(len(residual), -1)
    # Not view_as_real: the way back of a view needs an even place in memory.
    return torch.stack([rows.real, rows.imag], dim=2).flatten(1) if rows.is_complex() else rows
