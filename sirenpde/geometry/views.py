"""Pictures of one scene from known cameras."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from .domain import Domain
from .pictures.pictures import read_picture, reduce
from .rays import Rays, Rule

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Views:
    """Pictures (k, H, W, 3) of a scene, row 0 on top, from pinhole cameras.

    ``poses`` (k, 4, 4) lead from a camera's coordinates to those of the scene; a camera looks along its own -z, x to
    the right and y upwards. ``focal`` is the distance of the picture's plane in pixels.

    >>> import numpy as np
    >>> from sirenpde import Box, Views
    >>> views = Views(np.zeros((1, 2, 2, 3)), np.eye(4)[None], focal=1.0)
    >>> rays = views.rays(Box(x=(-1, 1), y=(-1, 1), z=(-4, -1)), near=1, far=4, nodes=8)
    >>> rays.size, (rays.directions[0] / -rays.directions[0, 2]).tolist()
    (4, [-0.5, 0.5, -1.0])
    """

    pictures: Array
    poses: Array
    focal: float

    @staticmethod
    def read(folder: str | PathLike[str], split: str = "train", longest: int | None = None) -> Views:
        """The pictures that ``transforms_SPLIT.json`` or ``transforms.json`` of a folder names, with their cameras.

        The file is that of NeRF's synthetic scenes: ``camera_angle_x`` (or ``fl_x``, in pixels), and for every frame
        ``file_path`` and ``transform_matrix``. What is transparent is black. ``longest`` scales pictures down.
        Raises ValueError where cameras are missing, and OSError or ValueError for pictures that cannot be read.
        """
        home = Path(folder)
        files = [home / f"transforms_{split}.json", home / "transforms.json"]
        found = next((file for file in files if file.is_file()), None)
        if found is None:
            raise ValueError(
                f"'{home}' has no cameras: neither {files[0].name} nor transforms.json; expected where each "
                f"picture was taken from, as the scenes of NeRF have it. Find the cameras by a structure-from-motion "
                f"program, such as COLMAP, and have it write transforms.json."
            )
        told = _told(found)
        frames = [frame for frame in told.get("frames") or () if isinstance(frame, dict)]
        poses = [np.asarray(frame.get("transform_matrix", ())) for frame in frames]
        if not poses or any(pose.shape != (4, 4) for pose in poses):
            raise ValueError(
                f"'{found}' names {len(frames)} frames, and not each of them has a transform_matrix of 4 x 4 "
                f"numbers; expected the camera of every picture. Run the program again that found them."
            )
        pictures = [read_picture(_picture(home, str(frame["file_path"]))) for frame in frames]
        width = pictures[0].shape[1]
        if "fl_x" in told:
            focal = float(told["fl_x"])
        elif "camera_angle_x" in told:
            focal = width / 2 / math.tan(float(told["camera_angle_x"]) / 2)
        else:
            raise ValueError(
                f"'{found}' has neither camera_angle_x nor fl_x; expected one of them, which says how wide the "
                f"cameras see. Add the angle in radians."
            )
        if longest is not None:
            pictures = [reduce(picture, longest) for picture in pictures]
            focal *= pictures[0].shape[1] / width
        coloured = [np.broadcast_to(p[..., None], (*p.shape, 3)) if p.ndim == 2 else p for p in pictures]
        return Views(np.stack(coloured), np.array(poses, dtype=np.float64), focal)

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of a picture."""
        height, width = self.pictures.shape[1:3]
        return height, width

    def rays(
        self,
        domain: Domain,
        near: float | None = None,
        far: float | None = None,
        *,
        nodes: int = 64,
        rule: Rule = "midpoint",
        every: int = 1,
        name: str = "views",
    ) -> Rays:
        """A ray through every pixel, or ``every`` so many-th, picture after picture, row after row.

        Their data are "colour".
        """
        height, width = self.size
        origins, directions = camera_rays(self.poses, self.focal, height, width)
        colours = self.pictures.reshape(-1, 3)
        return Rays(
            origins[::every],
            directions[::every],
            domain,
            near,
            far,
            {"colour": torch.from_numpy(colours[::every].astype(np.float64))},
            nodes=nodes,
            rule=rule,
            name=name,
        )


def camera_rays(poses: Array, focal: float, height: int, width: int) -> tuple[Array, Array]:
    """Origins and directions (k H W, 3) through the centres of all pixels."""
    row, column = np.meshgrid(np.arange(height) + 0.5, np.arange(width) + 0.5, indexing="ij")
    local = np.stack([(column - width / 2) / focal, (height / 2 - row) / focal, -np.ones(row.shape)], axis=-1)
    turned = np.einsum("kij,hwj->khwi", poses[:, :3, :3], local).reshape(-1, 3)
    places = np.repeat(poses[:, :3, 3], height * width, axis=0)
    return places, turned


def turning(count: int, distance: float, height: float, start: float = 0.0) -> Array:
    """Cameras (count, 4, 4) on a circle about the z axis that look at the origin.

    >>> from sirenpde.geometry.views import turning
    >>> turning(4, 2.0, 0.0)[0, :3, 3].tolist()
    [2.0, 0.0, 0.0]
    """
    poses = np.tile(np.eye(4), (count, 1, 1))
    for pose, angle in zip(poses, start + 2 * math.pi * np.arange(count) / count, strict=True):
        place = np.array([distance * math.cos(angle), distance * math.sin(angle), height])
        back = place / np.linalg.norm(place)
        right = np.array([-math.sin(angle), math.cos(angle), 0.0])
        pose[:3] = np.stack([right, np.cross(back, right), back, place], axis=1)
    return poses


def _told(file: Path) -> dict[str, Any]:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"'{file}' is no JSON ({error}); expected cameras. Write it again.") from error
    if not isinstance(told, dict):
        raise ValueError(f"'{file}' holds a {type(told).__name__}; expected frames with cameras.")
    return told


def _picture(home: Path, path: str) -> Path:
    named = home / path
    return named if named.suffix else named.with_suffix(".png")
