"""Names of files."""

from __future__ import annotations

import hashlib
import re

_LONGEST_NAME = 120  # bytes; file systems take 255, with an ending and a mark while it is written


def file_name(name: str) -> str:
    """A name as that of a file, which stays in its directory: other characters become _, and an end marks the change.

    >>> file_name("u-v"), file_name("../u")
    ('u-v', '_u-ffab3b70')
    """
    safe = re.sub(r'[/\\:*?"<>|\x00-\x1f\x7f]+', "_", name).lstrip(". ")
    if safe == name and len(name.encode()) <= _LONGEST_NAME:
        return name
    cut = safe.encode()[: _LONGEST_NAME - 9].decode(errors="ignore")
    return f"{cut}-{hashlib.sha256(name.encode(errors='replace')).hexdigest()[:8]}"
