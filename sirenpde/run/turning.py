"""Films and stills of a scene that was found, seen from cameras that turn about it."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..calculus.operators import PointFunction
from ..geometry.domain import Domain
from ..geometry.views import Views, turning
from ..plots import write_frames
from .fields import values
from .solution import Solution


def write_turning(
    path: str | PathLike[str],
    solution: Solution,
    view: PointFunction,
    domain: Domain,
    *,
    near: float | None = None,
    far: float | None = None,
    frames: int = 48,
    size: int = 96,
    nodes: int = 64,
    distance: float = 3.0,
    height: float = 1.2,
    rate: float = 24.0,
) -> Path:
    """Writes what cameras see that turn once about the z axis and look at the origin: MP4, or GIF.

    Args:
        path: of the film, ending in ``.mp4`` or ``.gif``.
        solution: of a problem on the rays of views.
        view: what a ray sees, an output of the problem, (3,) from 0 to 1.
        domain: of the scene, usually a ``Box``.
        near, far: of the rays; where they enter and leave the domain, if left out.
        frames, size: how many, and their pixels along each side.
        nodes: along each ray.
        distance, height: of the cameras from the axis, and above the origin.
        rate: frames a second.

    Raises ValueError for another ending, and where there is no picture.

    >>> import tempfile
    >>> from sirenpde import Adam, Box, Field, MLP, Problem, along, on, solve, write_turning
    >>> from sirenpde.references.scene import views
    >>> box = Box(x=(-2, 2), y=(-2, 2), z=(-2, 2))
    >>> u, rays = Field("u", box, MLP(8, 1), shape=(3,)), views(1, 4).rays(box, 1.5, 4.5, nodes=4)
    >>> view = lambda p: along(u)(p).mean(0)
    >>> seen = on(rays, samples=8, name="seen")(lambda p: view(p) - rays["colour"](p))
    >>> solution = solve(Problem(seen), [Adam(steps=2)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     film = write_turning(f"{folder}/scene.gif", solution, view, box, near=1.5, far=4.5, frames=2, size=8)
    ...     film.stat().st_size > 100
    True
    """

    def pictures() -> Iterator[Any]:
        for pose in turning(frames, distance, height):
            yield still(solution, view, domain, pose, near=near, far=far, size=size, nodes=nodes)

    return write_frames(path, pictures(), rate)


def still(
    solution: Solution,
    view: PointFunction,
    domain: Domain,
    pose: np.ndarray[Any, Any],
    *,
    near: float | None = None,
    far: float | None = None,
    size: int,
    nodes: int,
) -> np.ndarray[Any, Any]:
    """What the camera of a pose (4, 4) sees, (size, size, 3) of 8-bit colours, as wide as NeRF's synthetic scenes."""
    camera = Views(np.zeros((1, size, size, 3)), pose[None], 1.3889 * size)
    rays = camera.rays(domain, near, far, nodes=nodes)
    points, data = rays.draw(None, torch.Generator())
    seen = values(solution.system, solution.theta, [view], rays.axes, points, data)[0]
    colours: np.ndarray[Any, Any] = (
        (255 * seen.cpu().clamp(0, 1)).round().byte().reshape(size, size, 3).numpy()
    )
    return colours
