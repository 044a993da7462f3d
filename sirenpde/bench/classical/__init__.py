"""Classical solvers on the problems of the accuracy benchmark: what needs no network.

Spectral methods on boxes and periodic intervals, and a k-d tree, from numpy and scipy. Their errors are relative L2
errors on their own nodes; where no formula is known, differences from a finer run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from math import pi

from .boxes import harmonic, poisson_additive, poisson_mixed, sines
from .distance import sphere, torus
from .evolution import allen_cahn, burgers, kuramoto_sivashinsky, two_solitons, zabusky_kruskal
from .flow import cavity, kovasznay
from .measured import Classical
from .series import convection, reaction, wave_string

SOLVERS: Mapping[str, Callable[[], Classical]] = {
    "poisson_square": partial(sines, (1, 1), n=20),
    "helmholtz_1_4": partial(sines, (1, 4), low=-1.0, n=40, shift=1.0),
    "helmholtz_6_6": partial(sines, (6, 6), low=-1.0, n=48, shift=1.0),
    "helmholtz_10_10": partial(sines, (10, 10), low=-1.0, n=64, shift=1.0),
    "poisson_multiscale": partial(sines, *((w, w) for w in (4, 8, 12, 16)), n=64),
    "wave_string": wave_string,
    "poisson_5d_additive": poisson_additive,
    "poisson_5d_mixed": poisson_mixed,
    "poisson_10d": harmonic,
    "burgers": partial(burgers, 0.01 / pi, 1000, 2000),
    "burgers_viscous": partial(burgers, 0.01, 300, 2000),
    "allen_cahn_kink": partial(allen_cahn, lambda x: x**2 * (pi * x).cos(), 1024, 1000),
    "allen_cahn_smooth": partial(allen_cahn, lambda x: (1 - (pi * x).cos()) * (pi * x).cos() / 2, 512, 2000),
    "korteweg_de_vries_cosine": partial(zabusky_kruskal, 256, 20_000),
    "korteweg_de_vries_solitons": partial(two_solitons, 256, 10_000),
    "kuramoto_sivashinsky": partial(kuramoto_sivashinsky, 256, 10_000),
    "kovasznay": kovasznay,
    "cavity": cavity,
    "convection": convection,
    "reaction": reaction,
    "sphere": sphere,
    "torus": torus,
}
