"""Classical solvers on the problems of the accuracy benchmark: what needs no network.

Spectral methods on boxes and periodic intervals, and a k-d tree, from numpy and scipy, finite
elements of scikit-fem. Their errors are relative L2
errors on their own nodes; where no formula is known, differences from a finer run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from math import pi

from .boxes import harmonic, poisson_additive, poisson_mixed, sines
from .corners import checkerboard, inclusion, l_shape, motz, sheared_crack
from .costs import corner, even_waves, heat, varied_waves
from .distance import sphere, torus
from .evolution import allen_cahn, burgers, gray_scott, kuramoto_sivashinsky, two_solitons, zabusky_kruskal
from .flow import cavity, kovasznay, uniform_lid
from .fronts import carried_pulse, drifting_pulse, fisher, travelling_front
from .layers import finite_basis, heat_cube, heat_ripples, outflow_layers, poisson_waves, reaction_layers
from .measured import Classical
from .series import convection, reaction, wave_string
from .waves import helmholtz

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
    "gray_scott": partial(gray_scott, 256, 0.5),
    "kovasznay": kovasznay,
    "cavity": cavity,
    "convection": convection,
    "reaction": reaction,
    "heat_cube": heat_cube,
    "heat_ripples": heat_ripples,
    "reaction_layers": partial(reaction_layers, 1e-2, 90),
    "reaction_layers_thin": partial(reaction_layers, 1e-4, 600),
    "outflow_layers": partial(outflow_layers, 1e-2, 90),
    "outflow_layers_thin": partial(outflow_layers, 1e-4, 600),
    "poisson_waves": partial(poisson_waves, 64.0, 2, 160),
    "poisson_waves_cube": partial(poisson_waves, 16.0, 3, 56),
    "l_shape": l_shape,
    "motz": motz,
    "sheared_crack": sheared_crack,
    "checkerboard": checkerboard,
    "inclusion_1000": partial(inclusion, 1000.0),
    "helmholtz_20": partial(helmholtz, 20.0, 100, 30),
    "helmholtz_40": partial(helmholtz, 40.0, 110, 40),
    "helmholtz_80": partial(helmholtz, 80.0, 130, 60),
    "helmholtz_200": partial(helmholtz, 200.0, 200, 110),
    "travelling_front": travelling_front,
    "fisher": fisher,
    "uniform_lid_100": partial(uniform_lid, 100.0, 40),
    "uniform_lid_400": partial(uniform_lid, 400.0, 40),
    "uniform_lid_1000": partial(uniform_lid, 1000.0, 40),
    "uniform_lid_3200": partial(uniform_lid, 3200.0, 48),
    "carried_pulse": carried_pulse,
    "drifting_pulse": drifting_pulse,
    "finite_basis": finite_basis,
    "sphere": sphere,
    "torus": torus,
    **{f"waves_{n}": partial(even_waves, n, 20 + 3 * n) for n in (2, 4, 8, 16, 32)},
    **{f"waves_{n}_different": partial(varied_waves, n, 20 + 3 * n) for n in (2, 4, 8, 16)},
    **{f"heat_{space}": partial(heat, space) for space in (1, 2, 3)},
    **{f"smooth_{n}": partial(even_waves, 2, n) for n in (8, 12, 16, 20, 24)},
    **{
        f"corner_{i}": partial(corner, *sizes)
        for i, sizes in enumerate(((2, 4), (4, 10), (8, 20), (16, 30), (32, 40)), start=1)
    },
}
