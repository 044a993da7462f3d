"""Files of pictures: every depth and colour, damage, refusals."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import tifffile
from mutations import mutated
from numpy.typing import NDArray
from PIL import Image
from smooth_pictures import image_file

from sirenpde import PixelGrid
from sirenpde.geometry.pictures.pictures import (
    read_picture,
)


def test_reading_files(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    grey = rng.integers(0, 256, (5, 7), dtype=np.uint8)
    colour = rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)
    scene, source = image_file(tmp_path, "a.png", grey), image_file(tmp_path, "b.png", colour)
    grid = PixelGrid.read(scene=scene, source=source)
    assert grid.shape == (5, 7)
    assert np.array_equal(grid.images["scene"].numpy(), grey / 255)
    assert np.array_equal(grid.images["source"].numpy(), colour / 255)
    assert repr(grid) == "PixelGrid(5×7, scene, source)"


def test_reading_unusual_files(tmp_path: Path) -> None:
    deep = np.array([[0, 65535], [32768, 1]], np.uint16)
    assert np.allclose(read_picture(image_file(tmp_path, "deep.png", deep)), deep / 65535, atol=0)
    bits = image_file(tmp_path, "bits.png", np.array([[0, 255], [255, 0]], np.uint8), "1")
    assert read_picture(bits).tolist() == [[0, 1], [1, 0]]
    clear = np.zeros((2, 2, 4), np.uint8)
    clear[0, 0] = (255, 0, 0, 255)
    on_white = read_picture(image_file(tmp_path, "clear.png", clear))
    assert on_white[0, 0].tolist() == [1, 0, 0] and on_white[1, 1].tolist() == [1, 1, 1]
    assert read_picture(image_file(tmp_path, "p.png", np.full((2, 2, 3), 51, np.uint8), "P")).shape == (
        2,
        2,
        3,
    )
    np.save(tmp_path / "float.npy", np.array([[0.25, -3.0]]))
    assert read_picture(tmp_path / "float.npy").tolist() == [[0.25, -3.0]]


def png16(pixels: NDArray[np.uint16], filters: list[int], extra: bytes = b"") -> bytes:
    """A PNG of 16 bits per channel whose lines are filtered as told, written from the specification."""
    height, width, channels = pixels.shape
    raw = pixels.astype(">u2").view(np.uint8).reshape(height, -1).astype(int)
    step = 2 * channels
    lines = []
    for i, kind in enumerate(filters):
        row = raw[i]
        left = np.concatenate([np.zeros(step, int), row[:-step]])
        above = raw[i - 1] if i else np.zeros_like(row)
        corner = np.concatenate([np.zeros(step, int), above[:-step]])
        guess = left + above - corner
        nearest = np.argmin([abs(guess - left), abs(guess - above), abs(guess - corner)], axis=0)
        paeth = np.choose(nearest, [left, above, corner])
        sub = [np.zeros_like(row), left, above, (left + above) // 2, paeth][kind]
        lines.append(bytes([kind]) + ((row - sub) % 256).astype(np.uint8).tobytes())

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = struct.pack(">IIBBBBB", width, height, 16, {1: 0, 3: 2, 2: 4, 4: 6}[channels], 0, 0, 0)
    clear = chunk(b"tRNS", extra) if extra else b""
    body = zlib.compress(b"".join(lines))
    parts = (
        chunk(b"IHDR", header),
        clear,
        chunk(b"IDAT", body[:9]),
        chunk(b"IDAT", body[9:]),
        chunk(b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_png_of_16_bits_keeps_them_all(tmp_path: Path, channels: int) -> None:
    rng = np.random.default_rng(channels)
    pixels = rng.integers(0, 65536, (11, 7, channels), dtype=np.uint16)
    (tmp_path / "a.png").write_bytes(png16(pixels, [0, 1, 2, 3, 4, 4, 3, 2, 1, 4, 0]))
    expected = pixels / 65535
    if channels in (2, 4):
        alpha = expected[:, :, -1:]
        expected = alpha * expected[:, :, :-1] + 1 - alpha
    found = read_picture(tmp_path / "a.png")
    np.testing.assert_allclose(found.reshape(expected.shape), expected, rtol=0, atol=1e-15)
    assert found.ndim == (2 if channels < 3 else 3)


def test_one_colour_of_a_png_may_be_transparent(tmp_path: Path) -> None:
    pixels = np.array([[[1, 2, 3], [1, 2, 4]]], np.uint16)
    (tmp_path / "a.png").write_bytes(png16(pixels, [0], np.array([1, 2, 3], ">u2").tobytes()))
    assert read_picture(tmp_path / "a.png").tolist() == [[[1, 1, 1], [1 / 65535, 2 / 65535, 4 / 65535]]]
    grey = Image.fromarray(np.array([[7, 8]], np.uint8))
    grey.save(tmp_path / "g.png", transparency=7)
    assert read_picture(tmp_path / "g.png").tolist() == [[1, 8 / 255]]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["u1", "u2", "u4", "f4", "f8"])
@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (5, 7, 4)])
def test_tiff_of_any_depth(
    tmp_path: Path, order: Literal["<", ">"], kind: str, shape: tuple[int, ...]
) -> None:
    rng = np.random.default_rng(0)
    values = rng.random(shape)
    values.flat[:2] = 0, 1
    whole = kind[0] == "u"
    white = 2 ** (8 * int(kind[1])) - 1 if whole else 1
    stored = (np.round(values * white) if whole else values).astype(kind)
    colour = "minisblack" if len(shape) == 2 else "rgb"
    extra = ["unassalpha"] if shape[2:] == (4,) else None
    tifffile.imwrite(
        tmp_path / "a.tif", stored, byteorder=order, photometric=colour, extrasamples=extra, metadata=None
    )
    expected = stored.astype(np.float64) / white
    if extra:
        alpha = expected[:, :, 3:]
        expected = alpha * expected[:, :, :3] + 1 - alpha
    np.testing.assert_allclose(read_picture(tmp_path / "a.tif"), expected, rtol=0, atol=1e-15)


def test_tiff_with_white_at_zero_and_planes_apart(tmp_path: Path) -> None:
    stored = np.array([[0, 65535], [13107, 1]], np.uint16)
    tifffile.imwrite(tmp_path / "w.tif", stored, photometric="miniswhite", metadata=None)
    np.testing.assert_allclose(read_picture(tmp_path / "w.tif"), 1 - stored / 65535, atol=1e-15)
    colour = np.random.default_rng(0).integers(0, 65536, (5, 7, 3), dtype=np.uint16)
    planes = np.moveaxis(colour, -1, 0)
    tifffile.imwrite(tmp_path / "p.tif", planes, photometric="rgb", planarconfig="separate", metadata=None)
    np.testing.assert_allclose(read_picture(tmp_path / "p.tif"), colour / 65535, atol=1e-15)
    Image.fromarray(stored).save(tmp_path / "z.tif", compression="tiff_lzw")
    np.testing.assert_allclose(read_picture(tmp_path / "z.tif"), stored / 65535, atol=1e-15)
    bits = Image.fromarray(np.array([[0, 255, 0]], np.uint8)).convert("1")
    bits.save(tmp_path / "b.tif", compression="group4")
    assert read_picture(tmp_path / "b.tif").tolist() == [[0, 1, 0]]


def test_portable_maps_of_16_bits(tmp_path: Path) -> None:
    for name, kind, white, channels in (
        ("a.ppm", "P6", 65535, 3),
        ("b.ppm", "P6", 1023, 3),
        ("c.pgm", "P5", 4095, 1),
    ):
        values = np.random.default_rng(0).integers(0, white + 1, (4, 5, channels))
        header = f"{kind}\n# a comment\n5 4\n{white}\n".encode()
        (tmp_path / name).write_bytes(header + values.astype(">u2").tobytes())
        found = read_picture(tmp_path / name)
        np.testing.assert_allclose(found.reshape(values.shape), values / white, atol=1e-15)


def test_inks_and_palettes_become_colours(tmp_path: Path) -> None:
    inks = np.array([[[0, 0, 0, 0], [255, 0, 0, 0], [0, 0, 0, 255]]], np.uint8)
    Image.fromarray(inks, "CMYK").save(tmp_path / "c.tif")
    assert read_picture(tmp_path / "c.tif").tolist() == [[[1, 1, 1], [0, 1, 1], [0, 0, 0]]]
    palette = Image.fromarray(np.array([[0, 1, 2]], np.uint8), "P")
    palette.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    palette.save(tmp_path / "p.png", transparency=1)
    assert read_picture(tmp_path / "p.png").tolist() == [[[1, 0, 0], [1, 1, 1], [0, 0, 1]]]
    half = Image.fromarray(np.array([[[0, 128], [255, 255]]], np.uint8), "LA")
    half.save(tmp_path / "a.png")
    np.testing.assert_allclose(read_picture(tmp_path / "a.png"), [[1 - 128 / 255, 1]], atol=1e-15)


def test_what_would_lose_bits_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    grey = np.zeros((4, 4), np.uint8)
    tifffile.imwrite(tmp_path / "signed.tif", np.zeros((4, 4), np.int32), metadata=None)
    tifffile.imwrite(
        tmp_path / "stack.tif", np.zeros((3, 4, 4), np.uint8), photometric="minisblack", metadata=None
    )
    frames = [Image.fromarray(grey + 100 * i) for i in range(3)]
    frames[0].save(tmp_path / "film.gif", save_all=True, append_images=frames[1:])
    deep = np.arange(48, dtype=np.uint16).reshape(4, 4, 3)
    laced = bytearray(png16(deep, [0] * 4))
    laced[28] = 1
    laced[29:33] = zlib.crc32(laced[12:29]).to_bytes(4, "big")
    (tmp_path / "laced.png").write_bytes(laced)
    huge = bytearray(Path(image_file(tmp_path, "huge.png", grey)).read_bytes())
    huge[16:24] = (2**30).to_bytes(4, "big") * 2
    huge[29:33] = zlib.crc32(huge[12:29]).to_bytes(4, "big")
    (tmp_path / "huge.png").write_bytes(huge)
    for name, message in [
        ("signed.tif", "numbers have a sign, so that white is unknown"),
        ("stack.tif", "has 3 pictures, and one is needed"),
        ("film.gif", "has 3 pictures, and one is needed"),
        ("laced.png", "colours of 16 bits, .* save it as PNG without interlacing"),
        ("huge.png", r"1073741824×1073741824 pixels|exceeds limit"),
    ]:
        with pytest.raises(ValueError, match=message):
            read_picture(tmp_path / name)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "name",
    ["a.png", "deep.png", "a.tif", "packed.tif", "deep.tif", "a.jpg", "a.gif", "a.bmp", "a.ppm", "a.npy"],
)
def test_damaged_pictures_are_read_or_refused(
    tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(len(name))
    colour = rng.integers(0, 256, (9, 6, 3), dtype=np.uint8)
    file = tmp_path / name
    if name == "deep.png":
        file.write_bytes(png16(colour.astype(np.uint16) * 257, [0, 1, 2, 3, 4, 4, 3, 2, 1]))
    elif name == "deep.tif":
        tifffile.imwrite(file, colour.astype(np.uint32), photometric="rgb", metadata=None)
    elif name == "a.npy":
        np.save(file, colour / 255)
    elif name == "packed.tif":
        Image.fromarray(colour).save(file, compression="tiff_lzw")
    else:
        Image.fromarray(colour).save(file)
    good, refused = file.read_bytes(), 0
    for _ in range(200):
        file.write_bytes(mutated(good, rng))
        try:
            picture = read_picture(file)
        except (ValueError, OSError) as error:
            assert "\n" not in str(error) and file.name in str(error)
            refused += 1
        else:
            assert np.isfinite(picture).all() and picture.size
            assert name == "a.npy" or (picture.min() >= 0 and picture.max() <= 1)
    assert refused > 20 and capfd.readouterr() == ("", "")


def test_files_that_are_no_pictures(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("not a picture")
    (tmp_path / "text.npy").write_text("not an array")
    with pytest.raises(FileNotFoundError, match=r"no picture 'none\.png'.*camera.*Check its name"):
        read_picture("none.png")
    with pytest.raises(FileNotFoundError, match=r"no picture 'skimage:brain'.*astronaut"):
        read_picture("skimage:brain")  # scikit-image would fetch this one from the network
    with pytest.raises(IsADirectoryError, match="is a folder"):
        read_picture(tmp_path)
    with pytest.raises(ValueError, match=r"empty\.png' is empty"):
        read_picture(tmp_path / "empty.png")
    with pytest.raises(ValueError, match=r"text\.png' could not be read as a picture"):
        read_picture(tmp_path / "text.png")
    with pytest.raises(ValueError, match=r"text\.npy' could not be read as an array"):
        read_picture(tmp_path / "text.npy")
