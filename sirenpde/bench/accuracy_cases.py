"""The cases of the accuracy benchmark: bundled problems, their flags, and how long each may take."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Case:
    """One problem as the benchmark runs it.

    ``problem`` is a bundled problem's name or the path of a problem file, ``flags`` are its parameters; ``network``
    is "siren" for the trained one that the ladder sizes, and None for what the problem declares.
    ``budget`` is in seconds of the solver's clock for one seed, ``quick`` the same of the quick benchmark,
    which leaves a ``slow`` case out. ``classical`` names one of `classical.SOLVERS`.
    """

    name: str
    problem: str
    definition: str
    flags: Mapping[str, Any] = field(default_factory=dict)
    network: Literal["siren"] | None = None
    budget: float = 600.0
    quick: float = 15.0
    slow: bool = False
    classical: str | None = None


_HELMHOLTZ = "u_xx + u_yy + u = f on [-1,1]², u = sin {}πx sin {}πy"

CASES = (
    Case(
        "poisson_square",
        "poisson_square",
        "-Δu = f on [0,1]², u = sin πx sin πy",
        classical="poisson_square",
    ),
    Case(
        "poisson_square-siren",
        "poisson_square",
        "the same, by a trained SIREN",
        network="siren",
        budget=300.0,
        classical="poisson_square",
    ),
    *(
        Case(
            f"helmholtz_modes-{a}-{b}",
            "helmholtz_modes",
            _HELMHOLTZ.format(a, b),
            {"modes": [a, b]},
            slow=a == 10,
            classical=f"helmholtz_{a}_{b}",
        )
        for a, b in ((1, 4), (6, 6), (10, 10))
    ),
    Case(
        "helmholtz_modes-1-4-siren",
        "helmholtz_modes",
        "modes (1, 4), by a trained SIREN",
        {"modes": [1, 4]},
        network="siren",
        budget=300.0,
        quick=30.0,
        classical="helmholtz_1_4",
    ),
    Case(
        "poisson_multiscale",
        "poisson_multiscale",
        "-Δu = f on [0,1]², u = Σ sin wπx sin wπy / 4, w = 4, 8, 12, 16",
        classical="poisson_multiscale",
    ),
    Case(
        "wave_string",
        "wave_string",
        "u_tt = 4 u_xx on [0,1]², u = sin πx cos 2πt + sin 4πx cos 8πt / 2",
        classical="wave_string",
    ),
    Case(
        "burgers",
        "burgers",
        "u_t + u u_x = ν u_xx, u(x,0) = -sin πx, t ≤ 1, ν = 0.01/π",
        classical="burgers",
    ),
    Case(
        "burgers-viscous",
        "burgers",
        "the same with ν = 0.01",
        {"viscosity": 0.01},
        classical="burgers_viscous",
    ),
    Case(
        "allen_cahn",
        "allen_cahn",
        "u_t = 1e-4 u_xx + 5u - 5u³, u(x,0) = x² cos πx (a kink at ±1), t ≤ 1",
        {"start": "kink"},
        slow=True,
        classical="allen_cahn_kink",
    ),
    Case(
        "allen_cahn-smooth",
        "allen_cahn",
        "the same with u(x,0) = (1 - cos πx) cos πx / 2",
        {"start": "smooth"},
        classical="allen_cahn_smooth",
    ),
    Case(
        "korteweg_de_vries",
        "korteweg_de_vries",
        "u_t + u u_x + 0.022² u_xxx = 0, u(x,0) = cos πx, t ≤ 1",
        classical="korteweg_de_vries_cosine",
    ),
    Case(
        "korteweg_de_vries-solitons",
        "solitons",
        "u_t + 6u u_x + u_xxx = 0, solitons of speeds 6 and 2 on [0,20], t ≤ 5",
        slow=True,
        classical="korteweg_de_vries_solitons",
    ),
    Case(
        "kuramoto_sivashinsky",
        "kuramoto_sivashinsky",
        "u_t + 100/16 u u_x + 100/16² u_xx + 100/16⁴ u_xxxx = 0 on [0,2π], t ≤ 1",
        slow=True,
        classical="kuramoto_sivashinsky",
    ),
    Case(
        "poisson_5d",
        "poisson_5d",
        "-Δu = f on [0,1]⁵, u = Σ cos πx_i",
        {"solution": "additive"},
        classical="poisson_5d_additive",
    ),
    Case(
        "poisson_5d-mixed",
        "poisson_5d",
        "the same with u = sin Σ x_i + exp(-|x - 1/2|²)",
        {"solution": "mixed"},
        slow=True,
        classical="poisson_5d_mixed",
    ),
    Case(
        "poisson_10d",
        "poisson_10d",
        "Δu = 0 on [0,1]¹⁰, u = x_1 x_2 + x_3 x_4 + ... + x_9 x_10",
        classical="poisson_10d",
    ),
    Case("kovasznay", "kovasznay", "steady Navier-Stokes, Kovasznay's flow", classical="kovasznay"),
    Case(
        "cavity",
        "cavity",
        "steady Navier-Stokes on [0,1]², Re = 100, lid u = 4x(1 - x)",
        slow=True,
        classical="cavity",
    ),
    Case(
        "convection",
        "convection",
        "u_t + 40 u_x = 0 on [0,2π], u(x,0) = sin x, t ≤ 1",
        classical="convection",
    ),
    Case(
        "reaction",
        "reaction",
        "u_t = 5u(1 - u) on [0,2π], u(x,0) a Gaussian of width π/4, t ≤ 1",
        classical="reaction",
    ),
    Case(
        "eikonal_shapes",
        "eikonal_shapes",
        "|∇u| = 1, a sphere",
        {"shape": "sphere"},
        slow=True,
        classical="sphere",
    ),
    Case(
        "eikonal_shapes-torus",
        "eikonal_shapes",
        "|∇u| = 1, a torus",
        {"shape": "torus"},
        slow=True,
        classical="torus",
    ),
)


class UnknownCase(ValueError):
    """A name that no case has."""


def chosen(names: Sequence[str], quick: bool) -> list[Case]:
    """The cases of these names, or of these problems; all of them where no name is given.

    The quick benchmark leaves the slow ones out, unless they are named. Raises UnknownCase.
    """
    known = {word for case in CASES for word in (case.name, case.problem)}
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, sorted(known), n=2, cutoff=0.5)
            hint = f"did you mean {' or '.join(close)}?" if close else f"it has {', '.join(sorted(known))}."
            raise UnknownCase(f"The accuracy benchmark has no case '{name}'; {hint}")
    if names:
        return [case for case in CASES if {case.name, case.problem} & set(names)]
    return [case for case in CASES if not (quick and case.slow)]
