"""The screened Poisson equation in a layered cube around four balls, by polynomials and point sources."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray
from scipy.linalg import eigh

Array = NDArray[np.float64]

BALLS = (
    (0.4, 0.3, 0.6, 0.2),
    (0.6, 0.7, 0.6, 0.2),
    (0.2, 0.8, 0.7, 0.1),
    (0.6, 0.2, 0.3, 0.1),
)  # centre, radius
SPLIT = 0.5  # the height at which the layers meet
DEGREES = 40, 120, 44  # of the polynomials along x, along y, and along z in each layer


class Layer(NamedTuple):
    """One of both layers: the root of the factor of u in it, where it lies, and the balls that bound it."""

    k: float
    low: float
    high: float
    wall: float  # the side of the cube that bounds it
    balls: tuple[int, ...]


LAYERS = Layer(8.0, 0.0, SPLIT, 0.0, (0, 1, 3)), Layer(10.0, SPLIT, 1.0, 1.0, (0, 1, 2))


def source(x: Array, y: Array, z: Array) -> Array:
    """f of Poisson3d-CG."""
    square = x**2 + y**2 + z**2
    waves = np.sin(np.pi * x), np.sin(10 * np.pi * y), np.sin(5 * np.pi * z)
    bell = np.exp(waves[0] + waves[1] + waves[2]) * (square - 1) / (square + 1)
    total: Array = 20 * bell + 100 * waves[0] * waves[1] * waves[2]
    return total


def around_balls(points: Array, size: int = 20) -> Array:
    """The solution of PINNacle's Poisson3d-CG at points (n, 3), float64.

        -Δu + k² u = f  in (0, 1)³ without four balls,     ∂u/∂n = 0  on the cube and the balls,

    k = 8 below z = 1/2 and 10 above, u and its slope continuous there. To the solution in the whole cube, by
    polynomials along each axis, are added in each layer what point sources exp(-k r) / r within its balls and their
    mirror images send out, and what waves cos mπx cos nπy at the height where the layers meet do. The coefficients
    are those that fit the condition on the balls and the continuity best. ``size`` is the number of waves along an
    axis; the sources are as many as fit it.

    Source: Hao et al., PINNacle, 2024.
    """
    upper = points[:, 2] >= SPLIT
    u = np.empty(len(points))
    for number, here in enumerate((~upper, upper)):
        columns, fitted = _functions(number, points[here], size), _coefficients(size)[number]
        u[here] = in_the_cube(points[here])[0] + columns[0] @ fitted
    return u


def conditions(size: int, shift: float) -> tuple[Array, Array]:
    """The rows of the fit, and what they have to be: ∂u/∂n on the balls, then the jumps of u and u_z.

    ``shift`` in 0..1 moves the places.
    """
    blocks, targets = [], []
    widths = [_functions(number, np.zeros((0, 3)), size).shape[-1] for number in (0, 1)]
    for number, layer in enumerate(LAYERS):
        for x, y, z, radius in (BALLS[i] for i in layer.balls):
            normal = _sphere(2 * _sources(radius, size), shift)
            places = [x, y, z] + radius * normal
            inside = (places[:, 2] >= layer.low) & (places[:, 2] <= layer.high)
            places, normal = places[inside], normal[inside]
            slopes = np.einsum("dnc,nd->nc", _functions(number, places, size)[1:], normal)
            empty = np.zeros((len(places), widths[1 - number]))
            weight = radius / np.sqrt(len(normal))
            blocks.append(weight * np.hstack([slopes, empty][:: 1 - 2 * number]))
            targets.append(-weight * np.einsum("dn,nd->n", in_the_cube(places)[1:], normal))
    plane = _plane(2 * size, shift)
    below, above = (_functions(number, plane, size) for number in (0, 1))
    for part, weight in ((0, 10.0), (3, 1.0)):
        blocks.append(weight / np.sqrt(len(plane)) * np.hstack([-below[part], above[part]]))
        targets.append(np.zeros(len(plane)))
    return np.concatenate(blocks), np.concatenate(targets)


@lru_cache(maxsize=2)
def _coefficients(size: int) -> tuple[Array, Array]:
    """Of the functions of the lower layer, and of the upper one."""
    matrix, target = conditions(size, 0.5)
    norm = np.linalg.norm(matrix, axis=0)
    found = np.linalg.lstsq(matrix / norm, target, rcond=1e-14)[0] / norm
    below = _functions(0, np.zeros((0, 3)), size).shape[-1]
    return found[:below], found[below:]


def _functions(number: int, points: Array, size: int) -> Array:
    """Values and three slopes of all functions of a layer at n points of it: (4, n, columns)."""
    layer = LAYERS[number]
    columns = [_waves(layer, points, size)]
    for x, y, z, radius in (BALLS[i] for i in layer.balls):
        columns.append(
            _sent_out(layer, points, [x, y, z] + 0.6 * radius * _sphere(_sources(radius, size), 0))
        )
    return np.concatenate(columns, axis=2)


def _sources(radius: float, size: int) -> int:
    """How many of them within a ball."""
    return round(size**2 * (1 if radius > 0.15 else 0.5))


def _waves(layer: Layer, points: Array, size: int) -> Array:
    """cos mπx cos nπy cosh γ(z - wall) over its value where the layers meet, γ² = k² + π² (m² + n²)."""
    m, n = (part.ravel() for part in np.mgrid[:size, :size] * np.pi)
    x, y, z = points.T[:, :, None]
    growth = np.sqrt(layer.k**2 + m**2 + n**2)
    away, whole = abs(z - layer.wall), abs(SPLIT - layer.wall)
    fall, end = np.exp(growth * (away - whole)), 1 + np.exp(-2 * growth * whole)
    back = np.exp(-2 * growth * away)
    height, slope = fall * (1 + back) / end, np.sign(SPLIT - layer.wall) * growth * fall * (1 - back) / end
    a, b = np.cos(m * x), np.cos(n * y)
    return np.stack(
        [a * b * height, -m * np.sin(m * x) * b * height, -n * a * np.sin(n * y) * height, a * b * slope]
    )


def _sent_out(layer: Layer, points: Array, places: Array) -> Array:
    """exp(-k r) / r from each place and its images in the sides of the cube that bound the layer."""
    total = np.zeros((4, len(points), len(places)))
    sides = ((1, 0), (-1, 0), (-1, 2), (1, 2), (1, -2))
    for (p, a), (q, b), (r, c) in product(sides, sides, ((1, 0), (-1, 2 * layer.wall))):
        offset = points.T[:, :, None] - (places * [p, q, r] + [a, b, c]).T[:, None, :]
        distance = np.sqrt((offset**2).sum(0))
        value = np.exp(-layer.k * distance) / distance
        total[0] += value
        total[1:] -= (layer.k / distance + 1 / distance**2) * value * offset
    return total


def _sphere(count: int, shift: float) -> Array:
    """Places on the unit sphere, evenly along a spiral: (count, 3)."""
    i = np.arange(count)
    height = 1 - (2 * i + 1) / count
    turn = i * np.pi * (3 - np.sqrt(5)) + shift
    ring = np.sqrt(1 - height**2)
    return np.stack([ring * np.cos(turn), ring * np.sin(turn), height], axis=1)


def _plane(count: int, shift: float) -> Array:
    """Places where the layers meet, outside of the balls: (n, 3)."""
    along = (np.arange(count) + 0.5 + 0.4 * (shift - 0.5)) / count
    x, y = (part.ravel() for part in np.meshgrid(along, along, indexing="ij"))
    places = np.stack([x, y, np.full(x.shape, SPLIT)], axis=1)
    away = [np.linalg.norm(places - [a, b, c], axis=1) > radius for a, b, c, radius in BALLS]
    outside: Array = places[np.all(away, axis=0)]
    return outside


# ------------------------------------------------------------------------------------- the whole cube


def in_the_cube(points: Array) -> Array:
    """The solution in the cube without balls, and its three slopes, at n points: (4, n)."""
    bases, weights = _whole_cube()
    found = []
    for some in np.array_split(points, max(1, len(points) // 400)):
        axes = [
            [part @ base for part in functions(places)]
            for functions, places, base in zip(_AXES, some.T, bases, strict=True)
        ]
        rows = []
        for order in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)):
            a, b, c = (axis[i] for axis, i in zip(axes, order, strict=True))
            along = np.tensordot(a, weights, axes=1)
            rows.append(np.einsum("nyz,ny,nz->n", along, b, c, optimize=True))
        found.append(np.stack(rows))
    return np.concatenate(found, axis=1)


@lru_cache(maxsize=1)
def _whole_cube() -> tuple[list[Array], Array]:
    """Polynomials along each axis that diagonalise mass and stiffness, and their coefficients."""
    nodes, bases, values, own = [], [], [], []
    for axis, functions in enumerate(_AXES):
        pieces = ((0.0, SPLIT), (SPLIT, 1.0)) if axis == 2 else ((0.0, 1.0),)
        rule = legendre.leggauss(DEGREES[axis] + 20)
        x = np.concatenate([a + (b - a) * (rule[0] + 1) / 2 for a, b in pieces])
        weight = np.concatenate([(b - a) / 2 * rule[1] for a, b in pieces])
        value, slope = functions(x)
        factor = np.where(x < SPLIT, LAYERS[0].k, LAYERS[1].k) ** 2 if axis == 2 else np.zeros(len(x))
        stiffness = slope.T @ (weight[:, None] * slope) + value.T @ ((weight * factor)[:, None] * value)
        numbers, vectors = eigh(stiffness, value.T @ (weight[:, None] * value))
        nodes.append(x)
        bases.append(vectors)
        values.append(weight[:, None] * (value @ vectors))
        own.append(numbers)
    load = source(*np.meshgrid(*nodes, indexing="ij"))
    for matrix in values:
        load = np.tensordot(load, matrix, axes=(0, 0))  # the axes go round once
    total = own[0][:, None, None] + own[1][:, None] + own[2]
    return bases, load / total


def _on_a_side(degree: int, places: Array) -> tuple[Array, Array]:
    """Two hats and polynomials that vanish at both ends of (-1, 1), and their slopes: (n, degree + 1) each."""
    plain = legendre.legvander(places, degree)
    rise = np.zeros_like(plain)
    for n in range(1, degree + 1):  # P'_n = P'_(n-2) + (2n - 1) P_(n-1)
        rise[:, n] = (2 * n - 1) * plain[:, n - 1] + (rise[:, n - 2] if n > 1 else 0)
    half = np.full(len(places), 0.5)
    value = np.column_stack([(1 - places) / 2, (1 + places) / 2, plain[:, 2:] - plain[:, :-2]])
    return value, np.column_stack([-half, half, rise[:, 2:] - rise[:, :-2]])


def _along_x(places: Array) -> tuple[Array, Array]:
    value, slope = _on_a_side(DEGREES[0], 2 * places - 1)
    return value, 2 * slope


def _along_y(places: Array) -> tuple[Array, Array]:
    value, slope = _on_a_side(DEGREES[1], 2 * places - 1)
    return value, 2 * slope


def _along_z(places: Array) -> tuple[Array, Array]:
    """In two pieces that meet at z = 1/2: the hats there are one."""
    upper = (places >= SPLIT)[:, None]
    found = []
    for part, scale in zip(
        _on_a_side(DEGREES[2], 4 * places - np.where(upper[:, 0], 3, 1)), (1, 4), strict=True
    ):
        low, high, inner = part[:, :1], part[:, 1:2], part[:, 2:]
        ends = np.hstack([low * ~upper, np.where(upper, low, high), high * upper])
        found.append(scale * np.hstack([ends, inner * ~upper, inner * upper]))
    return found[0], found[1]


_AXES = _along_x, _along_y, _along_z
