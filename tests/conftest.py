"""What all tests share: one thread for torch, since tests run two at a time and four threads on two cores take
several times as long; and a pretended GPU, which must be known before torch first counts devices."""

import pretend_cuda  # noqa: F401 - for what its import registers
import torch

torch.set_num_threads(1)
