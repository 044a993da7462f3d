"""Free vibrations by Chebyshev's polynomials against those by eigenvectors."""

import torch

from sirenpde import Elements
from sirenpde.linear.stiffness import Mesh, Stiffness
from sirenpde.solvers.waves.discrete import Discrete
from sirenpde.solvers.waves.vibrations import vibrated


def test_vibrations_are_those_of_the_eigenvectors():
    cells = tuple(((i / 4,), ((i + 1) / 4,)) for i in range(4))
    mesh = Mesh(Elements(6, cells, (0.0, 1.0)).build([0.0, 0.0], [1.0, 1.0], 1, (), torch.Generator()))
    masses = mesh.summed(mesh.weights)
    stiffness = Stiffness(mesh, 1 + mesh.places[..., 0], 0.3 * masses)
    held = torch.zeros(mesh.count, dtype=torch.bool)
    held[mesh.numbers[0, 0]] = True
    random = torch.Generator().manual_seed(0)
    q, v = torch.randn(2, mesh.count, dtype=torch.float64, generator=random)
    q[held], v[held] = 0, 0

    def nothing(times):
        return torch.zeros(len(times), 0)

    system = Discrete(masses, 0 * masses, stiffness, held, nothing, nothing, q, v)
    times = torch.tensor([0.0, 0.1, 0.35, 0.8], dtype=torch.float64)
    found, rate = vibrated(system, q, v, times, stiffness.fastest(masses))

    free = ~held
    matrix = torch.stack([stiffness(e) for e in torch.eye(mesh.count, dtype=torch.float64)])[free][:, free]
    root = masses[free].sqrt()
    squares, modes = torch.linalg.eigh(matrix / root[:, None] / root)
    w, one, other = squares.sqrt(), modes.T @ (root * q[free]), modes.T @ (root * v[free])
    for t, values in zip(times, found, strict=True):
        exact = (modes @ (torch.cos(w * t) * one + torch.sin(w * t) / w * other)) / root
        assert float((values[free] - exact).abs().max()) < 1e-11
    exact = (modes @ (torch.cos(w * t) * other - w * torch.sin(w * t) * one)) / root
    assert float((rate[free] - exact).abs().max()) < 1e-11 * float(exact.abs().max())
