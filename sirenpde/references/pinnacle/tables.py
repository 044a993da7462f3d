"""The files of certified values in ``sirenpde/data/pinnacle``: what is in them, and how they are made again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from . import channel, fourier, layered_cube, perforated, two_valued

Columns = dict[str, NDArray[np.float64] | NDArray[np.float32]]

ACROSS = 32  # nodes along each side of a square
POINTS = 1000  # of a shape


def on_lattice(
    times: Sequence[float], places: NDArray[np.float64], certified: Mapping[str, NDArray[np.float64]]
) -> Columns:
    """Columns of nodes, time slowest, and of values (times, n, n) or (times, n, n, outputs), in single precision."""
    nodes = np.stack(np.meshgrid(times, places, places, indexing="ij"), -1).reshape(-1, 3)
    values = {
        name: array.reshape(len(nodes), *array.shape[3:]).astype(np.float32)
        for name, array in certified.items()
    }
    return {"t": nodes[:, 0], "x": nodes[:, 1], "y": nodes[:, 2], **values}


def heat2d_lt(coefficients: NDArray[np.float64], end: float = 100.0) -> Columns:
    """Of sine coefficients at even times."""
    frames, modes, _ = coefficients.shape
    places = np.arange(1, ACROSS) / ACROSS
    waves = np.sin(np.pi * np.outer(places, np.arange(1, modes + 1)))
    return on_lattice(
        np.linspace(0, end, frames).tolist(), places, {"certified": waves @ coefficients @ waves.T}
    )


def on_period(values: NDArray[np.float64], low: float, length: float, end: float) -> Columns:
    """Of both outputs on a Fourier grid at even times, (frames, 2, count, count)."""
    frames, _, count, _ = values.shape
    chosen = slice(0, count, count // ACROSS)
    places = low + length * np.arange(count)[chosen] / count
    certified = np.moveaxis(values[:, :, chosen, chosen], 1, -1)
    return on_lattice(np.linspace(0, end, frames).tolist(), places, {"certified": certified})


def ns2d_lt(degrees: tuple[int, int], each: int, end: float = 2.0) -> Columns:
    """Velocity and pressure every 1/4 from t = 1/4 on, at nodes inside and at the outlet."""
    frames = round(4 * end) + 1
    x, y = np.arange(1, 21) / 10, np.arange(1, 12) / 12
    values = channel.swinging_flow(degrees, each, end, frames, x, y)[1:]
    times = np.linspace(0, end, frames)[1:]
    nodes = np.stack(np.meshgrid(times, x, y, indexing="ij"), -1).reshape(-1, 3)
    columns = {name: column.round(12) for name, column in zip("txy", nodes.T, strict=True)}
    return {**columns, "certified": values.reshape(-1, 3).astype(np.float32)}


def wave2d_cg(places: NDArray[np.float64], values: Mapping[str, NDArray[np.float64]]) -> Columns:
    """Of displacements on volumes at t = 0, 1, ..., 5."""
    chosen = slice(len(places) // ACROSS // 2, None, len(places) // ACROSS)
    return on_lattice(
        range(6), places[chosen], {name: array[:, chosen, chosen] for name, array in values.items()}
    )


def heat2d_cg(resolution: int = 120) -> Columns:
    """At quasi-random points of the plate, every 1/5 until t = 3."""
    solid = perforated.plate()[0]
    points = solid.draw(POINTS, torch.Generator().manual_seed(0))[0].numpy().astype(np.float32).astype(float)
    times = [round(0.2 * i, 1) for i in range(16)]
    values = perforated.warmed(points, times, resolution)
    x, y = np.tile(points, (len(times), 1)).T
    t = np.repeat(times, len(points))
    return {"x": x, "y": y, "t": t, "certified": values.reshape(-1).astype(np.float32)}


def poisson3d_cg(size: int) -> Columns:
    """At the centres of 16 x 25 x 16 cells that lie outside of the balls, more along y, where the waves are."""
    along = [(np.arange(count) + 0.5) / count for count in (16, 25, 16)]
    nodes = np.stack(np.meshgrid(*along, indexing="ij"), -1).reshape(-1, 3)
    away = [np.linalg.norm(nodes - [a, b, c], axis=1) > r for a, b, c, r in layered_cube.BALLS]
    nodes = nodes[np.all(away, axis=0)]
    values = layered_cube.around_balls(nodes, size).astype(np.float32)
    return {**dict(zip("xyz", nodes.T, strict=True)), "certified": values}


def heat2d_vc(published: Columns, fine: int = 2) -> Columns:
    """Both forms at the nodes (t, x, y) of the suite's own values, which stay beside them."""
    times, frame = np.unique(published["t"], return_inverse=True)
    places = np.stack([frame, published["x"], published["y"]], 1).astype(np.float64)
    forms: dict[str, two_valued.Form] = {"certified": "flux", "code": "code"}
    values = {
        name: _between(places, *two_valued.heat(form, times.tolist(), fine)) for name, form in forms.items()
    }
    return {**published, **values}


def _between(
    places: NDArray[np.float64], x: NDArray[np.float64], values: NDArray[np.float64]
) -> NDArray[np.float32]:
    from scipy.interpolate import RegularGridInterpolator

    along = np.arange(len(values)), x, x
    between: NDArray[np.float64] = RegularGridInterpolator(along, values)(places)
    return between.astype(np.float32)


def _waves() -> Columns:
    forms: tuple[two_valued.Form, ...] = ("code", "flux")
    runs = {f"{form}_{high}": two_valued.waves(form, high, 5.0, 6) for form in forms for high in (12, 2)}
    (places, _), *_ = runs.values()
    return wave2d_cg(places, {name: values for name, (_, values) in runs.items()})


def _heat2d_vc(folder: Path) -> Columns:
    with np.load(folder / "heat2d_vc.npz") as file:
        return heat2d_vc({name: file[name] for name in ("t", "x", "y", "published")})


RECIPES: dict[str, Callable[[Path], Columns]] = {
    "heat2d_lt": lambda folder: heat2d_lt(fourier.heat_reaction(159, 0.025, 100.0, 11)),
    "gs": lambda folder: on_period(fourier.gray_scott(256, 0.5, 200.0, 11), -1, 2, 200.0),
    "burgers2d_c": lambda folder: on_period(fourier.burgers(256, 1e-3, 1.0, 11), 0, 1, 1.0),
    "ns2d_lt": lambda folder: ns2d_lt((44, 24), 160),
    "wave2d_cg": lambda folder: _waves(),
    "heat2d_cg": lambda folder: heat2d_cg(),
    "heat2d_vc": _heat2d_vc,
    "poisson3d_cg": lambda folder: poisson3d_cg(24),
}


def write(name: str, folder: Path) -> None:
    """Make one of the files again, in minutes at most; that of Heat2d-VC is read first, for the suite's values."""
    np.savez_compressed(folder / f"{name}.npz", **RECIPES[name](folder))  # type: ignore[arg-type]
