"""One thread for torch: tests run two at a time, and four threads on two cores take several times as long."""

import torch

torch.set_num_threads(1)
