"""Pictures as domains: where pixels lie, what their differences converge to, how files are read."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import tifffile
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from torch import Tensor

from sirenpde import PixelGrid, Point
from sirenpde.geometry.pictures.pictures import (
    ellipse,
    luminance,
    paste,
    read_picture,
    reduce,
    resize,
)


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def smooth(p: Tensor) -> Tensor:
    """sin(2x + 1) exp(y)"""
    return torch.sin(2 * p[:, 0] + 1) * torch.exp(p[:, 1])


def smooth_gradient(p: Tensor) -> Tensor:
    x, y = p.T
    return torch.stack([2 * torch.cos(2 * x + 1) * y.exp(), torch.sin(2 * x + 1) * y.exp()], dim=1)


def sampled(f: Callable[[Tensor], Tensor], height: int, width: int) -> PixelGrid:
    """The picture of a function at the pixel centres."""
    points = PixelGrid({"any": np.zeros((height, width))}).points
    return PixelGrid({"f": f(points).reshape(height, width), "twice": 2 * f(points).reshape(height, width)})


def image_file(folder: Path, name: str, array: NDArray[np.generic], mode: str | None = None) -> str:
    image = Image.fromarray(array)
    (image.convert(mode) if mode else image).save(folder / name)
    return str(folder / name)


# ------------------------------------------------------------------------------------------- where pixels lie


def test_pixel_centres_of_a_wide_picture() -> None:
    grid = PixelGrid({"a": np.arange(8.0).reshape(2, 4)})
    assert (grid.size, grid.shape, grid.spacing) == (8, (2, 4), 0.5)
    x, y = grid.axes
    assert (x.name, x.low, x.high, y.name, y.low, y.high) == ("x", -1, 1, "y", -0.5, 0.5)
    assert grid.coordinates[0].tolist() == [-0.75, -0.25, 0.25, 0.75]
    assert grid.coordinates[1].tolist() == [0.25, -0.25]  # row 0 on top
    points, data = grid.draw(None, seeded())
    assert points[:5].tolist() == [[-0.75, 0.25], [-0.25, 0.25], [0.25, 0.25], [0.75, 0.25], [-0.75, -0.25]]
    assert data["a"].tolist() == list(range(8))


def test_pixel_centres_follow_the_formula() -> None:
    height, width = 5, 3
    grid = PixelGrid({"a": np.zeros((height, width))})
    for k, (i, j) in enumerate(np.ndindex(height, width)):
        assert grid.points[k].tolist() == pytest.approx([(2 * j + 1 - width) / 5, -(2 * i + 1 - height) / 5])
        assert grid.lattice.index[k].tolist() == [j, i]


def test_every_part_keeps_its_lattice() -> None:
    grid = sampled(smooth, 6, 9)
    mask = ellipse(grid.shape, (3, 4), (2, 3))
    for domain in (grid, grid.where(mask), grid.edges("x"), grid.edges("y"), grid.edges("y").where(mask)):
        points, data = domain.draw(None, seeded())
        lattice = domain.lattice
        assert lattice is not None and torch.equal(lattice.points, points)
        assert len(points) == domain.size == len(data["f"])
        assert domain.axes == grid.axes


def test_a_subset_carries_its_own_data() -> None:
    grid = sampled(smooth, 20, 30)
    points, data = grid.draw(50, seeded())
    assert len(torch.unique(points, dim=0)) == 50
    assert torch.allclose(data["f"], smooth(points)) and torch.allclose(data["twice"], 2 * smooth(points))
    inside, kept = grid.where(ellipse(grid.shape, (10, 10), (5, 8))).draw(20, seeded())
    assert torch.allclose(kept["f"], smooth(inside)) and kept["central gradient of f"].shape == (20, 2)


def test_data_are_read_at_a_point() -> None:
    grid = PixelGrid({"a": np.arange(12.0).reshape(2, 2, 3)})
    points, data = grid.draw(None, seeded())

    def nothing(_: object) -> Tensor:
        raise AssertionError

    p = Point(("x", "y"), points[1], nothing, lambda key: data[key][1])
    assert grid["a"](p).tolist() == [3, 4, 5]
    assert grid.gradient("a")(p).shape == (3, 2) and grid.laplacian("a")(p).shape == (3,)
    assert grid.gradient("a", stencil="sobel")(p).shape == (3, 2)


# ------------------------------------------------------------------------------- what differences converge to


def errors(make: Callable[[PixelGrid], Tensor]) -> list[float]:
    """The largest error at 24×36, 48×72 and 96×144 pixels."""
    return [float(make(sampled(smooth, 24 * k, 36 * k)).abs().max()) for k in (1, 2, 4)]


def test_the_gradient_is_of_second_order_up_to_the_border() -> None:
    found = errors(lambda g: g.data["central gradient of f"] - smooth_gradient(g.points))
    assert found[2] < 3e-3
    assert 3.5 < found[0] / found[1] < 4.5 and 3.5 < found[1] / found[2] < 4.5


def test_the_laplacian_is_of_second_order_inside() -> None:
    def error(g: PixelGrid) -> Tensor:
        inside = torch.zeros(g.shape, dtype=torch.bool)
        inside[1:-1, 1:-1] = True
        return (g.data["laplacian of f"] + 3 * smooth(g.points))[inside.reshape(-1)]

    found = errors(error)
    assert found[2] < 1e-3
    assert 3.5 < found[0] / found[1] < 4.5 and 3.5 < found[1] / found[2] < 4.5


@pytest.mark.parametrize(("along", "component"), [("x", 0), ("y", 1)])
def test_edge_differences_are_derivatives_at_the_midpoints(along: str, component: int) -> None:
    def error(g: PixelGrid) -> Tensor:
        edges = g.edges(along)  # type: ignore[arg-type]
        return edges.data["difference of f"] - smooth_gradient(edges.points)[:, component]

    found = errors(error)
    assert found[2] < 5e-4
    assert 3.5 < found[0] / found[1] < 4.5 and 3.5 < found[1] / found[2] < 4.5


def test_y_goes_up() -> None:
    bright_on_top = np.array([[1.0, 1.0, 1.0], [0.5, 0.5, 0.5], [0.0, 0.0, 0.0]])
    grid = PixelGrid({"a": bright_on_top})
    h = grid.spacing
    assert torch.allclose(grid.data["central gradient of a"][:, 1], torch.tensor(0.5 / h).double())
    assert torch.allclose(grid.data["sobel gradient of a"][4], torch.tensor([0, 0.5 / h]).double())
    edges = grid.edges("y")
    assert edges.size == 6 and torch.allclose(edges.data["difference of a"], torch.tensor(0.5 / h).double())
    assert edges.points[:, 1].tolist() == pytest.approx([1 / 3] * 3 + [-1 / 3] * 3)
    assert edges.data["a"].tolist() == [0.75] * 3 + [0.25] * 3


def test_sobel_and_laplacian_agree_with_scipy() -> None:
    image = np.random.default_rng(0).random((7, 10))
    grid = PixelGrid({"a": image})
    by_x, by_y = (ndimage.sobel(image, axis=axis, mode="reflect") / 8 / grid.spacing for axis in (1, 0))
    expected = torch.from_numpy(np.stack([by_x, -by_y], axis=-1)).reshape(-1, 2)
    assert torch.allclose(grid.data["sobel gradient of a"], expected, atol=1e-13)
    laplace = torch.from_numpy(ndimage.laplace(image, mode="reflect") / grid.spacing**2).reshape(-1)
    assert torch.allclose(grid.data["laplacian of a"], laplace, atol=1e-11)


def test_colour_is_three_grey_pictures() -> None:
    image = np.random.default_rng(0).random((5, 6, 3))
    colour, blue = PixelGrid({"a": image}), PixelGrid({"a": image[:, :, 2]})
    for key in colour.data:
        assert torch.allclose(colour.data[key][:, 2], blue.data[key])
    for along in ("x", "y"):
        whole, part = colour.edges(along).data, blue.edges(along).data
        assert torch.equal(whole["difference of a"][:, 2], part["difference of a"])


def test_edges_in_a_mask_touch_it() -> None:
    mask = np.zeros((3, 4), bool)
    mask[1, 1:3] = True
    grid = PixelGrid({"mask": mask})
    assert grid.where("mask").size == 2 and grid.where(~grid.mask("mask")).size == 10
    across = grid.edges("x")
    assert across.where("mask").points[:, 0].tolist() == [-0.5, 0.0, 0.5]
    assert across.where("mask", touching="all").points.tolist() == [[0.0, 0.0]]
    assert across.where(mask).name == "edges along x in a part"
    assert grid.edges("y").where("mask").size == 4
    assert grid.where("mask").name == "mask"


# ---------------------------------------------------------------------------------------- reading and placing


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
        raw = bytearray(good)
        for _ in range(rng.integers(1, 4)):
            at = int(rng.integers(len(raw)))
            match rng.integers(4):
                case 0:
                    raw = raw[: at + 1]
                case 1:
                    raw[at] = int(rng.integers(256))
                case 2:
                    raw[at] ^= 1 << int(rng.integers(8))
                case _:
                    raw[at:at] = raw[at : at + int(rng.integers(1, 20))]
        file.write_bytes(raw)
        try:
            picture = read_picture(file)
        except (ValueError, OSError) as error:
            assert "\n" not in str(error) and file.name in str(error)
            refused += 1
        else:
            assert np.isfinite(picture).all() and picture.size
            assert name == "a.npy" or (picture.min() >= 0 and picture.max() <= 1)
    assert refused > 20 and capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["camera", "astronaut", "chelsea", "coffee", "rocket", "moon"])
def test_pictures_of_skimage(name: str) -> None:
    picture = read_picture(name)
    assert picture.dtype == np.float64 and 0 <= picture.min() < picture.max() <= 1
    assert np.array_equal(picture, read_picture(f"skimage:{name}"))
    assert picture.ndim == (2 if name in ("camera", "moon") else 3)


def test_a_file_goes_before_a_picture_of_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    image_file(tmp_path, "camera.png", np.zeros((2, 2), np.uint8))
    (tmp_path / "camera.png").rename(tmp_path / "camera")
    assert read_picture("camera").shape == (2, 2) and read_picture("skimage:camera").shape == (512, 512)


def test_shrinking_averages_and_keeps_the_mean() -> None:
    image = np.random.default_rng(0).random((12, 18, 3))
    assert np.allclose(resize(image, (6, 6)), image.reshape(6, 2, 6, 3, 3).mean((1, 3)))
    assert np.allclose(resize(image, (5, 7)).mean((0, 1)), image.mean((0, 1)))
    assert reduce(image, 9).shape == (6, 9, 3) and reduce(image, 100).shape == (12, 18, 3)
    assert PixelGrid.read(scene="camera", longest=64).shape == (64, 64)
    assert PixelGrid.read(scene="astronaut", longest=64, grey=True).images["scene"].shape == (64, 64)


def test_enlarging_reproduces_linear_pictures_inside() -> None:
    ramp = np.linspace(0, 1, 5)[None, :] * np.ones((3, 1))
    large = resize(ramp, (3, 10))
    centres = (np.arange(10) + 0.5) / 2 - 0.5
    assert np.allclose(large[1, 1:-1], centres[1:-1] / 4)


def test_pasting_places_and_continues() -> None:
    target = np.zeros((20, 30))
    source = np.arange(12.0).reshape(3, 4)
    placed = paste(source, target, centre=(10, 15), height=3)
    assert placed.shape == (20, 30)
    top, left = 9, 14  # a centre between pixels goes to the even one
    assert np.array_equal(placed[top : top + 3, left : left + 4], source)
    assert placed[0, 0] == source[0, 0] and placed[-1, -1] == source[-1, -1]
    assert paste(source, np.zeros((20, 30, 3)), (10, 15), 6).shape == (20, 30, 3)
    assert paste(np.ones((3, 4, 3)), target, (10, 15), 6).shape == (20, 30)
    assert np.allclose(luminance(np.ones((2, 2, 3))), 1)


def test_an_ellipse_lies_where_it_should() -> None:
    mask = ellipse((41, 61, 3), centre=(20, 30), radii=(10, 20))
    assert mask.shape == (41, 61) and mask[20, 10] and mask[20, 50] and mask[10, 30] and not mask[9, 30]
    assert abs(mask.sum() / (np.pi * 200) - 1) < 0.01


# --------------------------------------------------------------------------------------------------- refusals


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


def test_pictures_that_do_not_fit() -> None:
    with pytest.raises(
        ValueError, match=r"'a' has 2×3 pixels .* and 'b' has 4×3; .* resize\(picture, \(2, 3\)\)"
    ):
        PixelGrid({"a": np.zeros((2, 3)), "b": np.zeros((4, 3))})
    with pytest.raises(ValueError, match=r"'scene' has 512×512 pixels .* 'source' has 300×451"):
        PixelGrid.read(scene="camera", source="chelsea")
    with pytest.raises(ValueError, match="without pictures"):
        PixelGrid({})
    with pytest.raises(ValueError, match="without pictures"):
        PixelGrid.read()
    with pytest.raises(ValueError, match=r"'a' has shape \(2, 3, 4\); expected \(H, W\)"):
        PixelGrid({"a": np.zeros((2, 3, 4))})
    with pytest.raises(ValueError, match=r"'a' has no pixels"):
        PixelGrid({"a": np.zeros((0, 3))})
    with pytest.raises(ValueError, match=r"'a' has nan in row 1, column 0 \(and 0 more\)"):
        PixelGrid({"a": np.array([[0.0], [np.nan]])})
    with pytest.raises(TypeError, match="whose white is unknown"):
        PixelGrid({"a": np.zeros((2, 2), np.int64)})
    with pytest.raises(TypeError, match="complex128; real numbers are needed"):
        PixelGrid({"a": np.zeros((2, 2), complex)})


def test_names_and_masks_that_do_not_fit() -> None:
    grid = PixelGrid({"a": np.zeros((2, 3)), "b": np.ones((2, 3))})
    for read in (
        lambda: grid["c"],
        lambda: grid.gradient("c"),
        lambda: grid.laplacian("c"),
        lambda: grid.where("c"),
        lambda: grid.edges("x")["c"],
        lambda: grid.edges("x").difference("c"),
        lambda: grid.edges("x").where("c"),
    ):
        with pytest.raises(ValueError, match="carries no data 'c'; it carries 'a', 'b'"):
            read()
    with pytest.raises(
        ValueError, match=r"No point of 'pixels' is left in 'a': the mask is false everywhere"
    ):
        grid.where("a")
    with pytest.raises(ValueError, match=r"edges along x in a': the mask is false everywhere"):
        grid.edges("x").where("a")
    with pytest.raises(ValueError, match=r"shape \(3, 2\); expected \(2, 3\)"):
        grid.where(np.zeros((3, 2), bool))
    with pytest.raises(TypeError, match="float64; booleans are needed"):
        grid.where(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="stencil='scharr' was given"):
        grid.gradient("a", stencil="scharr")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="touching='some' was given"):
        grid.edges("x").where("b", touching="some")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="There is no axis 't'"):
        grid.edges("t")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="has no edges along y"):
        PixelGrid({"a": np.zeros((1, 3))}).edges("y")
    with pytest.raises(ValueError, match=r"holds none of the 4×4 pixels"):
        ellipse((4, 4), (20, 20), (2, 2))
    with pytest.raises(ValueError, match="0×3 was asked for"):
        resize(np.zeros((2, 2)), (0, 3))
    with pytest.raises(ValueError, match="source of 0 rows"):
        paste(np.zeros((2, 2)), np.zeros((4, 4)), (1, 1), 0)
