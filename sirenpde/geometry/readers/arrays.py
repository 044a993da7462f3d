"""Arrays as numpy saves them."""

from __future__ import annotations

import io
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .existing import existing
from .quiet import quiet, reason


def load_array(path: str | PathLike[str]) -> NDArray[Any]:
    """The array of an ``.npy`` file. Raises OSError where there is none, and ValueError for one that is damaged."""
    file = existing(path)
    try:
        with quiet():
            loaded = np.load(io.BytesIO(file.read_bytes()), allow_pickle=False)
    except Exception as error:
        raise ValueError(
            f"'{file}' could not be read as an array ({reason(error)}); a file written by numpy.save is needed. Save "
            "it again."
        ) from error
    if not isinstance(loaded, np.ndarray):
        raise ValueError(
            f"'{file}' holds several arrays; a file written by numpy.save is needed. Save one of them alone."
        )
    return loaded
