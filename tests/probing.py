"""What tests of the probe have in common."""

import linecache
import re
from pathlib import Path


def without_line(error, file):
    """What is said beside the line of ``file`` that is shown, which holds the words looked for, and that line."""
    number = re.search(rf"line (\d+) of .*{re.escape(Path(file).name)}", str(error))
    shown = linecache.getline(file, int(number[1])).strip() if number else ""
    assert shown in str(error)
    return str(error).replace(shown, ""), shown
