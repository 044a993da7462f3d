"""Files that pictures are read from, with every bit that they hold."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..readers.quiet import quiet, quiet_descriptor

if TYPE_CHECKING:
    from PIL.Image import Image

Array = NDArray[np.generic]
_PNG = b"\x89PNG\r\n\x1a\n"
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_MOST_PIXELS = 100_000_000


def read_array(file: Path, behind: float = 1.0) -> Array:
    """A picture as it is stored: (H, W) grey or (H, W, 3) colour, row 0 on top, white the largest number.

    Unsigned whole numbers are as wide as in the file, except that what is transparent lies on the grey ``behind``
    it, 1 for white, as floats in [0, 1]. Raises ValueError for a file that is damaged, has several pictures, or more
    bits than can be read.
    """
    content = file.read_bytes()
    try:
        with quiet("tifffile", "PIL"):
            if content.startswith(_TIFF):
                return _tiff(content, behind)
            if content.startswith(_PNG) and content[24:25] == b"\x10" and content[28:29] == b"\0":
                return _deep_png(content, behind)
            return _by_pillow(content, behind)
    except Exception as error:
        why = " ".join(str(error).split())[:300] or type(error).__name__
        raise ValueError(
            f"'{file}' could not be read as a picture ({why}); a whole picture is needed, such as PNG or JPEG. "
            "Export it again."
        ) from error


def _by_pillow(content: bytes, behind: float) -> Array:
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        opened = Image.open(io.BytesIO(content))
    except UnidentifiedImageError:
        raise ValueError("it is none that Pillow knows") from None
    with opened:
        _check_size(*opened.size)
        frames = getattr(opened, "n_frames", 1)
        if frames > 1 and opened.format != "MPO":  # phones store a second view there
            raise ValueError(f"it has {frames} pictures, and one is needed: save that one alone")
        decoder, _, offset, given = opened.tile[0] if opened.tile else ("", None, 0, None)
        if decoder == "ppm" and isinstance(given, tuple) and given[-1] > 255:
            return _deep_pnm(content, opened, offset, given[-1])
        deep = ";16" in str(given) or (opened.format == "JPEG2000" and _jpeg2000_bits(content) > 8)
        if deep and not opened.mode.startswith("I"):
            raise ValueError(
                "it has colours of 16 bits, which would be cut to 8: save it as PNG without interlacing, or as TIFF "
                "without compression"
            )
        image = ImageOps.exif_transpose(opened)
        image.load()
    if image.mode == "I" and image.format not in (None, "PNG"):
        raise ValueError(
            "its numbers are of 32 bits with a sign, so that white is unknown: save it as 16 bits"
        )
    if image.mode == "I":  # 16-bit grey, in older releases of Pillow
        return np.asarray(image).astype(np.uint16)
    if "transparency" not in image.info and (image.mode in ("L", "F") or image.mode.startswith("I;16")):
        return np.asarray(image)
    if image.mode == "1":
        return np.asarray(image.convert("L"))
    grey = image.mode in ("L", "LA", "La")
    rgba = np.asarray(image.convert("RGBA"))
    return _on_grey(rgba[:, :, :1] if grey else rgba[:, :, :3], rgba[:, :, 3:] / 255, behind)


def _on_grey(
    colours: NDArray[np.uint8 | np.uint16], alpha: NDArray[np.float64], behind: float
) -> NDArray[np.float64]:
    """Channels (H, W, c) of whole numbers and an alpha (H, W, 1) in [0, 1] -> floats, grey where c is 1."""
    white = float(np.iinfo(colours.dtype).max)
    blended: NDArray[np.float64] = alpha * (colours / white) + behind * (1.0 - alpha)
    return blended[:, :, 0] if blended.shape[2] == 1 else blended


def _check_size(width: int, height: int) -> None:
    if not 0 < width * height <= _MOST_PIXELS:
        raise ValueError(f"it is said to have {height}×{width} pixels; 1 to {_MOST_PIXELS:,} are read")


# ---------------------------------------------------------------------------------------------------- 16 bits


def _deep_png(content: bytes, behind: float) -> Array:
    """A PNG of 16 bits per channel, not interlaced (PNG specification, third edition, 2025)."""
    chunks = list(_chunks(content))
    (kind, header), *rest = chunks
    if kind != b"IHDR" or len(header) != 13 or chunks[-1][0] != b"IEND":
        raise ValueError("its chunks do not run from IHDR to IEND")
    width, height, _, colour = struct.unpack(">IIBB", header[:10])
    channels = {0: 1, 2: 3, 4: 2, 6: 4}.get(colour)
    if channels is None:
        raise ValueError(f"its colour type is {colour}")
    _check_size(width, height)
    size = height * (1 + 2 * channels * width)
    unpacked = zlib.decompressobj().decompress(b"".join(data for k, data in rest if k == b"IDAT"), size + 1)
    if len(unpacked) != size:
        raise ValueError(f"its {height}×{width} pixels take {size} bytes, and it has {len(unpacked)}")
    lines = np.frombuffer(unpacked, np.uint8).reshape(height, -1)
    plain = _unfiltered(lines[:, 0], lines[:, 1:].reshape(height, width, 2 * channels))
    pixels = np.ascontiguousarray(plain).view(">u2").astype(np.uint16)
    clear = next((data for k, data in rest if k == b"tRNS"), None)
    if colour in (4, 6):
        return _on_grey(pixels[:, :, :-1], pixels[:, :, -1:] / 65535, behind)
    if clear is not None:
        opaque = (pixels != np.frombuffer(clear, ">u2")[:channels]).any(2, keepdims=True)
        return _on_grey(pixels, opaque.astype(np.float64), behind)
    return pixels[:, :, 0] if channels == 1 else pixels


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_PNG)
    while at < len(content):
        length, kind = struct.unpack(">I4s", content[at : at + 8])
        data, check = content[at + 8 : at + 8 + length], content[at + 8 + length : at + 12 + length]
        if len(check) < 4 or zlib.crc32(kind + data) != int.from_bytes(check, "big"):
            raise ValueError(f"its chunk {kind!r} is damaged")
        yield kind, data
        if kind == b"IEND":
            return
        at += 12 + length


def _unfiltered(filters: NDArray[np.uint8], pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The bytes (H, W, b) of pixels that were stored as differences from their neighbours.

    A pixel needs those to its left, above, and above left. So all rows go at once, each a column behind the
    one above it.
    """
    height, width, _ = pixels.shape
    if filters.max(initial=0) > 4:
        raise ValueError(f"it has a line of the unknown filter {filters.max()}")
    full = np.zeros((height + 1, width + 1, pixels.shape[2]), np.int16)  # a row and a column of zeros around
    for step in range(width + height - 1):
        rows = np.arange(max(0, step - width + 1), min(height, step + 1))
        columns = step - rows
        left, above, corner = full[rows + 1, columns], full[rows, columns + 1], full[rows, columns]
        guess = left + above - corner
        by_left, by_above, by_corner = (np.abs(guess - n) for n in (left, above, corner))
        paeth = np.where(
            (by_left <= by_above) & (by_left <= by_corner),
            left,
            np.where(by_above <= by_corner, above, corner),
        )
        guesses = np.stack([np.zeros_like(left), left, above, (left + above) // 2, paeth])
        chosen = guesses[filters[rows], np.arange(len(rows))]
        full[rows + 1, columns + 1] = (pixels[rows, columns] + chosen) & 255
    return full[1:, 1:].astype(np.uint8)


def _deep_pnm(content: bytes, opened: Image, offset: int, white: int) -> Array:
    width, height = opened.size
    channels = 3 if opened.mode == "RGB" else 1
    if len(content) - offset < 2 * width * height * channels:
        raise ValueError("it ends before its last pixel")
    pixels = np.frombuffer(content, ">u2", width * height * channels, offset) / white
    if pixels.max() > 1:
        raise ValueError(f"it has numbers above {white}, its white")
    return pixels.reshape((height, width, 3) if channels == 3 else (height, width))


def _jpeg2000_bits(content: bytes) -> int:
    at = content.find(b"\xff\x51")  # SIZ: lengths and sizes in 40 bytes, then the depth of every channel
    return (content[at + 40] & 127) + 1 if 0 <= at < len(content) - 40 else 8


# ------------------------------------------------------------------------------------------------------- TIFF


def _tiff(content: bytes, behind: float) -> Array:
    """A TIFF of any whole numbers or floats; those of 8 bits or fewer, and grey of 16, in all compressions."""
    import tifffile

    with tifffile.TiffFile(io.BytesIO(content)) as tiff:
        if len(tiff.pages) != 1:
            raise ValueError(f"it has {len(tiff.pages)} pictures, and one is needed: save that one alone")
        page = tiff.pages.first
        _check_size(page.imagewidth, page.imagelength)
        bits, kind, photometric = page.bitspersample, int(page.sampleformat), int(page.photometric)
        if kind == 1 and bits <= 8:
            with quiet_descriptor():
                return _by_pillow(content, behind)
        if kind == 2:
            raise ValueError("its numbers have a sign, so that white is unknown: save them without")
        if photometric not in (0, 1, 2):
            raise ValueError(f"its colours are not RGB, in {bits} bits: save it as RGB or grey")
        try:
            stored = page.asarray()
        except Exception as error:
            if (kind, bits, page.samplesperpixel) != (1, 16, 1):
                raise ValueError(f"{error}: save it without compression") from error
            with quiet_descriptor():
                stored = _by_pillow(content, behind)
        axes, extra = page.axes, [int(e) for e in page.extrasamples]
    if axes == "SYX":
        stored = np.moveaxis(stored, 0, -1)
    elif axes not in ("YX", "YXS"):
        raise ValueError(f"it has the axes {axes}: save one picture alone")
    whole = stored.dtype.kind == "u"
    values = stored / (2.0**bits - 1) if whole else stored.astype(np.float64)
    if values.ndim == 2:
        return (
            (1 - values if whole else values) if photometric == 0 else (stored if bits % 8 == 0 else values)
        )
    count = 3 if photometric == 2 else 1
    colours = 1 - values[:, :, :count] if photometric == 0 and whole else values[:, :, :count]
    if extra and extra[0] in (1, 2):
        alpha = values[:, :, count : count + 1]
        colours = (colours if extra[0] == 1 else alpha * colours) + behind * (1 - alpha)
    return colours[:, :, 0] if count == 1 else colours
