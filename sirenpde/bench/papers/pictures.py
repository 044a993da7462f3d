"""Pictures that the experiments are made on, as files: squares of scikit-image's photographs, and rendered words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

_WHOLE = 512  # pixels along a side of the paper's pictures
NATURAL = (
    "astronaut",
    "coffee",
    "chelsea",
    "rocket",
    "motorcycle_left",
    "ihc",
    "hubble_deep_field",
    "retina",
)


@contextmanager
def natural(count: int, size: int) -> Iterator[list[Path]]:
    """The middle squares of so many photographs, scaled to ``size`` where they are larger, as PNG files."""
    from ...geometry.pictures.pictures import read_picture, reduce

    squares = []
    for name in NATURAL[:count]:
        picture = read_picture(name)
        side = min(picture.shape[:2]) // 2 * 2
        top, left = ((n - side) // 2 for n in picture.shape[:2])
        squares.append(reduce(picture[top : top + side, left : left + side], size))
    with _written(squares) as files:
        yield files


@contextmanager
def words(count: int, size: int) -> Iterator[list[Path]]:
    """So many white pictures with words of random letters, places, sizes and colours, as PNG files.

    Of the paper's size, or the part of this size with the most ink: words scaled down would be finer than pixels.
    """
    with _written([_inked(rendered(_WHOLE, seed), size) for seed in range(count)]) as files:
        yield files


def _inked(picture: Any, size: int) -> Any:
    """The part (size, size, 3) with the most ink, among those half of it apart."""
    starts = range(0, len(picture) - size + 1, max(1, size // 2))
    parts = [picture[top : top + size, left : left + size] for top in starts for left in starts]
    return min(parts, key=lambda part: float(part.mean()))


def rendered(size: int, seed: int) -> Any:
    """A picture (size, size, 3) in [0, 1] of words of random letters, about a dozen, their sizes relative to it."""
    import numpy as np
    from PIL import Image, ImageDraw, ImageFont

    generator = np.random.default_rng(seed)
    picture = Image.new("RGB", (size, size), (255, 255, 255))
    draw = ImageDraw.Draw(picture)
    letters = list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    for _ in range(12):
        word = "".join(generator.choice(letters, int(generator.integers(3, 9))))
        height = int(generator.uniform(0.05, 0.16) * size)
        place = tuple((generator.uniform(-0.05, 0.8, 2) * size).tolist())
        colour = tuple(int(c) for c in generator.integers(0, 200, 3))
        draw.text(place, word, fill=colour, font=ImageFont.load_default(height))
    return np.asarray(picture) / 255


@contextmanager
def _written(pictures: list[Any]) -> Iterator[list[Path]]:
    from ...export.picture import write_picture

    with TemporaryDirectory() as folder:
        yield [write_picture(Path(folder) / f"{i}.png", picture) for i, picture in enumerate(pictures)]
