"""How well a fin conducts and is cooled, from thirty temperatures along it.

    k θ'' = h (P / A) (θ - θ_air),     -k θ' = q at the root,     -k θ' = h (θ - θ_air) at the tip,

with the flux q known, and the conductivity k and the convection coefficient h to be found: the temperature at the
root tells their product, and its decay along the fin tells their ratio. The table was made of the closed form with
k = 15 W/(m K) and h = 40 W/(m² K), and errors of 0.1 K and 0.3 K, as it says at each of them.

Source: Incropera and DeWitt, Fundamentals of Heat and Mass Transfer, chapter 3, for the closed form.
"""

import math

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Point, Problem, Table, Unknown, bundled, on

LENGTH, PERIMETER_BY_AREA, FLUX, AIR = 0.1, 400.0, 5000.0, 293.15  # m, 1/m, W/m², K
K, H = 15.0, 40.0  # of which the table was made

fin = Box(x=(0, LENGTH))
(x,) = fin.axes
root, tip = fin.at(x=0), fin.at(x=LENGTH)


def exact(p: Point) -> Tensor:
    """The temperature above that of the air."""
    m = math.sqrt(H * PERIMETER_BY_AREA / K)
    r, to_tip = H / (m * K), m * (LENGTH - x(p))
    shape = torch.cosh(to_tip) + r * torch.sinh(to_tip)
    return FLUX / (m * K) * shape / (math.sinh(m * LENGTH) + r * math.cosh(m * LENGTH))


def problem() -> Problem:
    """Conductivity and convection coefficient of a fin from a table of temperatures."""
    above = Field("above", fin)  # the temperature above that of the air
    k, h = Unknown("k", initial=10.0, low=0.0), Unknown("h", initial=20.0, low=0.0)
    probes = Table.open(bundled("fin.csv"), fin)

    @on(fin, samples=200)
    def heat(p: Point) -> Tensor:
        """k θ'' = h (P / A) (θ - θ_air)"""
        return k(p) * D(above, x, x)(p) - h(p) * PERIMETER_BY_AREA * above(p)

    @on(root)
    def heated(p: Point) -> Tensor:
        """-k θ' = q"""
        return k(p) * D(above, x)(p) + FLUX

    @on(tip)
    def cooled(p: Point) -> Tensor:
        """-k θ' = h (θ - θ_air)"""
        return k(p) * D(above, x)(p) + h(p) * above(p)

    @on(probes, sigma=probes["temperature_std"])
    def measured(p: Point) -> Tensor:
        """θ is measured"""
        return AIR + above(p) - probes["temperature"](p)

    return Problem(heat, heated, cooled, measured, reference={above: exact})
