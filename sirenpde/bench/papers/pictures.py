"""Pictures that the experiments are made on, as files: squares of scikit-image's photographs, and rendered words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

_WHOLE = 512  # pixels along a side of the paper's pictures
FACE = (100, 200)  # its first row and column of 512, for a square of 64
# In a picture: parts of 24 other ones, seeds 20 to 43, have a variance of -18.6 dB, which is what a network without a
# mapping leaves of them; published are -18.4 dB. Three words have -17.2 dB, four -16.0.
WORDS = 2
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


@dataclass(frozen=True)
class Part:
    """A part of one of scikit-image's pictures, at its own resolution: rows and columns from the top and the left."""

    picture: str
    top: int
    left: int
    height: int
    width: int

    @property
    def pixels(self) -> Any:  # (height, width) or (height, width, 3)
        from ...geometry.pictures.pictures import read_picture

        rows, columns = slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)
        return read_picture(self.picture)[rows, columns]


@contextmanager
def as_files(flags: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The same flags with PNG files in place of parts of pictures."""
    parts = {name: part for name, part in flags.items() if isinstance(part, Part)}
    with written([part.pixels for part in parts.values()]) as files:
        yield {**flags, **dict(zip(parts, files, strict=True))}


@contextmanager
def natural(count: int, size: int) -> Iterator[list[Path]]:
    """The middle squares of so many photographs, ``size`` pixels along a side if they have them, as PNG files.

    Photographs are cut, never scaled: what lies between their pixels is as it was taken.
    """
    with written([_middle(name, size) for name in NATURAL[:count]]) as files:
        yield files


def _middle(name: str, size: int) -> Any:
    """The square (size, size, 3) in the middle of a photograph, or the largest of an even number of pixels."""
    from ...geometry.pictures.pictures import read_picture

    picture = read_picture(name)
    side = min(size, *(n // 2 * 2 for n in picture.shape[:2]))
    top, left = ((n - side) // 2 for n in picture.shape[:2])
    return Part(name, top, left, side, side).pixels


@contextmanager
def face(size: int) -> Iterator[Path]:
    """The square of so many pixels about the man's face in scikit-image's ``camera``, or all of it, as a PNG file."""
    top, left = FACE if size < _WHOLE else (0, 0)
    with written([Part("camera", top, left, size, size).pixels]) as files:
        yield files[0]


@contextmanager
def words(count: int, size: int) -> Iterator[list[Path]]:
    """So many white pictures with words of random letters, places, sizes and colours, as PNG files.

    Of the paper's size, or a part of this size with the usual amount of ink: words scaled down would be finer than
    pixels.
    """
    with written([_usual(rendered(_WHOLE, seed), size) for seed in range(count)]) as files:
        yield files


def _usual(picture: Any, size: int) -> Any:
    """The part (size, size, 3) whose mean is nearest to the whole picture's, among those half of it apart."""
    starts = range(0, len(picture) - size + 1, max(1, size // 2))
    parts = [picture[top : top + size, left : left + size] for top in starts for left in starts]
    return min(parts, key=lambda part: abs(float(part.mean() - picture.mean())))


def rendered(size: int, seed: int) -> Any:
    """A picture (size, size, 3) in [0, 1] of few words of bold random letters, their sizes relative to it."""
    import numpy as np
    from PIL import Image, ImageDraw, ImageFont

    generator = np.random.default_rng(seed)
    picture = Image.new("RGB", (size, size), (255, 255, 255))
    draw = ImageDraw.Draw(picture)
    letters = list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    for _ in range(WORDS):
        word = "".join(generator.choice(letters, int(generator.integers(3, 9))))
        height = int(generator.uniform(0.12, 0.3) * size)
        place = tuple((generator.uniform(-0.05, 0.8, 2) * size).tolist())
        colour = tuple(int(c) for c in generator.integers(0, 256, 3))
        bold = max(1, int(0.03 * height))
        draw.text(place, word, fill=colour, font=ImageFont.load_default(height), stroke_width=bold)
    return np.asarray(picture) / 255


@contextmanager
def written(pictures: list[Any]) -> Iterator[list[Path]]:
    """Pictures as PNG files, which are gone afterwards."""
    from ...export.picture import write_picture

    with TemporaryDirectory() as folder:
        yield [write_picture(Path(folder) / f"{i}.png", picture) for i, picture in enumerate(pictures)]
