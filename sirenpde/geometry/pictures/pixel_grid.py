"""Pictures as domains: pixels, parts of them, and the edges between neighbouring pixels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from os import PathLike
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..arrays import as_mask, check_share
from ..data.cloud import Cloud
from ..domain import Data, Deferred, named, read_data
from ..point import Axis
from ..tensor_grid import TensorGrid, centres
from . import stencils
from .edges import Edges
from .pictures import as_picture, read_picture, reduce
from .surroundings import Surroundings

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True, eq=False, repr=False)
class Pictures:
    """Aligned pictures as they are: ``PixelGrid`` is the one that users declare, and checks them."""

    images: Mapping[str, Tensor]  # each (H, W) or (H, W, 3), row 0 on top
    name: str
    around: Surroundings | None = None  # the picture that these pixels are a part of, if they are


class PixelGrid(Pictures):
    """Aligned pictures of H×W pixels as points of [-1, 1]^2, row after row.

    x runs to the right and y upwards; the longer side spans [-1, 1] and pixels are squares of side
    h = 2 / max(H, W) = ``spacing``. The pixel in row i and column j has its centre at

        x_j = (2j + 1 - W) / max(H, W),     y_i = -(2i + 1 - H) / max(H, W).

    ``grid["scene"](p)`` is the colour of the pixel at p, of shape () if grey or (3,), in [0, 1] for a file.
    Arrays are accepted as (H, W) or (H, W, 3); whole numbers are scaled to [0, 1], floats kept as they are.
    Raises ValueError for pictures of different sizes, other shapes, and numbers that are not finite.

    >>> import numpy as np
    >>> from sirenpde import PixelGrid
    >>> grid = PixelGrid({"scene": np.array([[0.0, 0.25], [0.5, 1.0]])})
    >>> grid.size, grid.shape, grid.spacing
    (4, (2, 2), 1.0)
    >>> grid.points.tolist()
    [[-0.5, 0.5], [0.5, 0.5], [-0.5, -0.5], [0.5, -0.5]]
    >>> grid.where(np.array([[True, False], [False, False]])).points.tolist()
    [[-0.5, 0.5]]
    """

    def __init__(
        self,
        images: Mapping[str, ArrayLike | Tensor],
        name: str = "pixels",
        around: Surroundings | None = None,
    ) -> None:
        arrays = {key: as_picture(np.asarray(image), f"'{key}'") for key, image in images.items()}
        _check_aligned(arrays)
        super().__init__({key: torch.from_numpy(a) for key, a in arrays.items()}, name, around)

    @staticmethod
    def read(*, longest: int | None = None, grey: bool = False, **sources: str | PathLike[str]) -> PixelGrid:
        """Reads pictures by name: ``PixelGrid.read(scene="a.png", source="b.png")``.

        A source is a file, or a picture that comes with scikit-image, such as "camera"; see ``read_picture``.
        ``longest`` scales them down, by averages over areas, to so many pixels along the longer side.

        >>> from sirenpde import PixelGrid
        >>> PixelGrid.read(scene="camera", longest=64)
        PixelGrid(64×64, scene)
        """
        pictures = {key: read_picture(source, grey) for key, source in sources.items()}
        _check_aligned(pictures)
        if longest is not None:
            pictures = {key: reduce(picture, longest) for key, picture in pictures.items()}
        return PixelGrid(pictures)

    def __repr__(self) -> str:
        return f"PixelGrid({self.shape[0]}×{self.shape[1]}, {', '.join(self.images)})"

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns, (H, W)."""
        height, width = next(iter(self.images.values())).shape[:2]
        return height, width

    @property
    def size(self) -> int:
        return self.shape[0] * self.shape[1]

    @property
    def spacing(self) -> float:
        """The distance h of neighbouring pixel centres."""
        return 2 / max(self.shape)

    @cached_property
    def axes(self) -> tuple[Axis, Axis]:
        """x and y, each from one border of the picture to the other."""
        height, width = (n * self.spacing / 2 for n in self.shape)
        return Axis("x", -width, width), Axis("y", -height, height)

    @cached_property
    def coordinates(self) -> tuple[Tensor, Tensor]:
        """The pixel centres along x, ascending, and along y in the order of rows, descending."""
        height, width = self.shape
        return centres(width, self.spacing), -centres(height, self.spacing)

    @property
    def points(self) -> Tensor:  # (H*W, 2)
        return self.pixels.points

    @property
    def lattice(self) -> TensorGrid:
        lattice = self.pixels.lattice
        assert lattice is not None
        return lattice

    @property
    def data(self) -> Mapping[str, Tensor]:
        """The pictures and their derivatives, a row for each point, computed when asked for."""
        return self.pixels.data

    @cached_property
    def pixels(self) -> Cloud:
        """The same points and data as a cloud."""
        lattice = TensorGrid.rows(*self.coordinates)
        return Cloud(lattice.points, self.axes, Deferred(self._recipes()), self.name, lattice=lattice)

    def draw(self, n: int | None, generator: torch.Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        """All pixels, or ``n`` of them without replacement, and their data."""
        return self.pixels.draw(n, generator)

    def __getitem__(self, key: str) -> Data:
        """The value of a picture as a function of a point: shape () if grey, (3,) if in colour."""
        return read_data(self.images, key, "The pixel grid")

    def gradient(self, key: str, stencil: Literal["central", "sobel", "spectral"] = "central") -> Data:
        """The gradient of a picture as a function of a point, shape (2,) or (3, 2): by x, then by y.

        Per unit of the coordinates. "central" is (u(x + h) - u(x - h)) / 2h, one-sided at the border and of
        second order there too. "sobel" smooths it by (1, 2, 1) / 4 across and mirrors the picture at its
        border: up to a factor the target of the SIREN paper's Poisson experiment (Sitzmann et al. 2020, 4.1).
        "spectral" is the gradient of the cosine series through all pixels, the band-limited picture itself.
        """
        read_data(self.images, key, "The pixel grid")
        _check_stencil(stencil, ("central", "sobel", "spectral"))
        return Data(f"{stencil} gradient of {key}")

    def laplacian(self, key: str, stencil: Literal["central", "spectral"] = "central") -> Data:
        """The Laplacian of a picture as a function of a point, shape () or (3,), per unit squared.

        "central" is the 5-point formula (sum of the four neighbours - 4 u) / h²; the picture is mirrored at its
        border. "spectral" is the Laplacian of the cosine series through all pixels.
        """
        read_data(self.images, key, "The pixel grid")
        _check_stencil(stencil, ("central", "spectral"))
        return Data(f"{'spectral ' if stencil == 'spectral' else ''}laplacian of {key}")

    def mask(self, mask: str | ArrayLike | Tensor) -> Tensor:
        """Booleans (H, W): those given, or where the named picture (its mean colour) is above 1/2."""
        if not isinstance(mask, str):
            return as_mask(mask, self.shape, "the pixel grid")
        read_data(self.images, mask, "The pixel grid")
        image = self.images[mask]
        return (image if image.ndim == 2 else image.mean(-1)) > 0.5

    def drawn(self, keep: float, seed: int = 0) -> Tensor:
        """Booleans (H, W), true at about this share of the pixels, at random.

        Raises ValueError for a share that is not above 0 and at most 1, or so small that none is chosen.

        >>> from sirenpde import PixelGrid
        >>> round(float(PixelGrid.read(f="camera", longest=256).drawn(0.1).double().mean()), 2)
        0.1
        """
        check_share(keep, "keep", "the pixels")
        chosen = np.random.default_rng(seed).random(self.shape) < keep
        if not chosen.any():
            raise ValueError(
                f"keep={keep:g} of {self.size} pixels is none of them; one at least is needed. Keep more, or take a "
                f"larger picture."
            )
        return torch.from_numpy(chosen)

    def where(self, mask: str | ArrayLike | Tensor, name: str | None = None) -> Cloud:
        """The pixels in a mask: booleans (H, W), or the name of a picture, taken where it exceeds 1/2.

        ``grid.where(~grid.mask("mask"))`` are the others. ValueError where none is left.
        """
        chosen = self.mask(mask).reshape(-1)
        return self.pixels.where(chosen, name or (mask if isinstance(mask, str) else None))

    def edges(self, along: Axis | str, **given: ArrayLike | Tensor) -> Edges:
        """The midpoints between pixels that are neighbours along an axis, and both pixel centres as their ends.

        ``given`` are data of the edges: an array (H, W - 1) or (H, W - 1, 3) along x, (H - 1, W, ...) along y, in the
        order of the pixels. Raises ValueError for other shapes, and for an axis along which there is one pixel.

        >>> from sirenpde import PixelGrid
        >>> grid = PixelGrid({"scene": [[0.0, 0.25], [0.5, 1.0]]})
        >>> edges = grid.edges("y")  # upwards, from row 1 to row 0
        >>> edges.points.tolist(), edges.data["difference of scene"].tolist()
        ([[-0.5, 0.0], [0.5, 0.0]], [-0.5, -0.75])
        """
        name = named(self.axes, along).name
        if self.shape[name == "x"] < 2:
            raise ValueError(
                f"A picture of {self.shape[0]}×{self.shape[1]} has no edges along {name}; two pixels are needed "
                "there. Use a larger picture."
            )
        return Edges(self, "x" if name == "x" else "y", given)

    def _recipes(self) -> dict[str, Callable[[], Tensor]]:
        recipes: dict[str, Callable[[], Tensor]] = {}
        for key, image in self.images.items():
            recipes[key] = partial(image.flatten, 0, 1)
            for what, stencil in stencils.GRID.items():
                recipes[f"{what} of {key}"] = partial(_stencil_rows, stencil, image, self.spacing)
        return recipes


def _stencil_rows(stencil: Callable[[Tensor, float], Tensor], image: Tensor, h: float) -> Tensor:
    return stencil(image, h).flatten(0, 1)


def _check_stencil(stencil: str, known: tuple[str, ...]) -> None:
    if stencil not in known:
        *others, last = map(repr, known)
        raise ValueError(
            f"stencil={stencil!r} was given; expected {', '.join(others)} or {last}. Use one of them."
        )


def _check_aligned(pictures: Mapping[str, NDArray[np.float64]]) -> None:
    if not pictures:
        raise ValueError(
            "A pixel grid without pictures was declared; at least one is needed. Name one, scene=..."
        )
    (first, picture), *others = pictures.items()
    for key, other in others:
        if other.shape[:2] != picture.shape[:2]:
            (h, w), (k, v) = picture.shape[:2], other.shape[:2]
            raise ValueError(
                f"The picture '{first}' has {h}×{w} pixels (rows × columns) and '{key}' has {k}×{v}; "
                "pictures of one grid lie on each other pixel by pixel. Bring them to one size with "
                f"resize(picture, ({h}, {w})), or place one in the frame of the other with paste(...)."
            )
