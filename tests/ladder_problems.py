"""Problems of each kind that the ladder tells apart; nothing is solved to declare them."""

import math

import torch

from sirenpde import (
    Box,
    D,
    Disk,
    Field,
    Interval,
    PixelGrid,
    PointCloud,
    Problem,
    Unknown,
    integral,
    l2,
    laplacian,
    on,
)


def poisson(network=None, axes=2, loss=l2):
    """Δu = f in a square or a cube of more axes: affine."""
    box = Box(**{f"x{i}": (0, 1) for i in range(axes)})
    u = Field("u", box, network)

    def exact(p):
        return torch.sin(math.pi * torch.stack([axis(p) for axis in box.axes])).prod(0)

    inside = on(box, 600, name="poisson", loss=loss)(lambda p: laplacian(u)(p) + axes * math.pi**2 * exact(p))
    return Problem(inside, on(box.boundary(), 200, weight=100, name="walls")(u), reference={u: exact})


def bratu(network=None, loss=l2):
    """Δu + exp u = f: not affine, and steady."""
    box = Box(x=(0, 1), y=(0, 1))
    u, (x, y) = Field("u", box, network), box.axes

    def exact(p):
        return torch.sin(math.pi * x(p)) * torch.sin(math.pi * y(p))

    def inside(p):
        source = torch.exp(exact(p)) - 2 * math.pi**2 * exact(p)
        return laplacian(u)(p) + torch.exp(u(p)) - source

    return Problem(
        on(box, 400, name="bratu", loss=loss)(inside), on(box.boundary(), 100, weight=100, name="edge")(u)
    )


def burgers(network=None, known_at=0.0):
    """u_t + u u_x = 0.1 u_xx: not affine, and an evolution where u is known at the start."""
    box = Box(t=(0, 0.2), x=(-1, 1))
    t, x = box.axes
    u = Field("u", box, network, periodic=(x,))
    return Problem(
        on(box, 400, name="burgers")(lambda p: D(u, t)(p) + u(p) * D(u, x)(p) - 0.1 * D(u, x, x)(p)),
        on(box.at(t=known_at), 100, name="start")(lambda p: u(p) + torch.sin(math.pi * x(p))),
    )


def decays(power=2, family=True, other=False):
    """Decay at a rate that is an axis, or not; with a second field of time alone, or not."""
    whole, times = Box(t=(0, 1), a=(0.5, 2)), Box(t=(0, 1))
    t, a = whole.axes
    u, c = Field("u", whole), Field("c", times)
    extra = (lambda p: 0.0) if family else (lambda p: 0.01 * D(u, a, a)(p))
    along = on(whole, 800, name="along")(lambda p: D(u, t)(p) + a(p) * u(p) ** power - extra(p))
    rows = [along, on(whole.at(t=0), 100, weight=100, name="start")(lambda p: u(p) - 1)]
    if other:
        rows.append(on(times, 100, name="clock")(lambda p: D(c, t)(p) + c(p) ** 2))
        rows.append(on(times.at(t=0), name="one")(lambda p: c(p) - 1))
    return Problem(*rows)


def disk():
    """A reaction that spreads on a disk: not affine, and an evolution on a domain that is no product of intervals."""
    cylinder = Disk() * Interval(t=(0, 1))
    (x, y, t), v = cylinder.axes, Field("v", cylinder)
    flow = on(cylinder, 1000, name="flow")(lambda p: D(v, t)(p) - laplacian(v, x, y)(p) + v(p) ** 3)
    start = on(cylinder.at(t=0), 200, name="start")(lambda p: v(p) - 1)
    return Problem(flow, start, on(cylinder.boundary("x", "y"), 200, name="rim")(lambda p: v(p) - 1))


def heat(turning=False, axes=2, cold=True):
    """Heat that is carried across a line or a square: affine, and an evolution; with cold walls from the start."""
    box = Box(t=(0, 0.5), **{"xyz"[i]: (-1, 1) for i in range(axes)})
    t, *space = box.axes
    u = Field("u", box)

    def motion(p):
        speeds = (-space[-1](p), space[0](p)) if turning else (1.0, 0.5)
        carried = sum((c * D(u, a)(p) for c, a in zip(speeds, space, strict=False)), torch.zeros(()))
        return D(u, t)(p) + carried - 0.1 * laplacian(u, *space)(p)

    def start(p):
        waves = [torch.cos(math.pi / 2 * a(p)) for a in (space if cold else space[:1])]
        return u(p) - torch.stack(waves).prod(0)

    return Problem(
        on(box, 1000, name="motion")(motion),
        on(box.at(t=0), 200, name="start")(start),
        on(box.boundary(*space), 200, name="walls")(u),
    )


def spreading(cold=True, periodic=False):
    """A reaction that spreads in a square: not affine, and an evolution; with cold walls from the start, or none."""
    box = Box(t=(0, 1), x=(-1, 1), y=(-1, 1))
    t, x, y = box.axes
    u = Field("u", box, periodic=(x, y) if periodic else ())
    warm = (lambda p: torch.cos(math.pi / 2 * x(p))) if cold else (lambda p: 1.0)
    rows = [
        on(box, 800, name="growth")(lambda p: D(u, t)(p) - 0.1 * laplacian(u, x, y)(p) - u(p) * (1 - u(p))),
        on(box.at(t=0), 200, name="start")(lambda p: u(p) - warm(p) * torch.cos(math.pi / 2 * y(p))),
    ]
    return Problem(*rows if periodic else [*rows, on(box.boundary("x", "y"), 200, name="walls")(u)])


def picture(network=None, side=24):
    """u = f at every pixel."""
    grid = PixelGrid({"f": torch.rand(side, side, generator=torch.Generator().manual_seed(0)).numpy()})
    u = Field("u", grid, network)
    return Problem(on(grid, name="keep")(lambda p: u(p) - grid["f"](p)))


def fredholm():
    """u(x) = 1 + ∫ x s u(s) ds on a line: affine, and not an equation at a point."""
    line = Box(x=(0, 1))
    (x,) = line.axes
    u = Field("u", line)
    return Problem(
        on(line, 60, name="fredholm")(
            lambda p: u(p) - 1 - x(p) * integral(lambda q: x(q) * u(q), over=line)(p)
        )
    )


def unknown_rate():
    """Diffusion at a rate that 40 measurements tell: the product of a number and a field."""
    box = Box(t=(0, 1), x=(0, 1))
    t, x = box.axes
    u, rate = Field("u", box), Unknown("rate", 1.0, low=0.0)

    def exact(p):
        return torch.exp(-0.3 * math.pi**2 * t(p)) * torch.sin(math.pi * x(p))

    places = torch.rand(40, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    values = torch.exp(-0.3 * math.pi**2 * places[:, 0]) * torch.sin(math.pi * places[:, 1])
    data = PointCloud(places, box, {"u": values})
    return Problem(
        on(box, 800, name="diffusion")(lambda p: D(u, t)(p) - rate(p) * D(u, x, x)(p)),
        on(data, weight=100, name="measured")(lambda p: u(p) - data["u"](p)),
        on(box.boundary("x"), 200, weight=100, name="ends")(u),
        reference={u: exact},
    )
