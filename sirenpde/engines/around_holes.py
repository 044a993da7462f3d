"""Derivatives of waves about holes, in closed form of every order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import torch
from torch import Tensor

from ..calculus.symbols import Powers, Symbol
from ..networks.around_holes import NEAREST, AroundHoles, HoleWaves
from .buffers import cache_sized
from .flat import trainable
from .layers.waves import LoadedWaves, Waves, WavesBuffers
from .registry import differentiates

Pair = tuple[int, int]  # how often ∂_z and ∂_z̄ are taken
BY_X = {(1, 0): 1 + 0j, (0, 1): 1 + 0j}  # ∂_x = ∂_z + ∂_z̄
BY_Y = {(1, 0): 1j, (0, 1): -1j}


@dataclass(frozen=True)
class _Weights:
    waves: LoadedWaves
    holes: list[_LoadedHole]
    head: Tensor  # (outputs, features), the bias behind the weights


@differentiates(AroundHoles)
class AroundHolesEngine:
    """The ``Engine`` of ``AroundHoles``: every derivative of a feature is known, and the head is linear."""

    kind = "closed form"

    def __init__(self, network: AroundHoles, symbols: Sequence[Symbol], dimension: int) -> None:
        self.network = network
        self.symbols = tuple(symbols)
        self.channels = len(self.symbols)
        self.waves = Waves(network.waves, symbols)
        self.chunk = cache_sized(self.channels, network.head.in_features + 1)
        self.is_trained = bool(trainable(network))

    def load(self, theta: Tensor) -> _Weights:
        theta, layer = theta.detach(), self.network.head
        outputs, features = layer.weight.shape
        parts = (
            (theta[: outputs * features].view(outputs, features), theta[outputs * features :])
            if self.is_trained
            else (layer.weight.detach().to(theta), layer.bias.detach().to(theta))
        )
        head = torch.cat([parts[0], parts[1][:, None]], dim=1)
        holes = [_LoadedHole(hole, self.symbols, theta) for hole in self.network.holes]  # type: ignore[arg-type]
        return _Weights(self.waves.load(theta), holes, head)

    def features(self, weights: _Weights, x: Tensor) -> Tensor:
        values = x.new_empty(self.channels, len(x), weights.head.shape[1])
        count = len(weights.waves.phases)
        buffers = WavesBuffers(values[:, :, :count], x.new_empty(2, len(x), count))
        buffers.forth(weights.waves, x)
        for hole in weights.holes:
            hole.forth(x, values[:, :, count : count + hole.count])
            count += hole.count
        constants = [symbol.terms[0][1] * (symbol.order == 0) for symbol in self.symbols]
        values[:, :, -1] = x.new_tensor(constants)[:, None]
        return values

    def forward(self, weights: _Weights, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.features(weights, x)
        return features @ weights.head.T, features

    def backward(self, weights: _Weights, tape: Tensor, cotangent: Tensor, gradient: Tensor) -> None:
        if not self.is_trained:
            return
        if gradient.dim() == 1:
            pulled = torch.einsum("sno,snf->of", cotangent, tape)
            gradient += torch.cat([pulled[:, :-1].reshape(-1), pulled[:, -1]])
            return
        rows = torch.einsum("sno,snf->nof", cotangent, tape)
        gradient += torch.cat([rows[:, :, :-1].flatten(1), rows[:, :, -1]], dim=1)


class _LoadedHole:
    """``HoleWaves`` and operators on them, with the dtype and device of a tensor.

    An operator is Σ c ∂_z^a ∂_z̄^b times derivatives along the other axes, and

        ∂_z^a ∂_z̄^b z^α z̄^β = (α)_a (β)_b z^(α - a) z̄^(β - b),    (α)_a = α (α - 1) ... (α - a + 1).
    """

    def __init__(self, module: HoleWaves, symbols: Sequence[Symbol], like: Tensor) -> None:
        self.hole, self.count = module.hole, len(module.phases)
        self.centre, self.scale = module.centre.to(like), module.scale.to(like)
        self.steps, self.frequencies = module.steps.to(like), module.frequencies.to(like)
        self.phases = module.phases.to(like)
        k, m = module.steps.T.double()
        self._exponents = torch.complex(m, k) / 2, torch.complex(-m, k) / 2
        self._others = 1j * module.frequencies * module.scale  # a derivative along another axis
        self.orders = []  # of each symbol: (a, b) and the factors (waves,)
        for symbol in symbols:
            factors = self._factors(symbol)
            convert = [f.to(device=like.device, dtype=like.dtype.to_complex()) for f in factors.values()]
            self.orders.append((list(factors), convert))

    def _factors(self, symbol: Symbol) -> dict[Pair, Tensor]:
        total: dict[Pair, Tensor] = {}
        for powers, c in symbol.terms:
            beyond = self._beyond(powers)
            for (a, b), factor in _expanded(powers, self.hole.axes).items():
                falling = _falling(self._exponents[0], a) * _falling(self._exponents[1], b)
                term = c * factor * self.hole.radius ** -(a + b) * falling * beyond
                total[a, b] = total[a, b] + term if (a, b) in total else term
        return total

    def _beyond(self, powers: Powers) -> Tensor:
        """The derivatives along the axes that are not of the plane."""
        ones = torch.ones_like(self._exponents[0])
        others = [(axis, n) for axis, n in enumerate(powers) if n and axis not in self.hole.axes]
        return reduce(lambda product, of: product * self._others[:, of[0]] ** of[1], others, ones)

    def forth(self, x: Tensor, out: Tensor) -> None:
        """Points (n, d) -> derivatives of the waves (symbols, n, waves)."""
        a, b = (
            (x[:, axis] - c) / self.hole.radius
            for axis, c in zip(self.hole.axes, self.hole.centre, strict=True)
        )
        squared = (a**2 + b**2).clamp(min=NEAREST**2)
        polar = torch.stack([squared.log() / 2, torch.atan2(b, a)], dim=1)
        angle = polar @ self.steps.T + self.phases
        angle.addmm_((x - self.centre) * self.scale, self.frequencies.T)
        sine, cosine = angle.sin(), angle.cos()
        inverse = torch.complex(a, -b) / squared  # 1 / z, whose conjugate is 1 / z̄
        for i, (pairs, factors) in enumerate(self.orders):
            if pairs == [(0, 0)]:
                out[i] = sine * factors[0].real + cosine * factors[0].imag
                continue
            at = torch.stack([inverse**a * inverse.conj() ** b for a, b in pairs], dim=1)
            product = at @ torch.stack(factors)
            torch.mul(sine, product.real, out=out[i])
            out[i].addcmul_(cosine, product.imag)


def _expanded(powers: Powers, plane: Pair) -> Mapping[Pair, complex]:
    """∂_x^p ∂_y^q as a polynomial in ∂_z and ∂_z̄, without the terms that vanish."""
    product: Mapping[Pair, complex] = {(0, 0): 1 + 0j}
    for step, axis in ((BY_X, plane[0]), (BY_Y, plane[1])):
        for _ in range(powers[axis]):
            longer: defaultdict[Pair, complex] = defaultdict(complex)
            for (a, b), c in product.items():
                for (i, j), k in step.items():
                    longer[a + i, b + j] += c * k
            product = longer
    return {pair: c for pair, c in product.items() if c != 0}


def _falling(exponents: Tensor, n: int) -> Tensor:
    return reduce(lambda product, i: product * (exponents - i), range(n), torch.ones_like(exponents))
