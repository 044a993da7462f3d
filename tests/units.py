"""Ten problems of physics in any units of length, time and size."""

import math

import torch

from sirenpde import Box, D, Field, Problem, laplacian, on

F64 = torch.float64


PI = math.pi


def rectangle(length, ratio=1.0):
    return Box(x=(0, length), y=(0, ratio * length))


def poisson(length, time, size):
    box = rectangle(length)
    x, y = box.axes
    u = Field("u", box)

    def exact(p):
        return size * (1 + torch.sin(PI * x(p) / length) * torch.sin(2 * PI * y(p) / length) + x(p) / length)

    def source(p):
        return size * torch.sin(PI * x(p) / length) * torch.sin(2 * PI * y(p) / length)

    inside = on(box, 600, name="pde")(lambda p: laplacian(u)(p) + 5 * (PI / length) ** 2 * source(p))
    walls = on(box.boundary(), 200, name="walls")(lambda p: u(p) - exact(p))
    return Problem(inside, walls, reference={u: exact})


def helmholtz(length, time, size):
    box = rectangle(length)
    x, y = box.axes
    u, k = Field("u", box), 5 / length

    def exact(p):
        return size * torch.cos(k * (0.6 * x(p) + 0.8 * y(p)))

    inside = on(box, 600, name="pde")(lambda p: laplacian(u)(p) + k**2 * u(p))
    walls = on(box.boundary(), 200, name="walls")(lambda p: u(p) - exact(p))
    return Problem(inside, walls, reference={u: exact})


def heat(length, time, size):
    box = Box(t=(0, time), x=(0, length))
    t, x = box.axes
    u, k = Field("u", box), 0.2 * length**2 / time

    def exact(p):
        return size * torch.exp(-k * (PI / length) ** 2 * t(p)) * torch.sin(PI * x(p) / length)

    inside = on(box, 600, name="heat")(lambda p: D(u, t)(p) - k * D(u, x, x)(p))
    start = on(box.at(t=0), 100, name="start")(lambda p: u(p) - exact(p))
    ends = on(box.boundary("x"), 100, name="ends")(u)
    return Problem(inside, start, ends, reference={u: exact})


def wave(length, time, size):
    box = Box(t=(0, time), x=(0, length))
    t, x = box.axes
    u, c = Field("u", box), length / time

    def exact(p):
        return size * torch.cos(PI * t(p) / time) * torch.sin(PI * x(p) / length)

    inside = on(box, 600, name="wave")(lambda p: (D(u, t, t) - c**2 * D(u, x, x))(p))
    start = on(box.at(t=0), 100, name="start")(lambda p: u(p) - exact(p))
    rest = on(box.at(t=0), 100, name="rest")(D(u, t))
    ends = on(box.boundary("x"), 100, name="ends")(u)
    return Problem(inside, start, rest, ends, reference={u: exact})


def plane_stress(length, time, size, modulus=210e9, nu=0.3):
    """A plate with displacements of 1e-6 of its side; ``size`` is the unit of stress."""
    box = rectangle(length)
    x, y = box.axes
    a, b, far = Field("a", box), Field("b", box), 1e-6 * length
    stiff = modulus * size / (1 - nu**2)

    def exact_a(p):
        return far * torch.sin(PI * x(p) / length) * torch.cos(PI * y(p) / length)

    def exact_b(p):
        return far * torch.cos(PI * x(p) / length) * torch.sin(PI * y(p) / length)

    q = stiff * (PI / length) ** 2 * 2  # both displacements are a gradient

    def along_x(p):
        s = D(a, x, x)(p) + 0.5 * (1 - nu) * D(a, y, y)(p) + 0.5 * (1 + nu) * D(b, x, y)(p)
        return stiff * s + q * exact_a(p)

    def along_y(p):
        s = D(b, y, y)(p) + 0.5 * (1 - nu) * D(b, x, x)(p) + 0.5 * (1 + nu) * D(a, x, y)(p)
        return stiff * s + q * exact_b(p)

    return Problem(
        on(box, 500)(along_x),
        on(box, 500)(along_y),
        on(box.boundary(), 200, name="wall a")(lambda p: a(p) - exact_a(p)),
        on(box.boundary(), 200, name="wall b")(lambda p: b(p) - exact_b(p)),
        reference={a: exact_a, b: exact_b},
    )


def stokes(length, time, size, viscosity=1e-3):
    """Velocities of length / time, and a pressure; ``size`` is the unit of stress."""
    box = rectangle(length)
    x, y = box.axes
    u, v, pressure = Field("u", box), Field("v", box), Field("p", box)
    speed, mu = length / time, viscosity * size * time
    unit = mu * speed / length

    def exact_u(p):
        return speed * torch.sin(PI * x(p) / length) * torch.cos(PI * y(p) / length)

    def exact_v(p):
        return -speed * torch.cos(PI * x(p) / length) * torch.sin(PI * y(p) / length)

    def exact_p(p):
        return unit * torch.sin(x(p) / length) * y(p) / length

    def along_x(p):
        force = (
            2 * mu * (PI / length) ** 2 * exact_u(p)
            + unit / length * torch.cos(x(p) / length) * y(p) / length
        )
        return D(pressure, x)(p) - mu * laplacian(u)(p) - force

    def along_y(p):
        force = 2 * mu * (PI / length) ** 2 * exact_v(p) + unit / length * torch.sin(x(p) / length)
        return D(pressure, y)(p) - mu * laplacian(v)(p) - force

    def continuity(p):
        return D(u, x)(p) + D(v, y)(p)

    return Problem(
        *(on(box, 400)(f) for f in (along_x, along_y, continuity)),
        on(box.boundary(), 150, name="wall u")(lambda p: u(p) - exact_u(p)),
        on(box.boundary(), 150, name="wall v")(lambda p: v(p) - exact_v(p)),
        on(box.at(x=0, y=0), name="level")(lambda p: pressure(p) - exact_p(p)),
        reference={u: exact_u, v: exact_v, pressure: exact_p},
    )


def reaction(length, time, size):
    """u' = k u_xx + r u (1 - u / K), with a source that makes the solution known."""
    box = Box(t=(0, time), x=(0, length))
    t, x = box.axes
    u, k, r = Field("u", box), 0.05 * length**2 / time, 1 / time

    def exact(p):
        return size * (0.5 + 0.3 * torch.exp(-t(p) / time) * torch.cos(PI * x(p) / length))

    def source(p):
        part = exact(p) - 0.5 * size
        return -part / time + k * (PI / length) ** 2 * part - r * exact(p) * (1 - exact(p) / size)

    def motion(p):
        return D(u, t)(p) - k * D(u, x, x)(p) - r * u(p) * (1 - u(p) / size) - source(p)

    start = on(box.at(t=0), 100, name="start")(lambda p: u(p) - exact(p))
    ends = on(box.boundary("x"), 100, name="ends")(D(u, x))
    return Problem(on(box, 600)(motion), start, ends, reference={u: exact})


def bratu(length, time, size):
    """u'' + λ exp(u / size) = 0 between two ends held at zero: the lower of its solutions."""
    line = Box(x=(0, length))
    (x,) = line.axes
    u, angle = Field("u", line), 0.7
    strength = 8 * size * (angle / math.cosh(angle) / length) ** 2

    def exact(p):
        return 2 * size * torch.log(math.cosh(angle) / torch.cosh(angle * (1 - 2 * x(p) / length)))

    inside = on(line, 200, name="bratu")(lambda p: D(u, x, x)(p) + strength * torch.exp(u(p) / size))
    ends = on(line.boundary(), name="ends")(u)
    return Problem(inside, ends, reference={u: exact})


def beam(length, time, size, modulus=210e9):
    """E I w'''' = q, clamped at both ends, under a uniform load; ``size`` is the unit of stress."""
    line = Box(x=(0, length))
    (x,) = line.axes
    w, stiff = Field("w", line), modulus * size * (0.01 * length) ** 4
    load = 1e-4 * length * 384 * stiff / length**4

    def exact(p):
        return load / (24 * stiff) * x(p) ** 2 * (length - x(p)) ** 2

    return Problem(
        on(line, 200, name="beam")(lambda p: stiff * D(w, x, x, x, x)(p) - load),
        on(line.boundary(), name="ends")(w),
        on(line.boundary(), name="slopes")(D(w, x)),
        reference={w: exact},
    )


def transport(length, time, size):
    """Advection and diffusion of a substance, steady, with a Péclet number of 10."""
    box = rectangle(length)
    x, y = box.axes
    u, speed = Field("u", box), length / time
    k = 0.1 * speed * length

    def exact(p):
        return size * (1 + torch.exp(x(p) / length) * torch.sin(PI * y(p) / length))

    def inside(p):
        part = exact(p) - size
        return (
            speed * D(u, x)(p) - k * laplacian(u)(p) - part * (speed / length + k * (PI**2 - 1) / length**2)
        )

    walls = on(box.boundary(), 200, name="walls")(lambda p: u(p) - exact(p))
    return Problem(on(box, 600)(inside), walls, reference={u: exact})


QUICK = (poisson, helmholtz, heat, wave, reaction, bratu, beam, transport)


SLOWER = (plane_stress, stokes)


# Lengths, times and sizes of stresses and fields, in three systems of units.
UNITS = {"SI": (0.1, 1e7, 1.0), "nanometres": (1e8, 1e-2, 1e-9), "kilometres": (1e-4, 1e3, 1e6)}
