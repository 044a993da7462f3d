"""The neural tangent kernel of infinitely wide ReLU networks, in closed form."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ...networks.recipe import check_whole

END = 1e-15  # so near to 1 a correlation is 1: its angle is rounding, and has no slope


def arc_cosine(correlation: Tensor) -> tuple[Tensor, Tensor]:
    """kappa_0(c) = (pi - t) / pi and kappa_1(c) = (sqrt(1 - c²) + (pi - t) c) / pi, with t = arccos c.

    For u, v ~ N(0, 1) with correlation c these are twice the means of step(u) step(v) and of relu(u) relu(v).

    Source: Cho and Saul, Kernel Methods for Deep Learning, 2009.

    >>> import torch
    >>> from sirenpde.analysis.kernels.relu import arc_cosine
    >>> [k.tolist() for k in arc_cosine(torch.tensor([1.0, -1.0]))]
    [[1.0, 0.0], [1.0, 0.0]]
    """
    inside = correlation.abs() < 1 - END
    c = torch.where(inside, correlation, torch.zeros_like(correlation))
    beyond = (correlation > 0).to(correlation)
    open_angle = math.pi - torch.arccos(c)
    step = torch.where(inside, open_angle / math.pi, beyond)
    ramp = torch.where(inside, ((1 - c.square()).sqrt() + open_angle * c) / math.pi, beyond)
    return step, ramp


@dataclass(frozen=True)
class ReluNTK:
    """The kernel sum over parameters of df(x)/dp df(x')/dp of ReLU networks at their random start, in the mean.

    ``hidden`` counts the hidden layers. With ``parametrisation="standard"`` the network is
    W_(L+1) h_L + b_(L+1), h_l = relu(W_l h_(l-1) + b_l), with W ~ N(0, 1/inputs of the layer) and biases that start
    at zero and are trained; its kernel grows with the ``width``, and this is its leading part. With ``"ntk"`` it is
    W_(L+1) h_L, h_l = sqrt(2/width) relu(W_l h_(l-1)), with W ~ N(0, 1) and no biases; its kernel does not depend on
    the width.

    Call it with features x (n, D) and, if they differ, y (m, D): it gives (n, m).

    Sources: Jacot, Gabriel and Hongler, Neural Tangent Kernel, 2018; Tancik et al. 2020, section 3 and appendix.

    >>> import torch
    >>> from sirenpde.analysis.kernels.relu import ReluNTK
    >>> ReluNTK(hidden=3, parametrisation="ntk")(torch.tensor([[0.6, 0.8]], dtype=torch.float64)).tolist()
    [[4.0]]
    """

    hidden: int = 3
    width: int = 1024
    parametrisation: Literal["standard", "ntk"] = "standard"

    def __post_init__(self) -> None:
        check_whole("hidden", self.hidden)
        check_whole("width", self.width)
        if self.parametrisation not in ("standard", "ntk"):
            raise ValueError(
                f"parametrisation={self.parametrisation!r}; 'standard' or 'ntk' was expected. Use 'standard' for "
                f"networks as they are trained, 'ntk' for the limit of width."
            )

    def __call__(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        other = x if y is None else y
        lengths = torch.linalg.vector_norm(x, dim=1)[:, None] * torch.linalg.vector_norm(other, dim=1)
        products = x @ other.T
        c = torch.where(lengths > 0, products / lengths, torch.zeros_like(products))
        return self._of(c, lengths, x.shape[1])

    def profile(self, correlation: Tensor, inputs: int) -> Tensor:
        """The kernel of ``inputs`` features of norm 1, as a function of their correlation (...).

        >>> import torch
        >>> from sirenpde.analysis.kernels.relu import ReluNTK
        >>> ReluNTK(hidden=3, width=1024).profile(torch.tensor([1.0]), inputs=32).tolist()
        [14.0]
        """
        return self._of(correlation, torch.ones_like(correlation), inputs)

    def _of(self, c: Tensor, lengths: Tensor, inputs: int) -> Tensor:
        """From correlations and products of the norms of the inputs."""
        steps, ramps = [], [c.clamp(-1, 1)]
        for _ in range(self.hidden):
            step, ramp = arc_cosine(ramps[-1])
            steps.append(step)
            ramps.append(ramp)
        if self.parametrisation == "ntk":
            total = ramps[0]
            for step, ramp in zip(steps, ramps[1:], strict=True):
                total = ramp + step * total
            return lengths * total
        back, total = torch.ones_like(c), torch.zeros_like(c)
        for layer in reversed(range(self.hidden + 1)):
            size = lengths if layer == 0 else self.width / inputs * 2.0**-layer * lengths
            total = total + (size * ramps[layer] + 1) * back
            if layer:
                back = 0.5 * steps[layer - 1] * back
        return total
