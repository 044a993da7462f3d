"""PINNacle's heat in a plate with holes that give and take heat, by finite elements with curved edges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...geometry.box import Box
from ...geometry.plane.disk import Disk
from ...geometry.shape import Shape
from .decay import decayed

Array = NDArray[np.float64]

LARGE = (*((x, y) for x in (-4, 4) for y in (-9, -3, 3, 9)), (0, -6), (0, 0), (0, 6))
SMALL = tuple((x, y) for x in (-3.2, 3.2) for y in (-6, 0, 6))
# Of every hole: its middle, its radius, the temperature within.
PARTS = (*((place, 1.0, 5.0) for place in LARGE), *((place, 0.4, 1.0) for place in SMALL))
AROUND = 0.1  # the temperature outside of the rectangle


def plate() -> tuple[Shape, Shape, Shape, Shape]:
    """The plate of Heat2d-CG, and what bounds it: the rectangle, the large discs and the small ones."""
    rectangle = Box(x=(-8, 8), y=(-12, 12))
    large, small = _union(LARGE, 1.0), _union(SMALL, 0.4)
    return rectangle - (large | small), rectangle, large, small


def warmed(points: Array, times: Sequence[float], resolution: int = 160) -> Array:
    """Heat2d-CG: the temperature at points (n, 2) and times, (times, n).

        u_t = Δu  in the plate,    u = 0 at t = 0,    ∂u/∂n = g - u  on its boundary,

    g = 5 on large circles, 1 on small ones, 1/10 on the rectangle. Cubic elements whose edges lie on the circles
    as parabolas, about ``resolution`` of them across; in time exact, ``decay.decayed``. scikit-fem is needed.
    """
    import skfem
    from scipy.sparse.linalg import spsolve
    from skfem.helpers import dot, grad

    mesh = _curved(resolution)
    basis = skfem.Basis(mesh, skfem.ElementTriP3(), intorder=8)
    mass = skfem.BilinearForm(lambda u, v, w: u * v).assemble(basis)
    stiffness = skfem.BilinearForm(lambda u, v, w: dot(grad(u), grad(v))).assemble(basis)
    load = np.zeros(basis.N)
    for outside, facets in _facets(mesh):
        edge = skfem.FacetBasis(mesh, skfem.ElementTriP3(), facets=facets, intorder=8)
        stiffness = stiffness + skfem.BilinearForm(lambda u, v, w: u * v).assemble(edge)
        load += outside * skfem.LinearForm(lambda v, w: v).assemble(edge)
    steady = spsolve(stiffness.tocsc(), load)
    later = [t for t in times if t > 0]
    values = dict(zip(later, steady + decayed(mass, stiffness, -steady, later, vectors=80), strict=True))
    return np.stack([_at(basis, values[t], points) if t in values else np.zeros(len(points)) for t in times])


def _at(basis: Any, values: Array, points: Array) -> Array:
    """The field at points; a straight triangle holds all of its curved one, since circles are holes."""
    import skfem

    straight = skfem.MeshTri(basis.mesh.p, basis.mesh.t)
    cells = straight.element_finder()(*points.T)
    places = basis.mapping.invF(points.T[:, :, None], tind=cells)
    shapes = [basis.elem.gbasis(basis.mapping, places, i, tind=cells)[0] for i in range(basis.Nbfun)]
    at: Array = sum(
        np.asarray(shape)[:, 0] * values[rows[cells]]
        for shape, rows in zip(shapes, basis.element_dofs, strict=True)
    )
    return at


def _union(places: Sequence[tuple[float, float]], radius: float) -> Shape:
    first, *others = (Disk(center=place, radius=radius) for place in places)
    union: Shape = first
    for disk in others:
        union = union | disk
    return union


def _curved(resolution: int) -> Any:
    """A mesh of the plate, the middles of its edges on circles moved onto them."""
    import skfem

    cells = plate()[0].cells(resolution)
    corners = np.ascontiguousarray(cells.corners.numpy().T.astype(np.int64))
    mesh = skfem.MeshTri(np.ascontiguousarray(cells.points.numpy().T), corners)
    curved = skfem.MeshTri2.from_mesh(mesh)
    places = curved.doflocs.copy()
    edges = mesh.boundary_facets()
    ends = mesh.p[:, mesh.facets[:, edges]]
    middles = mesh.p.shape[1] + edges
    for (x, y), radius, _ in PARTS:
        away = np.hypot(ends[0] - x, ends[1] - y)
        on_it = middles[(abs(away - radius) < 1e-6).all(0)]
        offset = places[:, on_it] - [[x], [y]]
        places[:, on_it] = [[x], [y]] + radius * offset / np.hypot(*offset)
    return skfem.MeshTri2(places, curved.t)


def _facets(mesh: Any) -> list[tuple[float, NDArray[np.int64]]]:
    """The temperature outside, and the edges of the boundary there."""
    edges = mesh.boundary_facets()
    ends = mesh.p[:, mesh.facets[:, edges]]
    parts, left = [], np.ones(len(edges), dtype=bool)
    for (x, y), radius, outside in PARTS:
        on_it = (abs(np.hypot(ends[0] - x, ends[1] - y) - radius) < 1e-6).all(0)
        parts.append((outside, edges[on_it]))
        left &= ~on_it
    return [*parts, (AROUND, edges[left])]
