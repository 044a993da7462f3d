"""The best published errors of trained networks on the problems of the accuracy benchmark.

Relative L2 errors on the very problem named, as their authors report them: other machines, mostly GPUs, and
other test points than ours, so times compare by order of magnitude only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Published:
    """One figure: who reached which relative L2 error with what.

    ``kind`` is "primary" where the figure was read in the authors' own text or code, "secondary" where it was
    read in somebody else's table of it. ``seconds`` is None where no time is reported.
    """

    method: str
    error: float
    seconds: float | None
    hardware: str
    network: str
    source: str
    kind: Literal["primary", "secondary"]


_DSGNAR = "DSGNAR (doubly sketched Gauss-Newton)"
_WEBB = "Webb, Jerad, Cartis 2026, arXiv 2607.02194"
_LADDER = "only the mode (1, 4) has a published time and error that we have read"

PUBLISHED: dict[str, Published | str] = {
    "poisson_square": "no figure that we have read; the set-up is that of Müller, Zeinhofer 2023",
    "poisson_square-siren": "as for poisson_square",
    "helmholtz_modes-1-4": Published(
        "SPRING",
        2.0e-9,
        540,
        "GPU",
        "tanh 4 x 30, periodic embedding",
        "arXiv 2604.05230, table 3",
        "secondary",
    ),
    "helmholtz_modes-6-6": _LADDER,
    "helmholtz_modes-10-10": _LADDER,
    "helmholtz_modes-1-4-siren": Published(
        "SPRING",
        2.0e-9,
        540,
        "GPU",
        "tanh 4 x 30, periodic embedding",
        "arXiv 2604.05230, table 3",
        "secondary",
    ),
    "poisson_multiscale": Published(
        _DSGNAR, 4.5e-14, 281, "H100", "SIREN 4 x 60, 4 Fourier modes", _WEBB, "secondary"
    ),
    "wave_string": Published(_DSGNAR, 1.2e-15, 635, "H100", "SIREN 4 x 60, 2 slabs", _WEBB, "secondary"),
    "burgers": Published(
        "vRBA and SSBroyden",
        8.25e-9,
        None,
        "not said",
        "tanh 3 x 30, periodic embedding",
        "arXiv 2509.14198",
        "secondary",
    ),
    "burgers-viscous": Published(_DSGNAR, 7.97e-14, 346, "H100", "SIREN, 11,285 weights", _WEBB, "primary"),
    "allen_cahn": Published(
        "SSBroyden",
        9.4e-7,
        None,
        "not said",
        "tanh 3 x 30, 2019 weights",
        "of SSBroyden: Urbán et al., JCP 523, 113656; Kiyani et al., CMAME 446, 118308",
        "secondary",
    ),
    "allen_cahn-smooth": "this start is ours: the published one has a kink",
    "korteweg_de_vries": Published(
        _DSGNAR, 8.2e-11, 1210, "H100", "SIREN 4 x 60, 4 slabs", _WEBB, "secondary"
    ),
    "korteweg_de_vries-solitons": Published(
        "vRBA or SSBroyden", 2.2e-6, None, "not said", "tanh 3 x 30", "arXiv 2509.14198", "secondary"
    ),
    "kuramoto_sivashinsky": Published(
        _DSGNAR, 5.1e-7, 5227, "H100", "MLP 4 x 70, 8 graded slabs", _WEBB, "secondary"
    ),
    "poisson_5d": Published(_DSGNAR, 3.0e-16, 407, "H100", "GaborNet 1024", _WEBB, "secondary"),
    "poisson_5d-mixed": "this solution is ours: the published one is a sum of functions of one coordinate each",
    "poisson_10d": Published(
        _DSGNAR, 6.0e-12, 3240, "H100", "separable network of rank 40", _WEBB, "secondary"
    ),
    "kovasznay": "no relative L2 error of a trained network on this box at this Reynolds number that we have read",
    "cavity": Published(_DSGNAR, 1.1e-4, 403, "H100", "SIREN 4 x 60, 9,219 weights", _WEBB, "secondary"),
    "convection": "no figure that we have read; the set-up is that of Rathore et al. 2024",
    "reaction": "no figure that we have read; the set-up is that of Rathore et al. 2024",
    "eikonal_shapes": "published figures are Chamfer distances of scans, not errors on shapes that are known",
    "eikonal_shapes-torus": "as for eikonal_shapes",
}
"""By the name of the case: a figure, or why there is none."""
