"""Coefficients given on a grid, an image or a mesh, as functions of a point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..arrays import and_more, as_numbers
from ..domain import HasAxes
from ..pictures.pictures import read_picture
from ..point import Axis, Point, check_point
from ..readers.columns import MESHES, TEXTS, Arrays, read_arrays, read_points
from ..readers.existing import existing
from .pieces import SimplexPieces, cubic, linear
from .splines import TensorSpline, through

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Outside = Literal["refuse", "clamp"]
Axes = HasAxes | Sequence[Axis] | Mapping[str, "ArrayLike | Tensor"]
SLACK = {torch.float64: 1e-9, torch.float32: 1e-5}  # of the range, by which a point may be off by rounding
PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".npy")
_GRADES = {1: "linear, continuous", 3: "cubic, with two continuous derivatives", 5: "quintic, with four"}


@dataclass(frozen=True, eq=False, repr=False)
class Coefficient:
    """An interpolated function: ``Sampled`` is the one that users declare, and checks what it is made of."""

    names: tuple[str, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    interpolant: TensorSpline | SimplexPieces
    smoothness: int  # how many derivatives it has that are continuous
    is_complex: bool
    outside: Outside
    name: str

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the value at a point."""
        shape = self.interpolant.shape
        return shape[:-1] if self.is_complex else shape

    def __repr__(self) -> str:
        ends = ", ".join(
            f"{n} from {a:g} to {b:g}" for n, a, b in zip(self.names, self.low, self.high, strict=True)
        )
        return f"Sampled('{self.name}', {ends}, {self.smoothness} continuous derivatives)"

    def __call__(self, p: Point) -> Tensor:
        check_point(p, f"The coefficient '{self.name}'")
        self._check_smooth(p)
        if p.observe is not None:
            p.observe(self, None)
        return self._values(torch.stack([p.coordinate(name) for name in self.names]))

    def covers(self, points: Tensor) -> Tensor:
        """Which of the points (n, d) it has values at."""
        if self.outside == "clamp":
            return torch.ones(len(points), dtype=torch.bool)
        values = torch.func.vmap(self._values)(points)
        return values.reshape(len(points), -1).isfinite().all(1)

    def _values(self, x: Tensor) -> Tensor:
        """At one point (d,): not a number where there is none, nor for any derivative."""
        slack = SLACK.get(x.dtype, 1e-5)
        if isinstance(self.interpolant, SimplexPieces):
            simplex, coordinates = self.interpolant.find(x)
            if self.outside == "clamp":
                kept = coordinates.clamp(min=0.0)
                value = self.interpolant.value(simplex, kept / kept.sum())
            else:
                value = self.interpolant.value(simplex, coordinates)
            away = coordinates.amin() < -1e3 * slack
        else:
            low, high = self.interpolant.ends.like(x).unbind()
            off = slack * (high - low)
            away = ((x < low - off) | (x > high + off)).any()
            value = self.interpolant(x.clamp(low, high) if self.outside == "clamp" else x)
        if self.outside == "refuse":
            value = value * torch.where(away, torch.nan, 1.0).to(value.dtype)
        return torch.complex(value[..., 0], value[..., 1]) if self.is_complex else value

    def _check_smooth(self, p: Point) -> None:
        """Raises ValueError for a derivative that the interpolation does not have."""
        along = [name for name in p.moved if name in self.names]
        on_mesh = isinstance(self.interpolant, SimplexPieces)
        order = len(along) if on_mesh else max(map(along.count, along), default=0)
        if order <= self.smoothness:
            return
        if on_mesh:
            more = "A mesh in the plane has one: degree=3. Give the values on a grid for more"
        else:
            more = f"Interpolate by polynomials of higher degree: degree={min(order + 1 + order % 2, 5)}"
        raise ValueError(
            f"The derivative of order {order} of the coefficient '{self.name}' was asked for (along "
            f"{', '.join(along)}); its interpolation has {self.smoothness or 'no'} continuous "
            f"derivative{'s' * (self.smoothness > 1)}, and beyond them it jumps from cell to cell. {more}, or "
            "write the equation so that the coefficient is not differentiated as often."
        )


class Sampled(Coefficient):
    """A coefficient given by values on a grid, an image or a mesh, interpolated: ``k(p)`` is its value at a point.

    It is a function of a point like any other, so that ``D(k, x)(p)`` and ``div(lambda p: k(p) * grad(u)(p))``
    differentiate it. On grids it is a tensor product of splines of degree 1, 3 or 5, with ``degree`` - 1 continuous
    derivatives along each axis and an error of order h^(degree + 1); on meshes it is linear (degree 1, no
    derivative), or has one (degree 3, in the plane). A derivative that it does not have is refused when the problem
    is declared, and so is a domain that reaches beyond the values, unless ``outside="clamp"`` continues those of the
    border.

    Args:
        values: (n_1, ..., n_d, *shape), an axis of the array for each coordinate; real or complex.
        axes: coordinates by name, ``{"x": [...], "y": [...]}``, ascending or descending; or a domain or axes, from
            end to end of which the values lie evenly.
        degree: of the polynomials between grid lines.
        outside: "refuse", or "clamp" to the nearest value.
        name: for messages.

    Raises:
        ValueError: for shapes that do not fit, coordinates that are not sorted, values that are no numbers, a degree
            that there are too few values for.

    >>> import torch
    >>> from sirenpde import Box, D, Field, LeastSquares, Problem, Sampled, SineFeatures, on, solve
    >>> rod = Box(x=(0, 1))
    >>> (x,), u = rod.axes, Field("u", rod, SineFeatures(50, bandwidth=6.0))
    >>> s = torch.linspace(0, 1, 41, dtype=torch.float64)
    >>> k = Sampled(torch.exp(s), {"x": s})
    >>> @on(rod, samples=60)
    ... def heat(p):
    ...     return D(lambda p: k(p) * D(u, x)(p), x)(p)
    >>> @on(rod.boundary(), samples=2)
    ... def ends(p):
    ...     return u(p) - x(p)
    >>> value = solve(Problem(heat, ends), [LeastSquares()])[u]([[0.5]])[0]
    >>> round(float(value), 6), round(float((1 - torch.exp(-s[20])) / (1 - torch.exp(-s[40]))), 6)
    (0.622459, 0.622459)
    """

    def __init__(
        self,
        values: ArrayLike | Tensor,
        axes: Axes,
        *,
        degree: int = 3,
        outside: Outside = "refuse",
        name: str = "coefficient",
    ) -> None:
        _check_outside(outside)
        numbers = as_numbers(values, f"The values of '{name}'")
        grid = _coordinates(axes, tuple(numbers.shape), name)
        array = numbers.numpy()
        for a, (key, x) in enumerate(grid.items()):
            if x[0] > x[-1]:
                grid[key], array = x[::-1], np.flip(array, a)
        _check_grid(grid, array, degree, name)
        real, is_complex = _as_real(array)
        spline = through(list(grid.values()), real, degree)
        low, high = (tuple(float(x[end]) for x in grid.values()) for end in (0, -1))
        super().__init__(tuple(grid), low, high, spline, degree - 1, is_complex, outside, name)

    @staticmethod
    def on_mesh(
        points: ArrayLike | Tensor,
        simplices: ArrayLike | Tensor,
        values: ArrayLike | Tensor,
        axes: HasAxes | Sequence[Axis] | Sequence[str] = ("x", "y", "z"),
        *,
        degree: int = 1,
        outside: Outside = "refuse",
        name: str = "coefficient",
    ) -> Coefficient:
        """Values (n, *shape) at the nodes (n, d) of a mesh of segments, triangles or tetrahedra (s, d + 1).

        ``degree`` 1 is linear on each simplex, 3 has continuous slopes, in the plane; arguments as for a grid.

        >>> from sirenpde import Sampled
        >>> k = Sampled.on_mesh([[0, 0], [1, 0], [0, 1.0]], [[0, 1, 2]], [1.0, 2.0, 4.0])
        >>> k
        Sampled('coefficient', x from 0 to 1, y from 0 to 1, 0 continuous derivatives)
        """
        _check_outside(outside)
        nodes = as_numbers(points, f"The nodes of '{name}'").numpy()
        corners = as_numbers(simplices, f"The cells of '{name}'").numpy().astype(np.int64)
        numbers = as_numbers(values, f"The values of '{name}'").numpy()
        names = _names(axes)[: nodes.shape[-1]]
        _check_mesh(nodes, corners, numbers, names, degree, name)
        real, is_complex = _as_real(numbers)
        pieces = (linear if degree == 1 else cubic)(nodes, corners, real)
        used = nodes[corners.reshape(-1)]
        low, high = tuple(used.min(0).tolist()), tuple(used.max(0).tolist())
        return Coefficient(names, low, high, pieces, int(degree == 3), is_complex, outside, name)

    @staticmethod
    def open(
        path: str | PathLike[str],
        axes: Axes | None = None,
        key: str | None = None,
        *,
        degree: int | None = None,
        outside: Outside = "refuse",
    ) -> Coefficient:
        """Reads a coefficient from ``.npz``, ``.mat``, HDF5, an image, or point data of ``.vtu`` and ``.vtk``.

        ``key`` names the values where the file has several. Coordinates are the file's own vectors, in the order of
        the values' dimensions (those named like the ``axes``, if these are given); where it has none, the values lie
        evenly from end to end of the ``axes``. An image needs a domain of two axes: its pixels fill that, the top
        row at the upper end of the second, colours made grey, white 1. On meshes ``degree`` is 1 if left out, else 3.
        ``ValueError`` for what is missing or does not fit.
        """
        file = existing(path)
        kind = file.suffix.lower()
        if kind in MESHES:
            return _from_mesh(file, axes, key, degree or 1, outside)
        if kind in PICTURES:
            return _from_picture(file, axes, degree or 3, outside)
        if kind in TEXTS:
            raise ValueError(
                f"'{file}' is a table of points; a coefficient is read from arrays on a grid (.npz, .mat, .h5), an "
                "image or a mesh (.vtu, .vtk). Read it by Table.open, or save an array, a dimension for each axis."
            )
        arrays, _ = read_arrays(file)
        arrays = {name: np.asarray(a).squeeze() for name, a in arrays.items()}
        values, grid = _from_archive(file, arrays, axes, key)
        return Sampled(values, grid, degree=degree or 3, outside=outside, name=file.stem)


def _names(axes: Axes | Sequence[str]) -> tuple[str, ...]:
    named: Any = getattr(axes, "axes", axes)
    return tuple(str(getattr(axis, "name", axis)) for axis in named)


def _check_outside(outside: object) -> None:
    if outside not in ("refuse", "clamp"):
        raise ValueError(
            f"Sampled was given outside={outside!r}; expected 'refuse' or 'clamp'. Write outside='clamp' to continue "
            "the values of the border."
        )


def _as_real(values: NDArray[Any]) -> tuple[NDArray[np.float64], bool]:
    if values.dtype.kind == "c":
        return np.stack([values.real, values.imag], axis=-1), True
    return np.ascontiguousarray(values, np.float64), False


def _coordinates(axes: Axes, shape: tuple[int, ...], name: str) -> dict[str, NDArray[np.float64]]:
    """Coordinates along each of the first dimensions of the values."""
    if isinstance(axes, Mapping):
        grid = {k: as_numbers(v, f"The coordinates {k} of '{name}'").numpy() for k, v in axes.items()}
    else:
        ends = tuple(axes) if isinstance(axes, Sequence) else tuple(axes.axes)
        grid = {a.name: np.linspace(a.low, a.high, n) for a, n in zip(ends, shape, strict=False)}
        if len(grid) < len(ends):
            grid |= {a.name: np.empty(0) for a in ends[len(grid) :]}
    lengths = tuple(len(x) if x.ndim == 1 else -1 for x in grid.values())
    if not grid or lengths != shape[: len(grid)]:
        given = ", ".join(f"{k} of shape {tuple(x.shape)}" for k, x in grid.items())
        raise ValueError(
            f"The values of '{name}' have the shape {shape} and the coordinates are {given or 'none'}; expected a "
            "dimension of the values for each axis, in their order, as long as its coordinates. Transpose the "
            "values, or name the axes in another order."
        )
    return grid


def _check_grid(
    grid: Mapping[str, NDArray[np.float64]], values: NDArray[Any], degree: int, name: str
) -> None:
    if degree not in _GRADES:
        grades = ", ".join(f"{d} ({words})" for d, words in _GRADES.items())
        raise ValueError(
            f"Sampled was given degree={degree!r}; expected one of {grades}. Write degree=3 for most equations."
        )
    for key, x in grid.items():
        if len(x) < degree + 1:
            raise ValueError(
                f"The values of '{name}' are {len(x)} along {key}; polynomials of degree {degree} need {degree + 1}. "
                "Give more values, or a smaller degree."
            )
        if not np.isfinite(x).all() or not (np.diff(x) > 0).all():
            bad = int(np.argmin(np.nan_to_num(np.diff(x), nan=-np.inf)))
            raise ValueError(
                f"The coordinates {key} of '{name}' are not sorted: {x[bad]:g} is followed by {x[bad + 1]:g}; finite "
                "numbers that only grow, or only fall, are needed. Sort them, and the values with them."
            )
    _check_finite(values, name)


def _check_finite(values: NDArray[Any], name: str) -> None:
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        at = ", ".join(map(str, bad[0].tolist()))
        raise ValueError(
            f"The values of '{name}' hold {values[tuple(bad[0])]} at [{at}]{and_more(len(bad) - 1)}; finite "
            "numbers are needed. Fill them in."
        )


def _check_mesh(
    nodes: NDArray[np.float64],
    cells: NDArray[np.int64],
    values: NDArray[Any],
    names: tuple[str, ...],
    degree: int,
    name: str,
) -> None:
    d = nodes.shape[-1]
    if nodes.ndim != 2 or cells.ndim != 2 or cells.shape[1] != d + 1 or len(values) != len(nodes):
        raise ValueError(
            f"The mesh of '{name}' has nodes of shape {nodes.shape}, cells of shape {cells.shape} and values of "
            f"shape {values.shape}; expected (n, d), (s, d + 1) and (n, ...): simplices that fill the space of the "
            "nodes, and a value at each. Leave out a coordinate that all nodes share."
        )
    if len(names) != d:
        raise ValueError(
            f"The nodes of '{name}' have {d} coordinates and {len(names)} names: {', '.join(names)}. Name each axis."
        )
    if degree not in (1, 3) or (degree == 3 and d != 2):
        raise ValueError(
            f"Sampled was given degree={degree!r} for a mesh in {d} dimensions; expected 1 (linear), or 3 in the "
            "plane (one continuous derivative). Give the values on a grid for more."
        )
    if not len(cells) or cells.min() < 0 or cells.max() >= len(nodes):
        raise ValueError(
            f"The cells of '{name}' are {len(cells)} and refer to nodes that are not there; every cell needs nodes "
            f"from 0 to {len(nodes) - 1}. Write the mesh again."
        )
    _check_finite(values[np.unique(cells)], name)
    corners = nodes[cells]
    volume = np.abs(np.linalg.det(corners[:, 1:] - corners[:, :1]))
    if not volume.min() > 1e-14 * volume.max():
        raise ValueError(
            f"The cell {int(volume.argmin())} of '{name}' has no volume; cells with an interior are needed. Take it "
            "out of the mesh."
        )


def _from_archive(
    file: Path, arrays: Arrays, axes: Axes | None, key: str | None
) -> tuple[NDArray[Any], Axes]:
    """The values, and the coordinates of the file or of the axes."""
    there = ", ".join(f"{n} {a.shape}" for n, a in arrays.items()) or "none"
    if isinstance(axes, Mapping):
        names = list(axes)
    elif axes is not None:
        names = [a.name for a in (axes if isinstance(axes, Sequence) else axes.axes)]
    else:
        names = [n for n, a in arrays.items() if a.ndim == 1 and n != key]
    vectors = {n: arrays[n] for n in names if n in arrays and arrays[n].ndim == 1}
    rest = {n: a for n, a in arrays.items() if n not in vectors and a.ndim >= max(1, len(names))}
    if key is None and axes is None and len(vectors) > 1 and not rest:  # one axis, and values of its length
        *names, key = names
        vectors.pop(key)
    if key is not None and key not in arrays:
        raise ValueError(f"'{file}' has no array '{key}'; it has {there}. Name one of them by key=...")
    if key is None and len(rest) != 1:
        raise ValueError(
            f"'{file}' has the arrays {there}; which of them the values are is not clear. Name it by key=..., and "
            "the axes in the order of its dimensions."
        )
    values = arrays[key if key is not None else next(iter(rest))]
    if isinstance(axes, Mapping):
        return values, axes
    if names and len(vectors) == len(names):
        return values, {n: vectors[n] for n in names}
    if axes is None or vectors:
        raise ValueError(
            f"'{file}' has the arrays {there}, and no vector of coordinates for "
            f"{', '.join(n for n in names if n not in vectors) or 'any axis'}. Save them along with the values, or "
            "pass coordinates: axes={'x': [...]}."
        )
    return values, axes


def _from_picture(file: Path, axes: Axes | None, degree: int, outside: Outside) -> Coefficient:
    """Grey values at the centres of pixels, and once more at the borders of the picture."""
    if axes is None or isinstance(axes, Mapping):
        raise ValueError(
            f"'{file}' is an image, which has no coordinates; a domain that its pixels fill is needed. Pass one: "
            f"Sampled.open('{file.name}', Box(x=(0, 2), y=(0, 1)))."
        )
    ends = tuple(axes) if isinstance(axes, Sequence) else tuple(axes.axes)
    if len(ends) != 2:
        raise ValueError(
            f"'{file}' is an image and the domain has the axes {', '.join(a.name for a in ends)}; two are needed. "
            "Pass axes across and up."
        )
    values = np.flip(read_picture(file, grey=True), 0).T
    grid = {}
    for a, n in zip(ends, values.shape, strict=True):
        centres = a.low + (a.high - a.low) * (np.arange(n) + 0.5) / n
        grid[a.name] = np.concatenate([[a.low], centres, [a.high]])
    return Sampled(np.pad(values, 1, mode="edge"), grid, degree=degree, outside=outside, name=file.stem)


def _from_mesh(file: Path, axes: Axes | None, key: str | None, degree: int, outside: Outside) -> Coefficient:
    mesh, data = read_points(file)
    if (key is None and len(data) != 1) or (key is not None and key not in data):
        raise ValueError(
            f"'{file}' has the values {', '.join(data) or 'none'} at its points; {key or 'one'} was to be read. Name "
            "one of them by key=..."
        )
    blocks: list[NDArray[np.int64]] = []
    for kinds in (("tetra",), ("triangle", "quad"), ("line",)):
        of_kind = [block for block in mesh.cells if block.type in kinds]
        blocks = blocks or [_simplices(b.data) if b.type == "quad" else b.data for b in of_kind]
    if not blocks:
        raise ValueError(
            f"'{file}' has cells of the kinds {', '.join(sorted({b.type for b in mesh.cells})) or 'none'}; values "
            "are interpolated on lines, triangles, quadrilaterals and tetrahedra. Write it with one of these."
        )
    d = blocks[0].shape[1] - 1
    names = _names(axes if axes is not None else ("x", "y", "z"))
    columns = ["xyz".index(n) if n in ("x", "y", "z") else i for i, n in enumerate(names[:d])]
    cells = np.concatenate(blocks)
    values = data[key if key is not None else next(iter(data))]
    return Sampled.on_mesh(
        mesh.points[:, columns], cells, values, names[:d], degree=degree, outside=outside, name=file.stem
    )


def _simplices(quads: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
