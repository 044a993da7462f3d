"""Many small ReLU networks of finite width trained at once, beside what their kernels predict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from torch import Generator, Tensor, nn

from ...networks.recipe import check_whole


@dataclass(frozen=True, eq=False)
class ReluNetworks:
    """Networks of one shape, in the standard parametrisation that ``ReluNTK`` describes: W_(L+1) h_L + b_(L+1).

    ``weights`` are (networks, inputs, outputs) and ``biases`` (networks, 1, outputs) of every layer.

    >>> import torch
    >>> from sirenpde.analysis.kernels.finite import ReluNetworks
    >>> networks = ReluNetworks.random(5, inputs=2, hidden=3, width=16, generator=torch.Generator().manual_seed(0))
    >>> networks(torch.zeros(7, 2)).shape
    torch.Size([5, 7, 1])
    """

    weights: Sequence[Tensor]
    biases: Sequence[Tensor]
    head: Callable[[Tensor], Tensor] | None = None

    @staticmethod
    def random(
        count: int,
        inputs: int,
        hidden: int = 3,
        width: int = 1024,
        outputs: int = 1,
        *,
        generator: Generator,
        dtype: torch.dtype = torch.float32,
        device: torch.device | None = None,
        start: Literal["lecun", "glorot"] = "lecun",
        head: Callable[[Tensor], Tensor] | None = None,
    ) -> ReluNetworks:
        """``count`` networks with W ~ N(0, 1/inputs of the layer), or N(0, 2/(inputs + outputs)), and zero biases.

        ``head`` is a function of the outputs, such as a sigmoid.
        """
        check_whole("count", count)
        sizes = [inputs, *[width] * hidden, outputs]
        weights, biases = [], []
        for a, b in pairwise(sizes):
            spread = (1 / a) ** 0.5 if start == "lecun" else (2 / (a + b)) ** 0.5
            drawn = spread * torch.randn(count, a, b, generator=generator, dtype=dtype)
            weights.append(drawn.to(device).requires_grad_())
            biases.append(torch.zeros(count, 1, b, dtype=dtype, device=device, requires_grad=True))
        return ReluNetworks(weights, biases, head)

    def __call__(self, x: Tensor) -> Tensor:
        """Features (n, D), or each network's own (networks, n, D) -> (networks, n, outputs)."""
        h = x.to(self.weights[0])
        h = h.expand(len(self.weights[0]), *h.shape[-2:])
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            h = torch.baddbmm(bias, h if layer == 0 else h.relu(), weight)
        return h if self.head is None else self.head(h)

    @property
    def parameters(self) -> list[Tensor]:
        return [*self.weights, *self.biases]

    def member(self, index: int) -> nn.Sequential:
        """One of them, as a module of its own."""
        layers: list[nn.Module] = []
        for weight, bias in zip(self.weights, self.biases, strict=True):
            layer = nn.utils.skip_init(nn.Linear, *weight.shape[1:], dtype=weight.dtype, device=weight.device)
            with torch.no_grad():
                layer.weight.copy_(weight[index].T)
                layer.bias.copy_(bias[index, 0])
            layers += [layer, nn.ReLU()]
        return nn.Sequential(*layers[:-1])


def train(
    networks: ReluNetworks,
    inputs: Tensor | Callable[[], Tensor],
    targets: Tensor,
    rate: float,
    steps: int,
    *,
    method: Literal["descent", "adam"] = "descent",
    loss: Literal["sum", "mean"] = "sum",
    look: Callable[[int], None] | None = None,
    at: Sequence[int] = (),
    beside: Sequence[Tensor] = (),
) -> None:
    """Fit every network to its targets, all samples in every step, in place.

    Args:
        networks: what is trained.
        inputs: features (n, D), or each network's own (networks, n, D); or a function that makes them anew in every
            step, from what is trained ``beside``.
        targets: (n, outputs) or (networks, n, outputs).
        rate: of the steps.
        steps: their number.
        method: plain gradient descent, or Adam (Kingma and Ba, 2015).
        loss: half the sum of the squares over samples, or half their mean.
        look: called with the number of steps done, before those ``at`` which it is asked for.
        at: the numbers of steps to look at.
        beside: further tensors that are trained, such as frequencies.
    """
    parameters = [*networks.parameters, *beside]
    optimiser = (
        torch.optim.Adam(parameters, lr=rate) if method == "adam" else torch.optim.SGD(parameters, lr=rate)
    )
    wanted = set(at)
    for step in range(steps + 1):
        if look is not None and step in wanted:
            with torch.no_grad():
                look(step)
        if step == steps:
            return
        optimiser.zero_grad()
        x = inputs() if callable(inputs) else inputs
        squares = 0.5 * (networks(x) - targets.to(networks.weights[0])).square()
        total = squares.sum() if loss == "sum" else squares.mean((1, 2)).sum()
        total.backward()
        optimiser.step()
