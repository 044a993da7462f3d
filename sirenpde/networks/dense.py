"""The module behind every recipe of dense layers: an embedding, hidden layers, a linear head."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .activations.activation import Activation


class Embedding(nn.Module):
    """A fixed map of the coordinates whose derivatives of every order are known in closed form.

    With xi = (x - centre) * scale (d entries) the features are, in this order,
    the coordinates ``xi[passed]`` and the waves ``amplitudes * sin(frequencies @ xi + phases)``.
    With no waves and every coordinate passed it is the affine map alone. Nothing here is trained.
    """

    centre: Tensor  # (d,)
    scale: Tensor  # (d,)
    frequencies: Tensor  # (m, d), radians per unit of xi
    phases: Tensor  # (m,)
    amplitudes: Tensor  # (m,)

    def __init__(
        self,
        centre: Tensor,
        scale: Tensor,
        passed: Sequence[int],
        frequencies: Tensor,
        phases: Tensor,
        amplitudes: Tensor,
    ) -> None:
        super().__init__()
        self.passed = tuple(passed)
        self.register_buffer("centre", centre)
        self.register_buffer("scale", scale)
        self.register_buffer("frequencies", frequencies)
        self.register_buffer("phases", phases)
        self.register_buffer("amplitudes", amplitudes)

    @property
    def inputs(self) -> int:
        return self.centre.numel()

    @property
    def outputs(self) -> int:
        return len(self.passed) + self.phases.numel()

    def forward(self, x: Tensor) -> Tensor:  # (..., d) -> (..., outputs)
        xi = (x - self.centre) * self.scale
        waves = self.amplitudes * torch.sin(xi @ self.frequencies.T + self.phases)
        return torch.cat([xi[..., list(self.passed)], waves], dim=-1)


class DenseNetwork(nn.Module):
    """x -> E(x) -> [f(omega_l (W_l h + b_l))] for each hidden layer -> W h + b.

    The factor omega_l multiplies weight and bias, as in the SIREN paper's code; with ``trainable_omega`` it
    is trained beside them. A network without hidden layers is linear in all it trains.
    """

    omega: Tensor  # (hidden layers,)

    def __init__(
        self,
        embedding: Embedding,
        hidden: Sequence[nn.Linear],
        omegas: Sequence[float],
        activation: Activation,
        head: nn.Linear,
        trainable_omega: bool = False,
    ) -> None:
        super().__init__()
        self.embedding = embedding
        self.hidden = nn.ModuleList(hidden)
        omega = torch.tensor(tuple(omegas), dtype=torch.float64)
        if trainable_omega:
            self.omega = nn.Parameter(omega)
        else:
            self.register_buffer("omega", omega, persistent=False)
        self.activation = activation
        self.head = head

    @property
    def linear_head(self) -> nn.Linear:
        return self.head

    def features(self, x: Tensor) -> Tensor:  # (..., d) -> (..., features of the head)
        h: Tensor = self.embedding(x)
        for layer, omega in zip(self.hidden, self.omega, strict=True):
            h = self.activation.function(omega * layer(h))
        return h

    def forward(self, x: Tensor) -> Tensor:  # (..., d) -> (..., outputs)
        y: Tensor = self.head(self.features(x))
        return y
