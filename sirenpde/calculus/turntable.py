"""What a camera sees that turns about a scene: a film of a function of rays, as a function of time and pixel."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..geometry.can import bounds_of
from ..geometry.domain import Domain
from ..geometry.gathered import DEPTHS, LENGTHS, NODES
from ..geometry.pictures.film import Screen
from ..geometry.point import Axis, Point, check_point
from ..geometry.rays import crossings
from ..geometry.views import WIDE
from .evaluate import PointFunction, point
from .field import Derivative
from .operators import check_function


@dataclass(frozen=True)
class Ray:
    """One ray: nodes (count, 3), how far they are from the camera and what lengths they stand for, (count,)."""

    nodes: Tensor
    depths: Tensor
    lengths: Tensor
    direction: Tensor


@dataclass(frozen=True)
class TurningCamera:
    """The rays of a pinhole camera that turns once about the third axis in ``period`` and looks at the origin.

    A pixel is at t, x and y of a film; x and y from -1 to 1 are the width of the picture. As a site it is where a
    function of the pixel reads fields.
    """

    names: tuple[str, ...]
    box: tuple[tuple[float, float], ...]
    period: float
    distance: float
    height: float
    near: float | None
    far: float | None
    count: int

    def ray(self, p: Point) -> Ray:
        """The ray through the pixel of a point."""
        t, x, y = (p.coordinate(name) for name in ("t", "x", "y"))
        angle = 2 * math.pi * t / self.period
        cos, sin, zero = torch.cos(angle), torch.sin(angle), torch.zeros_like(angle)
        place = torch.stack([self.distance * cos, self.distance * sin, zero + self.height])
        back, right = place / place.norm(), torch.stack([-sin, cos, zero])
        seen = x / (2 * WIDE) * right + y / (2 * WIDE) * torch.linalg.cross(back, right) - back
        direction = seen / seen.norm()
        enter, leave = crossings(place[None], direction[None], self.box)
        near = enter[0] if self.near is None else torch.full_like(angle, self.near)
        far = leave[0] if self.far is None else torch.full_like(angle, self.far)
        middles = (torch.arange(self.count, dtype=t.dtype, device=t.device) + 0.5) / self.count
        depths = near + middles * (far - near)
        lengths = ((far - near) / self.count).expand(self.count)
        return Ray(place + depths[:, None] * direction, depths, lengths, direction)

    def axes(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return self.names

    def nodes(self, p: Point) -> Tensor:
        return self.ray(p).nodes

    def follows(self, name: str) -> bool:
        raise ValueError(f"A film of a scene was differentiated along {name}; expected its colours alone.")

    def sample(self, p: Point, key: str) -> Tensor:
        raise ValueError(
            f"The data '{key}' were read along the rays of a film; expected fields and coordinates alone."
        )

    def __str__(self) -> str:
        return "the nodes of a turning camera's ray"


@dataclass(frozen=True, eq=False)
class Turntable:
    """What a ray sees, as a function of the points (t, x, y) of a film."""

    view: PointFunction
    camera: TurningCamera
    domain: Screen
    name: str

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.domain.axes

    def __call__(self, p: Point) -> Tensor:
        check_point(p, self.name)
        ray = self.camera.ray(p)
        known = {NODES: ray.nodes, DEPTHS: ray.depths, LENGTHS: ray.lengths, "direction": ray.direction}

        def read(key: Hashable) -> Tensor:
            if isinstance(key, Derivative) and key.site is None:
                raise ValueError(
                    f"{key} was read at a ray as a whole; expected fields at its nodes. Write along({key.field})(p)."
                )
            return p.read(replace(key, site=self.camera) if isinstance(key, Derivative) else key)

        def sample(key: str) -> Tensor:
            if key not in known:
                raise ValueError(
                    f"The data '{key}' were read at a ray of a film, which has its direction, its nodes and their "
                    f"lengths alone. Leave them out of what is seen."
                )
            return known[key]

        middle = ray.nodes[len(ray.nodes) // 2]
        return self.view(point(self.camera.names, middle, read, sample))


def still(film: Turntable, size: int) -> Turntable:
    """The same scene and camera, one frame of so many pixels along each side."""
    camera = replace(film.camera, period=1.0)
    return replace(film, camera=camera, domain=Screen(1, size, size, 1.0, film.name))


def turntable(
    view: PointFunction,
    domain: Domain,
    near: float | None = None,
    far: float | None = None,
    *,
    frames: int = 48,
    size: int = 96,
    nodes: int = 64,
    distance: float = 3.0,
    height: float = 1.2,
    rate: float = 24.0,
    name: str = "turntable",
) -> Turntable:
    """A film of a scene by a camera that turns once about the third axis and looks at the origin: an output.

    It is a function of the time, in seconds, and of the pixels, and is written as MP4 where outputs are; it is as
    wide as NeRF's synthetic scenes.

    Args:
        view: what a ray sees, as on ``Rays``: (3,) from 0 to 1, or () if grey.
        domain: of the scene, of three axes, usually a ``Box``.
        near, far: of the rays; where they enter and leave the domain, if left out.
        frames, size: how many, and their pixels along each side.
        nodes: along each ray, the middles of equal parts.
        distance, height: of the camera from the axis, and above the origin.
        rate: frames a second.
        name: of the output.

    Raises ValueError for a domain of another number of axes, and numbers that are not positive.

    >>> from sirenpde import Adam, Box, Field, MLP, Problem, along, on, solve, turntable
    >>> from sirenpde.references.scene import views
    >>> box = Box(x=(-1, 1), y=(-1, 1), z=(-1, 1))
    >>> u, rays = Field("u", box, MLP(8, 1), shape=(3,)), views(1, 4).rays(box, nodes=4)
    >>> view = lambda p: along(u)(p).mean(0)
    >>> seen = on(rays, samples=8, name="seen")(lambda p: view(p) - rays["colour"](p))
    >>> film = turntable(view, box, frames=2, size=8, nodes=4)
    >>> solution = solve(Problem(seen, outputs=(u, film)), [Adam(steps=2)], device="cpu")
    >>> solution[film](film.domain.voxels.points).shape
    torch.Size([128, 3])
    """
    check_function(view, "turntable", "turntable(view, box)")
    if len(domain.axes) != 3:
        raise ValueError(
            f"turntable was given a domain of the axes {', '.join(axis.name for axis in domain.axes)}; expected "
            f"three, the last of them upwards."
        )
    if min(frames, size, nodes) < 1 or not min(distance, rate) > 0:
        raise ValueError(
            f"turntable was given frames={frames}, size={size}, nodes={nodes}, distance={distance}, rate={rate}; "
            f"expected positive numbers."
        )
    names = tuple(axis.name for axis in domain.axes)
    camera = TurningCamera(
        names, bounds_of(domain), frames / rate, float(distance), float(height), near, far, nodes
    )
    return Turntable(view, camera, Screen(frames, size, size, rate, name), name)
