"""Flow over a backward step, by finite elements on a mesh graded to the step's corner."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LENGTH, HEIGHT, CORNER = 4.0, 2.0, (2.0, 1.0)
NEWTON, TOLERANCE = 14, 1e-11


def over_a_step(
    points: Array,
    viscosity: float = 0.01,
    *,
    smallest: float = 0.001,
    largest: float = 0.04,
    growth: float = 1.25,
) -> Array:
    """u, v and p of PINNacle's NS2d-CG at points (n, 2), float64: (n, 3).

        u·∇u + ∇p = ν Δu,   ∇·u = 0   on (0, 4) x (0, 2) without [0, 2] x [1, 2],
        u = (4y (1 - y), 0)  at x = 0,    v = 0 and ν ∂u/∂x = p  at x = 4,    u = 0  on the other walls.

    At the outlet that says p = 0, since ∂u/∂x = -∂v/∂y = 0 there. Taylor and Hood's elements of degree 2 and 1 on
    rectangles that grow from the re-entrant corner, where p is not finite; Newton's method. Between the meshes of
    3,483 and 7,182 cells, the latter the default, u, v and p together differ by 2.4e-4 at r > 0.02 from the corner,
    u by 8e-5; the default takes 50 s and needs scikit-fem, of the extra "dev".

    Args:
        points: in the channel.
        viscosity: ν.
        smallest, largest: sides of cells, at the corner and away from it.
        growth: of neighbouring cells.

    Source: Taylor and Hood, A numerical solution of the Navier-Stokes equations using the finite element technique,
    1973.
    """
    from scipy.sparse import bmat
    from scipy.sparse.linalg import splu
    from skfem import (
        Basis,
        BilinearForm,
        ElementQuad1,
        ElementQuad2,
        ElementVector,
        LinearForm,
        MeshQuad,
    )
    from skfem.helpers import ddot, div, dot, grad, mul

    along, up = (
        _graded(extent, corner, smallest, largest, growth)
        for extent, corner in zip((LENGTH, HEIGHT), CORNER, strict=True)
    )
    mesh = MeshQuad.init_tensor(along, up)
    middle = mesh.p[:, mesh.t].mean(axis=1)
    mesh = mesh.remove_elements(np.nonzero((middle[0] < CORNER[0]) & (middle[1] > CORNER[1]))[0])
    velocity = Basis(mesh, ElementVector(ElementQuad2()), intorder=5)
    pressure = velocity.with_element(ElementQuad1())

    viscous = BilinearForm(lambda u, v, w: viscosity * ddot(grad(u), grad(v))).assemble(velocity)
    mass = BilinearForm(lambda u, q, w: -div(u) * q).assemble(velocity, pressure)
    linear = bmat([[viscous, mass.T], [mass, None]], format="csr")

    def slope(u: Any, v: Any, w: Any) -> Any:
        return dot(mul(grad(w["now"]), u) + mul(grad(u), w["now"]), v)

    def inertia(v: Any, w: Any) -> Any:
        return dot(mul(grad(w["now"]), w["now"]), v)

    facets = mesh.boundary_facets()
    x = mesh.p[0, mesh.facets[:, facets]].mean(axis=0)
    inlet, outlet = facets[x < 1e-9], facets[x > LENGTH - 1e-9]
    given = np.union1d(
        velocity.get_dofs(np.setdiff1d(facets, outlet)).all(), velocity.get_dofs(outlet).all("u^2")
    )
    count = velocity.N
    found = np.zeros(count + pressure.N)
    entering = velocity.get_dofs(inlet).all("u^1")
    found[entering] = 4 * velocity.doflocs[1, entering] * (1 - velocity.doflocs[1, entering])
    free = np.setdiff1d(np.arange(len(found)), given)
    for _ in range(NEWTON):
        now = velocity.interpolate(found[:count])
        left = linear[free][:, free] + _padded(
            BilinearForm(slope).assemble(velocity, now=now), pressure.N, free
        )
        right = linear @ found
        right[:count] += LinearForm(inertia).assemble(velocity, now=now)
        step = splu(left.tocsc()).solve(-right[free])
        found[free] += step
        if np.abs(step).max() < TOLERANCE:
            break
    flow = (velocity.probes(points.T) @ found[:count]).reshape(2, -1)
    return np.stack([*flow, pressure.probes(points.T) @ found[count:]], axis=1)


def _padded(matrix: Any, more: int, free: NDArray[np.intp]) -> Any:
    """With so many rows and columns of zeros behind, and of them the free ones."""
    padded = matrix.copy()
    padded.resize(matrix.shape[0] + more, matrix.shape[1] + more)
    return padded.tocsr()[free][:, free]


def _graded(extent: float, corner: float, smallest: float, largest: float, growth: float) -> Array:
    """Places from 0 to ``extent``, closest at the corner."""
    sides = []
    for length in (corner, extent - corner):
        places, step = [0.0], smallest
        while places[-1] < length:
            places.append(places[-1] + step)
            step = min(step * growth, largest)
        sides.append(np.array(places) * length / places[-1])
    return np.concatenate([corner - sides[0][:0:-1], corner + sides[1]])
