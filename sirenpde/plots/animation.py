"""Figures one after another, as a film."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files.whole import whole
from .figures import without_formulas

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FILMS = (".mp4", ".gif")


def film_ending() -> str:
    """``.mp4`` where the package imageio-ffmpeg is installed and finds ffmpeg, else ``.gif``."""
    try:
        import imageio_ffmpeg

        imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        return ".gif"
    return ".mp4"


def write_film(
    path: str | PathLike[str], figures: Iterable[Figure], rate: float = 12.0, dpi: int = 160
) -> Path:
    """Write figures of one size as MP4 or GIF, ``rate`` of them a second, whole or not at all.

    Raises ValueError for another ending, and where there is no figure.
    """
    return write_frames(path, (_pixels(figure, dpi) for figure in figures), rate)


def write_frames(path: str | PathLike[str], pictures: Iterable[Any], rate: float) -> Path:
    """Write pictures (h, w, 3) of 8-bit colours as MP4 or GIF, ``rate`` of them a second, whole or not at all.

    All have one size. Video wants even heights and widths: where one is odd, MP4 repeats the last row or column.
    Raises ValueError for another ending, and where there is no picture.
    """
    target = Path(path)
    if target.suffix not in FILMS:
        raise ValueError(f"{target} ends in '{target.suffix}'; a film is written as {' or '.join(FILMS)}.")
    frames = iter(pictures)
    first = next(frames, None)
    if first is None:
        raise ValueError(f"{target} was to be written of no pictures; expected at least one.")
    write = _mp4 if target.suffix == ".mp4" else _gif
    with whole(target) as beside:
        write(beside, itertools.chain([first], frames), rate)
    return target


def _pixels(figure: Figure, dpi: int) -> Any:
    """The figure as rows of 8-bit colours (h, w, 3), of even height and width, as video wants them."""
    import numpy as np

    figure.set_dpi(dpi)
    without_formulas(figure)
    figure.canvas.draw()
    image = np.asarray(figure.canvas.buffer_rgba())[..., :3]  # type: ignore[attr-defined]
    height, width = (n - n % 2 for n in image.shape[:2])
    return np.ascontiguousarray(image[:height, :width])


def _even(image: Any) -> Any:
    import numpy as np

    odd = [(0, n % 2) for n in image.shape[:2]]
    return np.ascontiguousarray(np.pad(image, [*odd, (0, 0)], mode="edge"))


def _mp4(path: Path, frames: Iterator[Any], rate: float) -> None:
    import imageio_ffmpeg

    frames = map(_even, frames)
    first = next(frames)
    size = (first.shape[1], first.shape[0])
    quality = ["-crf", "18", "-preset", "medium", "-movflags", "+faststart"]
    writer = imageio_ffmpeg.write_frames(
        str(path),
        size,
        fps=rate,
        macro_block_size=2,
        quality=None,
        output_params=quality,
        ffmpeg_log_level="error",
    )
    writer.send(None)
    try:
        for frame in itertools.chain([first], frames):
            writer.send(frame)
    finally:
        writer.close()


def _gif(path: Path, frames: Iterator[Any], rate: float) -> None:
    """All frames in the colours of the first, whose colour bars have them all."""
    from PIL import Image

    first = Image.fromarray(next(frames)).quantize(256)
    rest = (Image.fromarray(frame).quantize(palette=first, dither=Image.Dither.NONE) for frame in frames)
    first.save(
        path,
        format="GIF",
        save_all=True,
        append_images=rest,
        duration=round(1000 / rate),
        loop=0,
        optimize=False,
    )
