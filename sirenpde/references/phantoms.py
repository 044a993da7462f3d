"""Pictures and volumes of ellipses, and what a tomograph sees of a picture."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..geometry.gathered import LENGTHS, NODES
from ..geometry.rays import Rays
from ..geometry.readers.arrays import load_array

# The head of Shepp and Logan 1974 with the contrast of Toft 1996: intensity, half axes, centre, angle in degrees.
HEAD = (
    (1.0, 0.69, 0.92, 0.0, 0.0, 0.0),
    (-0.8, 0.6624, 0.874, 0.0, -0.0184, 0.0),
    (-0.2, 0.11, 0.31, 0.22, 0.0, -18.0),
    (-0.2, 0.16, 0.41, -0.22, 0.0, 18.0),
    (0.1, 0.21, 0.25, 0.0, 0.35, 0.0),
    (0.1, 0.046, 0.046, 0.0, 0.1, 0.0),
    (0.1, 0.046, 0.046, 0.0, -0.1, 0.0),
    (0.1, 0.046, 0.023, -0.08, -0.605, 0.0),
    (0.1, 0.023, 0.023, 0.0, -0.606, 0.0),
    (0.1, 0.023, 0.046, 0.06, -0.605, 0.0),
)
# Half axis and centre of the same along z (Schabel's phantom3d, 2006).
ALONG_Z = (
    (0.81, 0.0),
    (0.78, 0.0),
    (0.22, 0.0),
    (0.28, 0.0),
    (0.41, -0.15),
    (0.05, 0.25),
    (0.05, 0.25),
    (0.05, 0.0),
    (0.02, 0.0),
    (0.02, 0.0),
)
FULL, VARIANCE = 96, 192.0  # voxels along a side, and the variance of the draws of a mask there
DRAWN = 200_000 / FULL**3  # of these, for each voxel
FINE = 4  # points along each side of a pixel, whose mean it has
SPREAD = 1 / 20  # standard deviation of every number of an ellipse

Array = NDArray[np.float64]


def phantom(size: int, seed: int | None = None) -> Array:
    """The head of Shepp and Logan on size x size pixels of [-1, 1]^2, row 0 on top, clipped to [0, 1].

    A pixel has the mean over itself, of 4 x 4 points, as a scanner's has. With a seed every number of the ellipses is
    moved by N(0, 1/20), as in Tancik et al. 2020.

    >>> from sirenpde.references.phantoms import phantom
    >>> [round(float(phantom(64)[i, 32]), 3) for i in (0, 3, 4, 32)]
    [0.0, 1.0, 0.75, 0.2]
    """
    ellipses = _moved(np.array(HEAD), seed)
    means = np.zeros((size, size))
    for i, j in itertools.product(range(FINE), repeat=2):
        x, y = np.meshgrid(_line(size, i), -_line(size, j))
        values = np.zeros_like(means)
        for intensity, a, b, x0, y0, angle in ellipses:
            values += intensity * (_turned(x - x0, y - y0, angle, a, b) <= 1)
        means += np.clip(values, 0, 1)
    return means / FINE**2


def volume_phantom(size: int, seed: int | None = None) -> Array:
    """The same in three dimensions, (size, size, size) along x, y and z, means over 4 x 4 x 4 points.

    >>> from sirenpde.references.phantoms import volume_phantom
    >>> volume_phantom(16).shape
    (16, 16, 16)
    """
    ellipses = _moved(np.hstack([HEAD, ALONG_Z]), seed)
    means = np.zeros((size, size, size))
    for i, j, k in itertools.product(range(FINE), repeat=3):
        x, y = np.meshgrid(_line(size, i), _line(size, j), indexing="ij")
        values = np.zeros_like(means)
        for intensity, a, b, x0, y0, angle, c, z0 in ellipses:
            across = _turned(x - x0, y - y0, angle, a, b)[:, :, None]
            values += intensity * (across <= 1 - ((_line(size, k) - z0) / c) ** 2)
        means += np.clip(values, 0, 1)
    return means / FINE**3


def _line(size: int, part: int) -> Array:
    """The middle of one of the equal parts of every pixel along an axis."""
    places: Array = (2 * (np.arange(size) + (part + 0.5) / FINE) - size) / size
    return places


def _moved(ellipses: Array, seed: int | None) -> Array:
    """With angles in radians."""
    ellipses = ellipses.copy()
    ellipses[:, 5] = np.deg2rad(ellipses[:, 5])
    if seed is None:
        return ellipses
    return ellipses + SPREAD * np.random.default_rng(seed).standard_normal(ellipses.shape)


def _turned(x: Array, y: Array, angle: float, a: float, b: float) -> Array:
    along, across = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
    squares: Array = (along / a) ** 2 + (across / b) ** 2
    return squares


@dataclass(frozen=True, eq=False)
class RotatedSums:
    """The columns' means of a picture that is turned by each of some angles, pixel to nearest pixel.

    What a tomograph sees, as Tancik et al. 2020 have it: a linear map of a square picture's pixels, row after row,
    to (angles, size). Pixels that come from outside are 0.

    >>> import torch
    >>> from sirenpde.references.phantoms import RotatedSums
    >>> sums = RotatedSums.of(2, [0.0, 3.141592653589793])
    >>> sums(torch.tensor([1.0, 2.0, 3.0, 6.0])).tolist()
    [[2.0, 4.0], [4.0, 2.0]]
    """

    size: int
    source: Tensor  # (angles, size * size): which pixel comes there, size * size for none

    @staticmethod
    def of(size: int, angles: object) -> RotatedSums:
        """For pictures of size x size pixels and angles in radians. Raises ValueError where there is none."""
        turns = np.asarray(angles, dtype=np.float64)
        if size < 1 or not turns.size:
            raise ValueError(
                f"A picture of {size}×{size} pixels was to be seen from {turns.size} angles; expected one of each at "
                f"least. Give more."
            )
        row, column = np.meshgrid(np.arange(size), np.arange(size), indexing="ij")
        middle = (size - 1) / 2
        sources = []
        for angle in turns:
            c, s = math.cos(angle), math.sin(angle)
            i = np.rint(middle + c * (row - middle) - s * (column - middle)).astype(np.int64)
            j = np.rint(middle + s * (row - middle) + c * (column - middle)).astype(np.int64)
            inside = (i >= 0) & (i < size) & (j >= 0) & (j < size)
            sources.append(np.where(inside, i * size + j, size * size).reshape(-1))
        return RotatedSums(size, torch.from_numpy(np.stack(sources)))

    def __call__(self, pixels: Tensor) -> Tensor:
        """Pixels (size * size,) -> (angles, size)."""
        padded = torch.cat([pixels, pixels.new_zeros(1)])
        turned = padded[self.source].reshape(len(self.source), self.size, self.size)
        return turned.mean(1)


def sampling_mask(shape: Sequence[int], file: str | PathLike[str] | None = None) -> Tensor:
    """Where Fourier coefficients are sampled, float64 zeros and ones in the order of ``torch.fft.fftn``.

    Of a file, an ``.npy`` array of this shape with frequency 0 in the middle; else, as Tancik et al. 2020 have it,
    the places of draws from a Gaussian about the middle, 200,000 for 96³, whose standard deviation is 1/7 of the
    side: an eighth of a volume.

    Raises ValueError for a mask of another shape or of values between, and one that holds nothing.

    >>> from sirenpde.references.phantoms import sampling_mask
    >>> round(float(sampling_mask((96, 96, 96)).mean()), 3)
    0.126
    """
    if file is not None:
        values = load_array(file)
        if tuple(values.shape) != tuple(shape):
            raise ValueError(
                f"The sampling mask '{file}' has shape {tuple(values.shape)}, and the volume {tuple(shape)}; "
                f"expected a mask of the volume's shape, frequency 0 in the middle. Make it for this volume."
            )
        middle = values.astype(bool)
        if not np.array_equal(middle, values):
            raise ValueError(
                f"The sampling mask '{file}' has values other than 0 and 1, from {values.min():.3g} to "
                f"{values.max():.3g}; expected booleans. Compare with a threshold, for example values > 0.5."
            )
    else:
        draws = round(DRAWN * math.prod(shape))
        sides = np.array(shape)
        spread = math.sqrt(VARIANCE) / FULL * sides
        places = np.random.default_rng(0).normal(sides / 2, spread, (draws, len(shape))).astype(np.int64)
        inside = ((places >= 0) & (places < sides)).all(1)
        middle = np.zeros(shape, dtype=bool)
        middle[tuple(places[inside].T)] = True
    if not middle.any():
        told = f"drawn for {'×'.join(map(str, shape))}" if file is None else f"'{file}'"
        raise ValueError(
            f"The sampling mask {told} holds no frequency at all; expected some that are true. Check its threshold, "
            f"or take a larger volume."
        )
    return torch.from_numpy(np.fft.ifftshift(middle).astype(np.float64))


def shadows(picture: Array, rays: Rays) -> Array:
    """The integrals of a picture on [-1, 1]^2, row 0 on top, along rays, (n,): linear between pixels, 0 outside.

    >>> import numpy as np
    >>> from sirenpde import Box, Rays
    >>> from sirenpde.references.phantoms import shadows
    >>> rays = Rays.parallel(Box(x=(-1, 1), y=(-1, 1)), [0.0], 4, nodes=8)
    >>> shadows(np.ones((8, 8)), rays).round(6).tolist()
    [2.0, 2.0, 2.0, 2.0]
    """
    from scipy.ndimage import map_coordinates

    _, data = rays.draw(None, torch.Generator().manual_seed(0))
    x, y = data[NODES].unbind(2)
    rows, columns = picture.shape
    places = [((1 - y) * rows - 1).numpy() / 2, ((1 + x) * columns - 1).numpy() / 2]
    values = map_coordinates(np.asarray(picture), places, order=1, mode="nearest")
    integrals: Array = (values * data[LENGTHS].numpy()).sum(1)
    return integrals
