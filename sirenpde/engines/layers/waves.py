"""The first layer: coordinates and fixed waves of them, with their derivatives in closed form."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ...calculus.plan import Polynomials
from ...calculus.symbols import Symbol
from ...geometry.data.constants import Constant
from ...networks.dense import Embedding
from ..buffers import Take


class Waves:
    """Operators applied to an `Embedding`: P(∂) sin(k.x) = P(k) sin^(order)(k.x)."""

    def __init__(self, embedding: Embedding, symbols: Sequence[Symbol]) -> None:
        self.symbols = tuple(symbols)
        self.embedding = embedding
        self.polynomials = Polynomials([dict(symbol.terms) for symbol in symbols], embedding.inputs)
        self.passed = Constant(torch.tensor(embedding.passed, dtype=torch.long))
        linear = [float(symbol.order == 1) for symbol in symbols]
        signs = [-1.0 if symbol.order % 4 >= 2 else 1.0 for symbol in symbols]  # sin, cos, -sin, -cos
        self.linear = Constant(torch.tensor(linear, dtype=torch.float64))
        self.signs = Constant(torch.tensor(signs, dtype=torch.float64))

    def load(self, like: Tensor) -> LoadedWaves:
        return LoadedWaves(self, like)

    def lay_out(self, n: int, take: Take) -> WavesBuffers:
        return WavesBuffers(
            take(len(self.symbols), n, self.embedding.outputs), take(2, n, self.embedding.phases.numel())
        )


class LoadedWaves:
    """`Waves` with the dtype and device of a tensor."""

    def __init__(self, waves: Waves, like: Tensor) -> None:
        embedding = waves.embedding
        self.symbols = waves.symbols
        self.parities = {symbol.order % 2 for symbol in self.symbols}
        self.passed = waves.passed.on(like.device)
        self.centre, self.scale = embedding.centre.to(like), embedding.scale.to(like)
        self.frequencies, self.phases = embedding.frequencies.to(like), embedding.phases.to(like)
        self.amplitudes = embedding.amplitudes.to(like)
        axes = torch.diag(self.scale)[self.passed]
        per_unit = self.frequencies * self.scale  # radians per unit of x
        self.directions = torch.cat([axes, per_unit])  # (features, d)
        if self.symbols:
            self.constants = waves.polynomials.at(axes) * waves.linear.like(like).unsqueeze(1)
            factors = waves.polynomials.at(per_unit) * waves.signs.like(like).unsqueeze(1)
            self.factors = factors * self.amplitudes

    def local(self, x: Tensor) -> Tensor:
        """Points (n, d) in the embedding's own coordinates xi."""
        return (x - self.centre) * self.scale


class WavesBuffers:
    """The features of a chunk: ``out`` (symbols, n, features), and room for sines and cosines (2, n, waves)."""

    def __init__(self, out: Tensor, waves: Tensor) -> None:
        self.out, self._waves = out, waves

    def forth(self, loaded: LoadedWaves, x: Tensor) -> None:
        passed = len(loaded.passed)
        xi = loaded.local(x)
        if loaded.phases.numel():
            sines, cosines = self._waves
            torch.addmm(loaded.phases, xi, loaded.frequencies.T, out=sines)
            if 1 in loaded.parities:
                torch.cos(sines, out=cosines)
            if 0 in loaded.parities:
                torch.sin(sines, out=sines)
        for i, symbol in enumerate(loaded.symbols):
            if passed:
                self.out[i, :, :passed] = loaded.constants[i] if symbol.order else xi[:, loaded.passed]
            if loaded.phases.numel():
                torch.mul(self._waves[symbol.order % 2], loaded.factors[i], out=self.out[i, :, passed:])


class DirectedWaves:
    """The features of a chunk and their slopes along the `LoadedWaves.directions`, both (n, features).

    Those of plain coordinates are one; ``slopes`` is None where all are.
    """

    def __init__(self, embedding: Embedding, n: int, take: Take) -> None:
        self.slopes = take(n, embedding.outputs) if embedding.phases.numel() else None
        self.out = take(n, embedding.outputs)

    def forth(self, loaded: LoadedWaves, x: Tensor) -> None:
        passed = len(loaded.passed)
        xi = loaded.local(x)
        self.out[:, :passed] = xi[:, loaded.passed]
        if self.slopes is not None:
            angle = torch.addmm(loaded.phases, xi, loaded.frequencies.T)
            torch.mul(torch.sin(angle), loaded.amplitudes, out=self.out[:, passed:])
            torch.mul(torch.cos(angle), loaded.amplitudes, out=self.slopes[:, passed:])
            self.slopes[:, :passed] = 1
