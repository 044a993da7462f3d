"""A measurement in a process of its own, which writes its result as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


def answer(
    module: str, *words: str, patience: float | None = None, environment: dict[str, str] | None = None
) -> dict[str, Any]:
    """What ``python -m module FILE WORDS`` writes into FILE, or its failure in one line under "failed".

    ``patience`` is in wall seconds; ``environment`` is added to that of this process.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "result.json"
        command = [sys.executable, "-m", module, str(file), *words]
        try:
            ended = subprocess.run(
                command,
                env=os.environ | (environment or {}),
                capture_output=True,
                text=True,
                check=False,
                timeout=patience,
            )
        except subprocess.TimeoutExpired:
            return {"failed": f"no answer after {patience:.0f} s"}
        if ended.returncode or not file.exists():
            last = (ended.stderr.strip().splitlines() or ["no message"])[-1]
            return {"failed": f"the process ended with {ended.returncode}: {last}"}
        found: dict[str, Any] = json.loads(file.read_text())
        return found
