"""Files that films are read from, frame by frame."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..readers.existing import existing
from ..readers.quiet import quiet, reason
from .pictures import as_picture, reduce

Bytes = NDArray[np.uint8]
MOST = 2**31  # bytes of frames that are kept


def read_film(path: Path, longest: int | None, frames: int | None) -> tuple[Bytes, float]:
    """The first ``frames`` of a film, (t, H, W, 3), and how many a second; scaled down one after the other."""
    file = existing(path)
    if file.suffix == ".npy":
        return _arrays(file, longest, frames), RATE
    kept = list[Bytes]()
    with contextlib.closing(_by_ffmpeg(file, frames)) as pictures:
        rate = next(pictures)
        for picture in pictures:
            kept.append(_small(picture, longest))
            _check_room(file, kept[0].nbytes * len(kept))
    if not kept:
        raise _frameless(file)
    return np.stack(kept), rate


RATE = 25.0  # frames a second, where a file does not say


def _by_ffmpeg(file: Path, frames: int | None) -> Generator[Any]:
    """The rate, then each picture (H, W, 3)."""
    first = [] if frames is None else ["-frames:v", str(frames)]
    try:
        import imageio_ffmpeg
    except ImportError:
        raise ValueError(
            f"'{file}' is a film, which is read by the package imageio-ffmpeg, and it is not installed. Install it "
            "by pip install 'sirenpde[video]', or give the frames as an array (t, H, W, 3) of bytes, saved by "
            "numpy.save."
        ) from None
    try:
        with quiet("imageio_ffmpeg"):
            reader = imageio_ffmpeg.read_frames(str(file), pix_fmt="rgb24", output_params=first)
            about = next(reader)
    except StopIteration:
        raise _frameless(file) from None
    except Exception as error:
        if "does not contain any stream" in str(error) or "matches no streams" in str(error):
            raise _frameless(file) from None
        raise ValueError(
            f"'{file}' could not be read as a film ({_why(error)}); a file with a video stream is needed, such as "
            "MP4. Export it again."
        ) from error
    width, height = about["size"]
    if not (width and height):
        raise _frameless(file)
    yield float(about["fps"] or RATE)
    while True:
        with quiet():  # it leaves its pipes to the collector, which warns
            frame = next(reader, None)
        if frame is None:
            return
        yield np.frombuffer(frame, np.uint8).reshape(height, width, 3)


def _frameless(file: Path) -> ValueError:
    return ValueError(
        f"'{file}' has no frames; a film with one frame at least is needed. Check that it has a video stream, and "
        "that its export was finished."
    )


def _why(error: Exception) -> str:
    """The last line that ffmpeg wrote is what it ended for."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:200] if lines else reason(error)


def _arrays(file: Path, longest: int | None, frames: int | None) -> Bytes:
    try:
        with quiet():
            array = np.load(file, mmap_mode="r", allow_pickle=False)
    except Exception as error:
        raise ValueError(
            f"'{file}' could not be read as an array ({reason(error)}); a file written by numpy.save is needed."
        ) from error
    if array.ndim not in (3, 4) or array.shape[3:] not in ((), (3,)):
        raise ValueError(
            f"'{file}' has an array of shape {array.shape}; expected frames (t, H, W) or (t, H, W, 3). Save it again."
        )
    if not array.size:
        raise _frameless(file)
    kept = list[Bytes]()
    for picture in array[:frames]:
        kept.append(_small(np.asarray(picture), longest))
        _check_room(file, kept[0].nbytes * len(kept))
    return np.stack(kept)


def _small(picture: NDArray[np.generic], longest: int | None) -> Bytes:
    if picture.dtype == np.uint8 and (longest is None or max(picture.shape[:2]) <= longest):
        return np.array(picture, np.uint8)
    whole = as_picture(picture, "of the film")
    small = whole if longest is None else reduce(whole, longest)
    return np.round(255 * small.clip(0, 1)).astype(np.uint8)


def _check_room(file: Path, size: int) -> None:
    if size > MOST:
        raise ValueError(
            f"The frames of '{file}' take more than {MOST / 2**30:.0f} GiB of memory. Scale them down by "
            "longest=..., or take fewer by frames=..."
        )
