"""Classical finite-difference solutions of Poisson problems on pixels, to measure fields against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..geometry.pictures.edges import Along
from ..geometry.pictures.edit import Edit, differences
from ..geometry.pictures.pixel_grid import PixelGrid
from ..problem.reference import Reference

FACTORISED = 1_000_000  # pixels in a mask

Picture = NDArray[np.float64]


def cloned(target: Picture, source: Picture, mask: NDArray[np.bool_]) -> Picture:
    """Seamless cloning: ``blended`` with the differences of a source, of the target's shape.

    >>> import numpy as np
    >>> mask = np.zeros((5, 5), dtype=bool); mask[2, 2] = True
    >>> ramp = np.arange(25.0).reshape(5, 5)
    >>> bool(np.allclose(cloned(ramp, ramp + 7, mask), ramp))
    True
    """
    return blended(target, differences(source), mask)


def blended(target: Picture, wanted: Mapping[Along, Picture], mask: NDArray[np.bool_]) -> Picture:
    """The picture with wanted differences in a mask, by the 5-point formula and a sparse LU decomposition.

    Minimises the sum over the edges between neighbouring pixels, at least one of them in the mask, of
    (u_b - u_a - v_ab)^2, with u = target outside the mask.

    Args:
        target: a picture (H, W) or (H, W, 3).
        wanted: v across edges along "x", right minus left, (H, W - 1, ...), and "y", upper minus lower.
        mask: (H, W), true where v counts; somewhere false, else the solution is free by a constant.

    Returns:
        The picture, of the target's shape.

    Raises:
        ValueError: when the mask covers the whole picture.

    Source: Pérez, Gangnet and Blake, Poisson Image Editing, 2003, equation 7.
    """
    from scipy.sparse.linalg import splu

    if mask.all():
        raise ValueError(
            "The mask covers the whole picture; some of the target must be left to join the source to."
        )
    inside = mask.reshape(-1)
    slopes, touching = _differences(mask)
    count, columns = len(inside), target.reshape(len(inside), -1).shape[1]
    right, lower = wanted["x"].reshape(-1, columns), -wanted["y"].reshape(-1, columns)
    unknown, rest = slopes[:, inside], slopes[:, ~inside]
    solution = target.reshape(count, -1).astype(np.float64)
    given = np.concatenate([right, lower])[touching] - rest @ solution[~inside]
    solution[inside] = splu((unknown.T @ unknown).tocsc()).solve(np.ascontiguousarray(unknown.T @ given))
    return solution.reshape(target.shape)


def known_edit(edit: Edit) -> Reference | None:
    """What an edit should be, in the mask and outside, by ``blended``; None for more pixels than it has memory for.

    A factorisation of a million pixels takes some gigabytes.
    """
    if int(edit.mask.sum()) > FACTORISED:
        return None
    values = torch.from_numpy(blended(edit.target, edit.wanted, edit.mask))
    grid = PixelGrid({"u": edit.shown(values)})
    where = {"inside": grid.where(edit.mask), "outside": grid.where(~edit.mask)}
    return Reference(grid["u"], where, peak=1)


def _differences(mask: NDArray[np.bool_]) -> tuple[Any, NDArray[np.bool_]]:
    """The sparse matrix of differences across the edges that touch the mask, (edges, pixels), and which they are."""
    from scipy.sparse import csr_matrix

    index = np.arange(mask.size).reshape(mask.shape)
    first = np.concatenate([index[:, :-1].ravel(), index[:-1].ravel()])
    second = np.concatenate([index[:, 1:].ravel(), index[1:].ravel()])
    touching = mask.ravel()[first] | mask.ravel()[second]
    first, second = first[touching], second[touching]
    rows = np.tile(np.arange(len(first)), 2)
    values = np.repeat([-1.0, 1.0], len(first))
    matrix = csr_matrix((values, (rows, np.concatenate([first, second]))), shape=(len(first), mask.size))
    return matrix, touching
