"""Heat in a random medium of two materials (Heat2d-VC).

    u_t = div(a grad u) + f   or   u_t = a Δu + f   on (0, 1)², t < 5,      u = 0   on the sides and at t = 0,
    f = 200 sin πx sin 5πy sin πt,      a = 1 or 2, that of the nearest of 256 × 256 nodes.

The first form is that of the paper and of the suite's file, the second that of its program; their solutions are
2.1e-1 apart. In the first the normal component of q = a grad u is continuous across the jumps of a, and the slope of
u is not: so q is a field of its own, and nothing that jumps is differentiated. The jumps are along staircases, at
whose corners no smooth basis converges fast. In the second u and its slopes are continuous, and Δu jumps with a.
Measured at the nodes of the suite's file against finite volumes with their faces on the jumps, whose volumes half as
wide differ by 3e-4; the file is 8e-3 away.

Source: Hao et al., PINNacle, 2024.
"""

import math
from typing import Literal

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Point, PointCloud, Problem, Reference, bundled, div, grad, laplacian, on
from sirenpde.references.pinnacle.two_valued import nearest


def problem(form: Literal["flux", "code"] = "flux") -> Problem:
    """Heat that conducts better in some cells than in others.

    Args:
        form: "flux", u_t = div(a grad u) + f; "code", u_t = a Δu + f.
    """
    spacetime = Box(t=(0, 5), x=(0, 1), y=(0, 1))
    t, x, y = spacetime.axes
    u, flux_x, flux_y = Field("u", spacetime), Field("flux_x", spacetime), Field("flux_y", spacetime)
    a = nearest(1.0, 2.0, spacetime)

    def flux(p: Point) -> Tensor:
        return torch.stack([flux_x(p), flux_y(p)])

    def source(p: Point) -> Tensor:
        waves = torch.sin(math.pi * x(p)) * torch.sin(5 * math.pi * y(p))
        return 200 * waves * torch.sin(math.pi * t(p))

    @on(spacetime, samples=8000)
    def heat(p: Point) -> Tensor:
        """u_t = div q + f"""
        return D(u, t)(p) - div(flux, x, y)(p) - source(p)

    @on(spacetime, samples=8000, weight=100)
    def conduction(p: Point) -> Tensor:
        """q / √a = √a grad u"""
        return flux(p) / torch.sqrt(a(p)) - torch.sqrt(a(p)) * grad(u, x, y)(p)

    @on(spacetime, samples=8000)
    def spreading(p: Point) -> Tensor:
        """u_t / a = Δu + f / a"""
        return (D(u, t)(p) - source(p)) / a(p) - laplacian(u, x, y)(p)

    @on(spacetime.at(t=0), samples=2000, weight=100)
    def start(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    @on(spacetime.boundary("x", "y"), samples=2000, weight=1000)
    def walls(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    inside = {"flux": (heat, conduction), "code": (spreading,)}[form]
    known = PointCloud.open(bundled("pinnacle/heat2d_vc.npz"), spacetime)
    certified = Reference(known[{"flux": "certified", "code": "code"}[form]], known)
    return Problem(*inside, start, walls, reference={u: certified})
