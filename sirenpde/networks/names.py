"""The names of recipes on the command line, known before torch is imported."""

from __future__ import annotations

import re
from pathlib import Path

_OFFER = re.compile(r'^offer\("([\w-]+)"', re.MULTILINE)


def offered_names() -> tuple[str, ...]:
    """What the files of this folder ``offer``, read in their text.

    >>> "siren" in offered_names()
    True
    """
    files = sorted(Path(__file__).parent.glob("*.py"))
    return tuple(sorted(name for file in files for name in _OFFER.findall(file.read_text(encoding="utf-8"))))
