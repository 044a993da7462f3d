"""A room from its oriented cloud, by activation: how far the zero level is from its surface."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from .experiment import Experiment, Form, Outcome, solved
from .shown import by_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...run.solution import Solution

Row = dict[str, Any]

_SLICE, _HEIGHT = (
    128,
    -0.16,
)  # pixels across a section, and where it is: through the sofa, the shelf and the lamp
_NAMES = {"sine": "SIREN", "relu": "ReLU", "tanh": "tanh"}


def _room(activation: str, form: Form) -> Outcome:
    """The paper's loss, and the distance to the cloud on a grid, fitted by waves."""
    from ...solvers.adam import Adam

    stage = Adam(steps=500, lr=5e-4, clip=1.0)
    short: dict[str, Any] = {"width": 128, "points": 50_000} if form.quick else {"width": 1024}
    trained = solved(
        form,
        "papers/room",
        using=[stage] if form.quick else None,
        samples_scale=0.4 if form.quick else 1.0,
        activation=activation,
        **short,
    )
    grid: dict[str, Any] = {"points": 50_000, "resolution": 80} if form.quick else {}
    direct = solved(form, "room", **grid)
    ours, best = (_surface(solution, 97 if form.quick else 257) for solution in (trained, direct))
    return Outcome(
        100 * ours["chamfer"],
        "a furnished room, by formulas",
        best=100 * best["chamfer"],
        best_by="the distance to the cloud on a grid, a cosine lattice",
        note=f"Normals agree by {ours['normal_consistency']:.3f}, {ours['components']} parts; "
        f"best {best['normal_consistency']:.3f}, {best['components']}",
        curves={
            "section": {"room": _exact(), _NAMES[activation]: _section(trained), "grid": _section(direct)}
        },
    )


def _surface(solution: Solution, resolution: int) -> dict[str, Any]:
    """How far the zero level is from the room; a field of one sign has none."""
    import math
    import tempfile
    from pathlib import Path

    from ...analysis.surfaces import surface_errors
    from ...geometry.meshes.mesh import TriangleMesh
    from ...references.room import room_mesh

    with tempfile.TemporaryDirectory() as folder:
        try:
            path = solution.export(Path(folder) / "u.ply", resolution=resolution)
        except ValueError:
            return {"chamfer": math.inf, "normal_consistency": 0.0, "components": 0}
        return dict(surface_errors(TriangleMesh.open(path), room_mesh(), samples=10_000))


def _places() -> Any:
    import numpy as np

    line = np.linspace(-1, 1, _SLICE)
    x, y = np.meshgrid(line, line[::-1])
    return np.stack([x.ravel(), y.ravel(), np.full(x.size, _HEIGHT)], axis=1)


def _shaded(values: Any) -> list[list[int]]:
    """Dark in solids; lines of equal distance in the air."""
    import numpy as np

    bands = 200 + 40 * np.cos(2 * np.pi * values / 0.1)
    shown: list[list[int]] = np.where(values < 0, 30, bands).astype(int).reshape(_SLICE, _SLICE).tolist()
    return shown


def _section(solution: Solution) -> list[list[int]]:
    import numpy as np

    return _shaded(np.asarray(solution["u"](_places())))


def _exact() -> list[list[int]]:
    import torch

    from ...references.room import room_mesh

    return _shaded(room_mesh().level(torch.from_numpy(_places())).numpy())


def _drawn(rows: Sequence[Row]) -> Figure:
    """A section through the room by each network: solids dark, lines of equal distance in the air."""
    from ...plots.papers import picture_rows

    return picture_rows({f"z = {_HEIGHT}": by_name(rows, "section", last="grid")}, width=2.4)


EXPERIMENTS = tuple(
    Experiment(
        f"surfaces/room/{activation}",
        "Sitzmann et al. 2020, section 4.2",
        f"{_NAMES[activation]} 4 x 1024, 50,000 steps of 1400 points on and off the surface, rate 1e-4",
        None,
        "Chamfer, % of the diagonal",
        "lower",
        partial(_room, activation),
        quick=f"{_NAMES[activation]} 4 x 128, 500 steps of 560 points, rate 5e-4 falling",
    )
    for activation in ("sine", "relu", "tanh")
)
FIGURES = {"surfaces": _drawn}
