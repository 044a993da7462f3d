"""Classical finite-difference solutions of Poisson problems on pixels, to measure fields against."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float64]


def cloned(target: Picture, source: Picture, mask: NDArray[np.bool_]) -> Picture:
    """Seamless cloning by the 5-point formula and a sparse LU decomposition.

    Minimises the sum over the edges between neighbouring pixels, at least one of them in the mask, of
    (u_b - u_a - (source_b - source_a))^2, with u = target outside the mask.

    Args:
        target, source: pictures (H, W) or (H, W, 3).
        mask: (H, W), true where the source goes; somewhere false, else the solution is free by a constant.

    Returns:
        The picture, of the target's shape.

    Raises:
        ValueError: when the mask covers the whole picture.

    Source: Pérez, Gangnet and Blake, Poisson Image Editing, 2003, equation 7.

    >>> import numpy as np
    >>> mask = np.zeros((5, 5), dtype=bool); mask[2, 2] = True
    >>> ramp = np.arange(25.0).reshape(5, 5)
    >>> bool(np.allclose(cloned(ramp, ramp + 7, mask), ramp))
    True
    """
    from scipy.sparse.linalg import splu

    if mask.all():
        raise ValueError(
            "The mask covers the whole picture; some of the target must be left to join the source to."
        )
    inside = mask.reshape(-1)
    slopes = _differences(mask)
    unknown, rest = slopes[:, inside], slopes[:, ~inside]
    solution = target.reshape(len(inside), -1).astype(np.float64)
    wanted = slopes @ source.reshape(len(inside), -1) - rest @ solution[~inside]
    solution[inside] = splu((unknown.T @ unknown).tocsc()).solve(np.ascontiguousarray(unknown.T @ wanted))
    return solution.reshape(target.shape)


def _differences(mask: NDArray[np.bool_]) -> Any:
    """The sparse matrix of differences across the edges that touch the mask, (edges, pixels)."""
    from scipy.sparse import csr_matrix

    index = np.arange(mask.size).reshape(mask.shape)
    first = np.concatenate([index[:, :-1].ravel(), index[:-1].ravel()])
    second = np.concatenate([index[:, 1:].ravel(), index[1:].ravel()])
    touching = mask.ravel()[first] | mask.ravel()[second]
    first, second = first[touching], second[touching]
    rows = np.tile(np.arange(len(first)), 2)
    values = np.repeat([-1.0, 1.0], len(first))
    return csr_matrix((values, (rows, np.concatenate([first, second]))), shape=(len(first), mask.size))
