"""A medium from waves: five sources below it, thirty receivers around it, one wavenumber.

    Δs + k² m s = -k² (m - 1) i  in a disk,    s leaves it,    m = 1 / c², and 1 beyond,

for every source, with i its wave in free space and s what the medium adds; i + s is measured. Free space is exact on
the disk's rim, wave by wave, so that nothing else needs a network. The medium is a disc of one velocity c, of which
the velocity, the radius and the centre are unknown, or an image m = e^q with any q in a given disk, whose total
variation is as small as the noise allows. The waves are solved for in every step of Gauss-Newton on the medium.

Source: Sitzmann et al., Implicit Neural Representations with Periodic Activation Functions, 2020, section 4.3. The
data are the series of its cylinder, of radius 0.1 and velocity 2, or a file.
"""

import math
from typing import Literal

import torch
from torch import Tensor

from sirenpde import (
    Box,
    Disk,
    Field,
    FourierSeries,
    Point,
    PointCloud,
    Problem,
    Unknown,
    VariableProjection,
    grad,
    laplacian,
    on,
)
from sirenpde.references.radiating import Radiation, line_sources
from sirenpde.references.survey import Survey, around_cylinder

REACH = 0.25  # of the image


def problem(
    medium: Literal["disc", "image"] = "disc",
    data: str | None = None,
    noise: float = 0.0,
    draw: int = 0,
    wavenumber: float = 20.0,
    radius: float = 0.07,
    velocity: float = 1.5,
) -> Problem:
    """The medium between sources and receivers.

    Args:
        medium: a disc of one velocity, or an image.
        data: a MATLAB file with source (s, 2), receivers (r, 2) and rec_val (r, s); the series if left out.
        noise: relative to the data's root mean square; the series is given it, a file is taken to have it.
        draw: the seed of the noise.
        wavenumber: k, where the velocity is 1.
        radius: of the disc, where the steps begin.
        velocity: in the disc, where the steps begin.
    """
    k = wavenumber
    survey = around_cylinder(k).noisy(noise, draw) if data is None else Survey.read(data)
    receivers = PointCloud(survey.receivers, Box(u=(-9, 9), v=(-9, 9)), {"total": survey.waves})
    size, speed = Unknown("radius", radius, low=0.02, high=0.3), Unknown("velocity", velocity, low=0.3)
    center = Unknown("x0", 0.03), Unknown("y0", -0.04)
    survey.keep_out((0, 0), REACH)
    area = Disk(radius=REACH)
    q = Field("q", Box(x=(-REACH, REACH), y=(-REACH, REACH)), FourierSeries(10, half_period=True))
    x, y = q.axes

    def disc(p: Point) -> Tensor:
        return speed(p) ** -2

    def image(p: Point) -> Tensor:
        return torch.exp(bump(p))

    def bump(p: Point) -> Tensor:
        return q(p) * (1 - (x(p) ** 2 + y(p) ** 2) / REACH**2)

    def cylinder(p: Point) -> Tensor:
        return torch.where(torch.hypot(x(p), y(p)) < 0.1, 0.25, 1.0)

    @on(area, samples=1500, prior=True)
    def variation(p: Point) -> Tensor:
        """|∇ log m| is small in the mean"""
        slope = grad(bump, x, y)(p)
        return slope / ((slope**2).sum() + 1) ** 0.25

    kinds = {
        "disc": (Radiation(k, size, center), disc, (), {}),
        "image": (Radiation(k, REACH), image, (variation,), {image: cylinder}),
    }
    space, m, priors, known = kinds[medium]
    s = Field("s", space.disk, space.features, shape=(len(survey.sources),), dtype=complex)
    incoming = line_sources(k, survey.sources, space.place)
    direct = line_sources(k, survey.sources, receivers.axes)
    outgoing, beyond = space.outgoing(s), space.beyond(s, receivers.axes)

    @on(space.disk, samples=space.samples)
    def waves(p: Point) -> Tensor:
        """Δs / k² + m s = (1 - m) i"""
        return laplacian(s)(p) / (k * space.stretch(p)) ** 2 + m(p) * s(p) + (m(p) - 1) * incoming(p)

    @on(space.waves)
    def leaving(p: Point) -> Tensor:
        """∂s/∂r = k H'(kr) / H(kr) s on the rim, for every order"""
        return outgoing(p)

    @on(receivers, sigma=max(noise, 1e-4) * survey.size / math.sqrt(2))
    def seen(p: Point) -> Tensor:
        """i + s is measured"""
        return direct(p) + beyond(p) - receivers["total"](p)

    return Problem(
        waves,
        leaving,
        seen,
        *priors,
        reference=known if data is None else {},
        outputs=(s, m),
        using=[VariableProjection(("s",), prior="discrepancy")],
    )
