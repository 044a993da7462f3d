"""Files that are cut off or damaged."""

import numpy as np


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """The content cut off, with bytes changed, taken out, or some part of it twice."""
    raw = bytearray(content)
    for _ in range(rng.integers(1, 4)):
        at = int(rng.integers(len(raw)))
        match rng.integers(5):
            case 0:
                raw = raw[: at + 1]
            case 1:
                raw[at] = int(rng.integers(256))
            case 2:
                raw[at] ^= 1 << int(rng.integers(8))
            case 3:
                del raw[at : at + int(rng.integers(1, 20))]
            case _:
                raw[at:at] = raw[at : at + int(rng.integers(1, 20))]
        raw = raw or bytearray(b"0")
    return bytes(raw)
