"""Small problem files, and the command line run on them."""

from sirenpde.cli.main import main

CASE = '''
"""A small Poisson problem.

    u'' = -2,   u = 0 at the ends
"""
from typing import Literal
import torch
from sirenpde import Adam, Box, D, Field, Problem, Siren, on

Kind = Literal["right", "wrong", "pole"]

def problem(width: int = 8, factor: float = 2.0, kind: Kind = "right", trained: bool = False):
    """Build it.

    Args:
        width: of the network.
        factor: the right-hand side, with its sign turned.
    """
    box = Box(x=(0, 1))
    (x,) = box.axes
    u = Field("u", box, Siren(width=width, depth=1, omega=5) if trained else None)

    @on(box, samples=40)
    def poisson(p):
        """u'' = -factor"""
        r = D(u, x, x)(p) + factor
        if kind == "wrong":
            r = r + 1
        return r / (x(p) * 0) if kind == "pole" else r

    @on(box.boundary(), samples=2)
    def ends(p):
        """u = 0"""
        return u(p)

    exact = lambda p: factor / 2 * x(p) * (1 - x(p))
    return Problem(poisson, ends, reference={u: exact}, using=[Adam(steps=60, lr=1e-3)] if trained else None)
'''

PICTURE = '''
"""Reproduce a picture."""
import numpy as np
from sirenpde import Field, FourierSeries, PixelGrid, Problem, on

def problem(picture: str):
    grid = PixelGrid.read(target=picture)
    u = Field("u", grid, FourierSeries(half_period=True))

    @on(grid)
    def keep(p):
        """u = target"""
        return u(p) - grid["target"](p)

    return Problem(keep)
'''

DISK = '''
"""A membrane on a ring.

    -Δu = 4,   u = 0 on the rim
"""
from sirenpde import Disk, Field, LeastSquares, Problem, SineFeatures, laplacian, on

disk = Disk()
u = Field("u", disk, SineFeatures(150, 3.0))


@on(disk, samples=500)
def poisson(p):
    """-Δu = 4"""
    return -laplacian(u)(p) - 4


@on(disk.boundary(), samples=100, weight=10)
def rim(p):
    """u = 0"""
    return u(p)


problem = Problem(poisson, rim, using=[LeastSquares()])
'''


def run(capsys, *words):
    """Exit code, standard output, standard error."""
    code = main([str(word) for word in words])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return code, out, err
