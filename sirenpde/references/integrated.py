"""Pictures from their derivatives, by the classical solver of the five-point equations on a rectangle."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float64]


def integrated(laplacian: Picture, spacing: float) -> Picture:
    """The picture of mean 0 with this five-point Laplacian (H, W) or (H, W, 3), mirrored at its border.

        sum of the four neighbours - 4 u = h² laplacian

    by one cosine transform forth and one back. With the divergence of differences across edges it is the picture
    whose own differences are nearest to these. Where the Laplacian's mean is not 0, no picture has it, and the
    nearest one is met.

    Source: Frankot and Chellappa, A Method for Enforcing Integrability in Shape from Shading, 1988.

    >>> import numpy as np
    >>> from sirenpde import PixelGrid
    >>> grid = PixelGrid({"f": np.arange(6.0).reshape(2, 3)})
    >>> known = grid.data["laplacian of f"].reshape(2, 3).numpy()
    >>> integrated(known, grid.spacing).round(6).tolist()
    [[-2.5, -1.5, -0.5], [0.5, 1.5, 2.5]]
    """
    from scipy import fft

    rows, columns = (2 - 2 * np.cos(np.pi * np.arange(n) / n) for n in laplacian.shape[:2])
    eigenvalues = -(rows[:, None] + columns).reshape(*laplacian.shape[:2], *[1] * (laplacian.ndim - 2))
    eigenvalues[0, 0] = np.inf
    waves = fft.dctn(laplacian * spacing**2, axes=(0, 1), norm="ortho") / eigenvalues
    return np.asarray(fft.idctn(waves, axes=(0, 1), norm="ortho"))
