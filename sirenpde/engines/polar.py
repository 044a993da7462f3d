"""Derivatives of waves about points, in closed form of every order."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import torch
from torch import Tensor

from ..calculus.symbols import Powers, Symbol
from ..networks.polar import AroundPoints, Plane, PolarWaves
from .buffers import cache_sized
from .flat import trainable
from .layers.waves import LoadedWaves, Waves, WavesBuffers
from .registry import differentiates

Pair = tuple[int, int]  # how often ∂_z and ∂_z̄ are taken
ROUNDING = 1e-13  # of the largest term of an operator in ∂_z and ∂_z̄: what is smaller vanishes


@dataclass(frozen=True)
class _Weights:
    waves: LoadedWaves
    points: list[_LoadedPoint]
    head: Tensor  # (outputs, features), the bias behind the weights


@differentiates(AroundPoints)
class AroundPointsEngine:
    """The ``Engine`` of ``AroundPoints``: every derivative of a feature is known, and the head is linear."""

    kind = "closed form"

    def __init__(self, network: AroundPoints, symbols: Sequence[Symbol], dimension: int) -> None:
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
        points = [_LoadedPoint(point, self.symbols, theta) for point in self.network.points]  # type: ignore[arg-type]
        return _Weights(self.waves.load(theta), points, head)

    def features(self, weights: _Weights, x: Tensor) -> Tensor:
        values = x.new_empty(self.channels, len(x), weights.head.shape[1])
        count = len(weights.waves.phases)
        buffers = WavesBuffers(values[:, :, :count], x.new_empty(2, len(x), count))
        buffers.forth(weights.waves, x)
        for point in weights.points:
            point.forth(x, values[:, :, count : count + point.count])
            count += point.count
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


class _LoadedPoint:
    """``PolarWaves`` and operators on them, with the dtype and device of a tensor.

    An operator is Σ c ∂_z^a ∂_z̄^b times derivatives along the other axes. With κ·xi = 2 Re(c_z z) + ... in the plane,

        ∂_z^a ∂_z̄^b e^{iκ·xi} z^α z̄^β = e^{iκ·xi} Σ (a over i) (b over j) (i c_z)^(a - i) (i c̄_z)^(b - j)
                                        (α)_i (β)_j z^(α - i) z̄^(β - j),    (α)_i = α (α - 1) ... (α - i + 1),

    and a factor log z, the derivative of z^α by α, adds that of (α)_i.
    """

    def __init__(self, module: PolarWaves, symbols: Sequence[Symbol], like: Tensor) -> None:
        self.plane, self.count = module.plane, len(module.phases)
        self.centre, self.scale = module.centre.to(like), module.scale.to(like)
        self.growth, self.steps, self.phases = (
            t.to(like) for t in (module.growth, module.steps, module.phases)
        )
        self.frequencies = module.frequencies.to(like)
        self.module, self.has_logs = module, bool(module.logs.any())
        self.logs = module.logs.double()
        k, mu = module.steps.T.double()
        growth = module.growth.double()
        self._exponents = torch.complex(growth + mu, k) / 2, torch.complex(growth - mu, k) / 2
        self._others = 1j * module.frequencies.double() * module.scale.double()  # derivatives along the axes
        (p, q), (s, t) = self.plane.matrix
        x, y = (self._others[:, axis] for axis in self.plane.axes)
        determinant = p * t - q * s
        along, across = (t * x - s * y) / determinant, (p * y - q * x) / determinant
        self._in_plane = (along - 1j * across) / 2, (along + 1j * across) / 2  # by z and z̄
        self.orders = []  # of each symbol: (a, b), the factors (waves,), and those that logarithms add
        for symbol in symbols:
            factors = self._factors(symbol)
            convert = [f.to(device=like.device, dtype=like.dtype.to_complex()) for f in factors.values()]
            self.orders.append((list(factors), convert))

    def _factors(self, symbol: Symbol) -> dict[Pair, Tensor]:
        """Of z^-a z̄^-b times the wave, side by side without and with what logarithms add (2, waves)."""
        total: dict[Pair, Tensor] = {}
        for (a, b, others), c in _expanded(symbol, self.plane).items():
            beyond = self._beyond(others)
            for i, j in itertools.product(range(a + 1), range(b + 1)):
                of_z, of_conjugate = self._in_plane
                waves = math.comb(a, i) * math.comb(b, j) * of_z ** (a - i) * of_conjugate ** (b - j)
                term = c * waves * beyond * self._falling(i, j)
                total[i, j] = total[i, j] + term if (i, j) in total else term
        return {pair: f for pair, f in total.items() if bool(f.any())} or {(0, 0): torch.zeros_like(term)}

    def _falling(self, i: int, j: int) -> Tensor:
        alpha, beta = self._exponents
        (f, f_slope), (g, g_slope) = _falling(alpha, i), _falling(beta, j)
        of_z, of_conjugate = self.logs.T
        return torch.stack([f * g, of_z * f_slope * g + of_conjugate * f * g_slope])

    def _beyond(self, powers: Powers) -> Tensor:
        """The derivatives along the axes that are not of the plane."""
        ones = torch.ones_like(self._exponents[0])
        others = [(axis, n) for axis, n in enumerate(powers) if n]
        return reduce(lambda product, of: product * self._others[:, of[0]] ** of[1], others, ones)

    def forth(self, x: Tensor, out: Tensor) -> None:
        """Points (n, d) -> derivatives of the waves (symbols, n, waves)."""
        log = self.plane.logarithm(x)[:, None]
        angle = torch.cat([log.real, log.imag], dim=1) @ self.steps.T + self.phases
        angle.addmm_((x - self.centre) * self.scale, self.frequencies.T)
        sine, cosine = angle.sin(), angle.cos()
        if bool(self.growth.any()):
            size = torch.exp(log.real * self.growth)
            sine, cosine = sine * size, cosine * size
        times = self.module.times(log) if self.has_logs else None
        inverse = torch.exp(-log[:, 0])  # 1 / z, whose conjugate is 1 / z̄
        for i, (pairs, factors) in enumerate(self.orders):
            if pairs == [(0, 0)] and times is None:
                out[i] = sine * factors[0][0].real + cosine * factors[0][0].imag
                continue
            at = torch.stack([inverse**a * inverse.conj() ** b for a, b in pairs], dim=1)
            product = at @ torch.stack([factor[0] for factor in factors])
            if times is not None:
                product = product * times + at @ torch.stack([factor[1] for factor in factors])
            torch.mul(sine, product.real, out=out[i])
            out[i].addcmul_(cosine, product.imag)


def _expanded(symbol: Symbol, plane: Plane) -> Mapping[tuple[int, int, Powers], complex]:
    """An operator as a polynomial in ∂_z, ∂_z̄ and the other axes, without the terms that vanish."""
    (p, q), (s, t) = plane.matrix
    steps = [{(1, 0): complex(p, s), (0, 1): complex(p, -s)}, {(1, 0): complex(q, t), (0, 1): complex(q, -t)}]
    total: defaultdict[tuple[int, int, Powers], complex] = defaultdict(complex)
    for powers, factor in symbol.terms:
        others = tuple(0 if axis in plane.axes else n for axis, n in enumerate(powers))
        product: Mapping[Pair, complex] = {(0, 0): factor + 0j}
        for step, axis in zip(steps, plane.axes, strict=True):
            for _ in range(powers[axis]):
                longer: defaultdict[Pair, complex] = defaultdict(complex)
                for (a, b), c in product.items():
                    for (i, j), k in step.items():
                        longer[a + i, b + j] += c * k
                product = longer
        for (a, b), c in product.items():
            total[a, b, others] += c
    most = max(abs(c) for c in total.values())
    return {key: c for key, c in total.items() if abs(c) > ROUNDING * most}


def _falling(exponents: Tensor, n: int) -> tuple[Tensor, Tensor]:
    """(α)_n and its derivative by α."""
    value, slope = torch.ones_like(exponents), torch.zeros_like(exponents)
    for i in range(n):
        value, slope = value * (exponents - i), slope * (exponents - i) + value
    return value, slope
