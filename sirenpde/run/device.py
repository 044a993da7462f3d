"""The device that a run works on."""

from __future__ import annotations

import torch


class DeviceError(RuntimeError):
    """A device that is not there."""


def find_device(name: str) -> torch.device:
    """The device of this name; "auto" is a GPU where there is one. Raises ``DeviceError``."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise DeviceError(
            f"There is no device '{name}'; expected auto, cpu or cuda. Leave it at auto."
        ) from error
    if device.type not in ("cpu", "cuda"):
        raise DeviceError(
            f"The device '{name}' is not supported; expected auto, cpu or cuda. Leave it at auto."
        )
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise DeviceError(
            f"The device '{name}' is not there: torch {torch.__version__} sees {torch.cuda.device_count()} CUDA "
            f"devices. Use --device cpu, or install a CUDA build of torch on a machine with a GPU."
        )
    return device
