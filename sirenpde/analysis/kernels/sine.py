"""The neural tangent kernel of infinitely wide SIRENs, in closed form."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ...networks.siren import Siren


@dataclass(frozen=True)
class SirenNTK:
    """The kernel of a SIREN at its random start, in the mean, as a function of the distance of two points.

    A layer of sines sees normal sums u, v of variance q and covariance c, and uniform biases b, of which
    sin(u + b) sin(v + b) has the mean (exp(c - q) - s exp(-c - q))/2 and the product of cosines that with a plus,
    where s is the mean of cos 2b. The first layer sees uniform weights, with a transform of sin(a)/a along each axis.
    What depends on where the points are is left out: the phases of the first layer hide it nearly, and the part of
    its own weights, one in ``width``, is that of the box in the mean.

    Sources: Jacot, Gabriel and Hongler 2018; the initialisation is that of Sitzmann et al. 2020, section 3.2.

    >>> import torch
    >>> from sirenpde import Siren
    >>> from sirenpde.analysis.kernels.sine import SirenNTK
    >>> kernel = SirenNTK(Siren(256, 4, omega=30))(torch.tensor([[0.0], [0.01], [0.5]]))
    >>> bool(kernel[0] > kernel[1] > kernel[2] > 0)
    True
    """

    recipe: Siren

    def __call__(self, offsets: Tensor) -> Tensor:
        """Of points whose positions, in sides of the box, differ by ``offsets`` (..., d): the kernel, (...)."""
        recipe, dimension = self.recipe, offsets.shape[-1]
        width, hidden = recipe.width, recipe.omega_hidden
        phase = hidden / width**0.5 if recipe.bias == "torch" else 0.0  # the largest that biases add
        mirrored = float(torch.sinc(torch.tensor(2 * phase / math.pi)))
        turns = 2 * recipe.omega / dimension * offsets  # coordinates run from -1 to 1
        same = torch.full_like(offsets[..., 0], 0.5)
        alike = 0.5 * torch.sinc(turns / math.pi).prod(-1)
        values, slopes = [alike], [alike]  # of the first layer the means of both products are one
        for _ in range(recipe.depth - 1):
            near, far = (2 * (alike - same)).exp(), mirrored * (-2 * (alike + same)).exp()
            same = 0.5 * (1 - mirrored * (-4 * same).exp())
            alike = 0.5 * (near - far)
            slopes.append(0.5 * (near + far))
            values.append(alike)
        total, back = width * values[-1] + 1, 2 / hidden**2 * slopes[-1]
        for layer in range(recipe.depth - 1, 0, -1):
            total = total + hidden**2 * (width * values[layer - 1] + 1) * back
            back = 2 * slopes[layer - 1] * back
        return total + recipe.omega**2 * (dimension / 3 + 1) * back
