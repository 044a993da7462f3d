"""What a benchmark measures on."""

from __future__ import annotations

import platform
from pathlib import Path


def device_name(device: str) -> str:
    """What the maker calls it, such as "NVIDIA H100 80GB HBM3" or the processor's model; else the machine's kind."""
    if device.startswith("cuda"):
        import torch

        return str(torch.cuda.get_device_name())
    told = Path("/proc/cpuinfo")
    lines = told.read_text(errors="replace").splitlines() if told.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
