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
WIDE = 1.3889  # of a picture, the focal length of the cameras of NeRF's synthetic scenes
HELD_OUT = 8  # of so many frames that are not split one is held out, as by Mildenhall et al. 2020


@dataclass(frozen=True, eq=False)
class Views:
    """Pictures (k, H, W, 3) of a scene, row 0 on top, from pinhole cameras.

    ``poses`` (k, 4, 4) lead from a camera's coordinates to those of the scene; a camera looks along its own -z, x to
    the right and y upwards. ``focal`` is the distance of the picture's plane in pixels, one number or those for the
    widths and the heights of pixels. ``center`` is where the camera's axis meets the picture, in pixels to the right
    and down from its upper left corner; its middle if left out.

    >>> import numpy as np
    >>> from sirenpde import Box, Views
    >>> views = Views(np.zeros((1, 2, 2, 3)), np.eye(4)[None], focal=1.0)
    >>> rays = views.rays(Box(x=(-1, 1), y=(-1, 1), z=(-4, -1)), near=1, far=4, nodes=8)
    >>> rays.size, (rays.directions[0] / -rays.directions[0, 2]).tolist()
    (4, [-0.5, 0.5, -1.0])
    """

    pictures: Array
    poses: Array
    focal: float | tuple[float, float]
    center: tuple[float, float] | None = None

    @staticmethod
    def read(folder: str | PathLike[str], split: str = "train", longest: int | None = None) -> Views:
        """The pictures that ``transforms_SPLIT.json`` or ``transforms.json`` of a folder names, with their cameras.

        The file is that of NeRF's synthetic scenes: ``camera_angle_x`` (or ``fl_x``, in pixels of a picture ``w``
        wide), and for every frame ``file_path`` and ``transform_matrix``; ``fl_y``, ``cx`` and ``cy`` are read where
        they are given, and lenses that bend what is straight, ``k1`` and the like, are refused. Of
        ``transforms.json``, which is not split, every eighth frame is that of "test", and the others are those of
        "train". What is transparent is black.
        ``longest`` scales pictures down. Raises ValueError where cameras are missing, and OSError or ValueError for
        pictures that cannot be read.
        """
        home = Path(folder)
        if not home.is_dir():
            raise FileNotFoundError(f"There is no folder '{home}'; one of pictures with cameras is needed.")
        files = [home / f"transforms_{split}.json", home / "transforms.json"]
        found = next((file for file in files if file.is_file()), None)
        others = sorted(file.name for file in home.glob("transforms_*.json"))
        if found is None and others:
            raise ValueError(
                f"'{home}' has {' and '.join(others)}, and not {files[0].name}; expected both, pictures to learn "
                f"from and others to measure on. Rename one to transforms.json, and every eighth picture is held "
                f"out."
            )
        if found is None:
            raise ValueError(
                f"'{home}' has no cameras: neither {files[0].name} nor transforms.json; expected where each "
                f"picture was taken from, as the scenes of NeRF have it. Find the cameras by a structure-from-motion "
                f"program, such as COLMAP, and have it write transforms.json."
            )
        told = _told(found)
        frames = _frames(found, told, None if found == files[0] else split)
        pictures = [_coloured(read_picture(file, behind=0.0)) for file, _ in frames]
        height, width = pictures[0].shape[:2]
        for (file, _), picture in zip(frames, pictures, strict=True):
            if picture.shape != pictures[0].shape:
                raise ValueError(
                    f"'{file}' has {picture.shape[0]}×{picture.shape[1]} pixels (rows × columns) and "
                    f"'{frames[0][0]}' has {height}×{width}; expected pictures of one camera, all of one size. Leave "
                    f"the others out of '{found}'."
                )
        _check_straight(found, told)
        focal, center = _focal(found, told, width), _center(found, told)
        if longest is not None:
            pictures = [reduce(picture, longest) for picture in pictures]
        rows, columns = pictures[0].shape[:2]
        return Views(
            np.stack(pictures),
            np.array([pose for _, pose in frames]),
            (focal * columns / width, focal * _tall(found, told) * rows / height),
            (center[0] * columns, center[1] * rows),
        )

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

        Their data are "colour". Raises ValueError where none of them meets the box of the domain.
        """
        height, width = self.size
        origins, directions = camera_rays(self.poses, self.focal, height, width, self.center)
        colours = self.pictures.reshape(-1, 3)
        rays = Rays(
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
        crossing = Rays(rays.origins, rays.directions, domain)
        if not bool((crossing.far.minimum(rays.far) > crossing.near.maximum(rays.near)).any()):
            distance = np.linalg.norm(self.poses[:, :3, 3], axis=1)
            raise ValueError(
                f"None of the {len(rays.origins)} rays of '{name}' meets the box of the fields from near = "
                f"{float(rays.near.min()):g} to far = {float(rays.far.max()):g}; the cameras are "
                f"{distance.min():.3g} to {distance.max():.3g} away from the origin. Give other near and far, or "
                f"scale the cameras' places."
            )
        return rays


def camera_rays(
    poses: Array,
    focal: float | tuple[float, float],
    height: int,
    width: int,
    center: tuple[float, float] | None = None,
) -> tuple[Array, Array]:
    """Origins and directions (k H W, 3) through the centres of all pixels."""
    row, column = np.meshgrid(np.arange(height) + 0.5, np.arange(width) + 0.5, indexing="ij")
    across, down = focal if isinstance(focal, tuple) else (focal, focal)
    x, y = (width / 2, height / 2) if center is None else center
    local = np.stack([(column - x) / across, (y - row) / down, -np.ones(row.shape)], axis=-1)
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


def _frames(file: Path, told: dict[str, Any], split: str | None) -> list[tuple[Path, Array]]:
    """The pictures' files with their cameras (4, 4): all of them, or those of a part."""
    listed = told.get("frames")
    frames = listed if isinstance(listed, list) else []
    read = [_frame(frame) for frame in frames]
    known = [frame for frame in read if frame is not None]
    if not frames or len(known) < len(frames):
        raise ValueError(
            f"'{file}' names {len(frames)} frames, and not each of them has a file_path and a transform_matrix of "
            f"4 x 4 finite numbers; expected the camera of every picture. Run the program again that found them."
        )
    chosen = known
    if split is not None:
        chosen = [frame for k, frame in enumerate(known) if (k % HELD_OUT == 0) == (split == "test")]
    if not chosen:
        raise ValueError(
            f"'{file}' names one frame, which is held out; expected two at least, one of them to learn from. Add "
            f"pictures."
        )
    return [(_picture(file.parent, path), pose) for path, pose in chosen]


def _frame(frame: Any) -> tuple[str, Array] | None:
    """Its path and camera, if it has both."""
    if not isinstance(frame, dict) or not isinstance(frame.get("file_path"), str):
        return None
    try:
        pose = np.asarray(frame.get("transform_matrix"), dtype=np.float64)
    except (TypeError, ValueError):  # words, and rows of several lengths
        return None
    return (frame["file_path"], pose) if pose.shape == (4, 4) and np.isfinite(pose).all() else None


def _focal(file: Path, told: dict[str, Any], width: int) -> float:
    """In pixels of a picture so many wide."""
    if "fl_x" not in told and "camera_angle_x" not in told:
        raise ValueError(
            f"'{file}' has neither camera_angle_x nor fl_x; expected one of them, which says how wide the cameras "
            f"see. Add the angle in radians."
        )
    try:
        if "fl_x" in told:
            focal = float(told["fl_x"]) * width / float(told.get("w", width))
        else:
            focal = width / 2 / math.tan(float(told["camera_angle_x"]) / 2)
    except (TypeError, ValueError, ZeroDivisionError):  # words, 0, and what has no tangent
        focal = math.nan
    if not 0 < focal < math.inf:
        raise ValueError(
            f"'{file}' has cameras of no such width: camera_angle_x={told.get('camera_angle_x')!r}, "
            f"fl_x={told.get('fl_x')!r}; expected an angle between 0 and pi, or a focal length above 0. "
            f"Write it again."
        )
    return focal


def _center(file: Path, told: dict[str, Any]) -> tuple[float, float]:
    """Where the axis of the cameras meets the pictures, as shares of their width and height."""
    x, y = (
        _part(file, told, key, 1.0) / _part(file, told, side, 1.0) if key in told and side in told else 0.5
        for key, side in (("cx", "w"), ("cy", "h"))
    )
    without = [key for key, side in (("cx", "w"), ("cy", "h")) if key in told and side not in told]
    if without:
        raise ValueError(
            f"'{file}' has {' and '.join(without)}, in pixels, and not w and h, of how many; expected both. Add the "
            f"width and the height of the pictures."
        )
    return x, y


def _tall(file: Path, told: dict[str, Any]) -> float:
    """The focal length by heights of pixels over that by widths."""
    if "fl_x" not in told or "fl_y" not in told:
        return 1.0
    return _part(file, told, "fl_y", 1.0) / _part(file, told, "fl_x", 1.0)


def _part(file: Path, told: dict[str, Any], key: str, usual: float) -> float:
    """A positive number of a file of cameras."""
    value = told.get(key, usual)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ValueError(
            f"'{file}' has {key}={value!r}; expected a number of pixels above 0. Write it again."
        )
    return float(value)


def _check_straight(file: Path, told: dict[str, Any]) -> None:
    """Raises ValueError where the lens bends what is straight."""
    bent = {key: told[key] for key in ("k1", "k2", "k3", "k4", "p1", "p2") if told.get(key)}
    if bent:
        raise ValueError(
            f"'{file}' has a lens that bends what is straight: {', '.join(f'{k}={v!r}' for k, v in bent.items())}; "
            f"expected pinhole cameras. Straighten the pictures first, as colmap image_undistorter does."
        )


def _coloured(picture: Array) -> Array:
    return picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)


def _picture(home: Path, path: str) -> Path:
    named = home / path
    return named if named.suffix else named.with_suffix(".png")
