"""Sealed files: plain values and tensors as torch writes them, with a checksum over every byte."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import Any

import torch

from .whole import whole

_MARK = b"sirenpde sha256 "
_TRAILER = len(_MARK) + 64


class CheckpointError(ValueError):
    """A file that is no checkpoint, or a damaged one; the message names it and the remedy."""


def write(path: str | os.PathLike[str], value: Any) -> None:
    """Write numbers, strings, tensors, and lists and mappings of them, whole or not at all.

    The file is what ``torch.save`` makes, a ZIP archive, whose comment holds the SHA-256 of all before it:
    the checksums that the archive has of its own do not cover its directory.

    >>> import tempfile, torch
    >>> file = Path(tempfile.mkdtemp()) / "checkpoint.pt"
    >>> write(file, {"step": 5, "theta": torch.ones(3)})
    >>> read(file)["step"], torch.load(file, weights_only=True)["step"]
    (5, 5)
    """
    buffer = io.BytesIO()
    torch.save(value, buffer)
    buffer.seek(-2, io.SEEK_END)  # an archive ends with the length of its comment, and the comment
    buffer.write(_TRAILER.to_bytes(2, "little"))
    content = buffer.getbuffer()
    with whole(path) as beside, beside.open("wb") as file:
        file.write(content)
        file.write(_MARK + hashlib.sha256(content).hexdigest().encode())


def read(path: str | os.PathLike[str]) -> Any:
    """What ``write`` wrote, on the CPU; no code is executed. Raises CheckpointError for any other content."""
    content = Path(path).read_bytes()
    body, trailer = memoryview(content)[:-_TRAILER], content[-_TRAILER:]
    if not trailer.startswith(_MARK):
        raise _damaged(path, "no checksum at its end: cut off, or written by another program or version")
    if trailer[len(_MARK) :] != hashlib.sha256(body).hexdigest().encode():
        raise _damaged(path, "wrong checksum")
    try:
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # whatever the unpickler makes of it
        raise _damaged(path, " ".join(str(error).split())[:120] or type(error).__name__) from error


def _damaged(path: str | os.PathLike[str], reason: str) -> CheckpointError:
    return CheckpointError(
        f"{path} is damaged or no checkpoint ({reason}); nothing was changed. Restore it from a copy, or solve "
        f"the problem again into another directory."
    )
