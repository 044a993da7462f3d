"""The neural tangent kernel of any network, and of any problem's residuals: K = J Jᵀ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ...linear.derivative_maps import Jacobian, NetworkJacobian, ResidualJacobian
from ...problem.problem import Problem
from ...run.solution import Solution
from ...sampling.drawing import Drawing
from ...solvers.ladder import choose
from ..check import build_system
from .descent import KernelDescent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DENSE = 4000  # rows up to which all eigenvalues take seconds


@dataclass(frozen=True, eq=False)
class TangentKernel:
    """K = J Jᵀ, with J the derivative of values or residuals by all parameters.

    Under gradient descent on half the sum of the squares of the residuals r, with a small rate, r' = -K r: an
    eigenvector with eigenvalue q decays as exp(-q t). The products ``apply`` need no matrix; ``matrix`` makes it in
    blocks, for as many rows as it fits the memory.

    ``parts`` are the rows of each constraint by its name, or of all values of a network. Nothing here changes with
    the network: it is the kernel at the parameters as they were.
    """

    jacobian: Jacobian
    parts: Mapping[str, slice] = field(default_factory=dict)
    points: Tensor | None = None  # of a network's values

    @property
    def rows(self) -> int:
        return self.jacobian.rows

    def apply(self, v: Tensor) -> Tensor:
        """K v (rows,), as J (Jᵀ v)."""
        return self.jacobian.apply(self.jacobian.transpose(v))

    def across(self, other: TangentKernel) -> Tensor:
        """The kernel between these rows and those of another of the same network, (rows, other rows): J J'ᵀ."""
        across = self.jacobian.like.new_empty(self.rows, other.rows)
        for place, rows in other.jacobian.blocks():
            across[:, place] = self.jacobian.apply(rows.T)
        return across

    @cached_property
    def matrix(self) -> Tensor:
        """K itself, (rows, rows)."""
        whole = self.across(self)
        return (whole + whole.T) / 2

    @cached_property
    def diagonal(self) -> Tensor:
        """The squared lengths of the rows of J, (rows,): how fast each value learns by itself."""
        squares = self.jacobian.like.new_empty(self.rows)
        for place, rows in self.jacobian.blocks():
            squares[place] = rows.square().sum(1)
        return squares

    @cached_property
    def decomposition(self) -> tuple[Tensor, Tensor]:
        """Eigenvalues (rows,), the largest first, and eigenvectors as columns (rows, rows), of the whole matrix."""
        values, vectors = torch.linalg.eigh(self.matrix)
        return values.flip(0), vectors.flip(1)

    @property
    def eigenvalues(self) -> Tensor:
        """All of them, (rows,), the largest first; those below 1e-15 of it are rounding."""
        return self.decomposition[0]

    def leading(self, count: int, seed: int = 0) -> tuple[Tensor, Tensor]:
        """The largest eigenvalues (count,) and their vectors (rows, count), from products alone, by Lanczos."""
        from scipy.sparse.linalg import LinearOperator, eigsh

        like = self.jacobian.like
        if count >= self.rows:
            return self.decomposition[0][:count], self.decomposition[1][:, :count]

        def product(v: object) -> object:
            return self.apply(torch.as_tensor(v).to(like).reshape(-1)).double().cpu().numpy()

        operator = LinearOperator((self.rows, self.rows), matvec=product, dtype="float64")
        start = torch.randn(self.rows, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        values, vectors = eigsh(operator, k=count, which="LM", v0=start.numpy())
        return torch.from_numpy(values.copy()).flip(0), torch.from_numpy(vectors.copy()).flip(1)

    def largest(self) -> float:
        """The largest eigenvalue: gradient descent on half the sum of squares is stable for rates below 2 over it."""
        return float(self.eigenvalues[0] if self.rows <= DENSE else self.leading(1)[0][0])

    def shares(self) -> dict[str, float]:
        """Of each part the share of the trace of K: a part with a small one is learned late.

        Source: Wang, Yu and Perdikaris, When and Why PINNs Fail to Train: A Neural Tangent Kernel Perspective, 2022.
        """
        total = float(self.diagonal.sum())
        return {name: float(self.diagonal[place].sum()) / total for name, place in self.parts.items()}

    def descent(self, residuals: Tensor, rate: float | None = None) -> KernelDescent:
        """What gradient descent makes of residuals (rows,) with this kernel, while it stays as it is.

        >>> import torch
        >>> from sirenpde import Siren, ntk
        >>> network = Siren(16, 2).build([0.0], [1.0], 1, (), torch.Generator().manual_seed(0))
        >>> x = torch.linspace(0, 1, 9, dtype=torch.float64)[:, None]
        >>> kernel = ntk(network, x)
        >>> descent = kernel.descent(torch.sin(3 * x[:, 0]))
        >>> bool(descent.loss(1 / kernel.largest()) < descent.loss(0.0))
        True
        """
        return KernelDescent(self.matrix, residuals, rate)

    def figure(self) -> Figure:
        """The matrix, and its eigenvalues."""
        from ...plots.kernels import matrix_and_eigenvalues

        return matrix_and_eigenvalues(self.matrix, self.eigenvalues, self.parts)


def ntk(
    of: nn.Module | Problem | Solution,
    points: Tensor | None = None,
    *,
    seed: int = 0,
    samples_scale: float = 1.0,
) -> TangentKernel:
    """The neural tangent kernel K = J Jᵀ of a network's values at points, or of a problem's residuals.

    Args:
        of: a network, as its parameters are now; a problem, with untrained networks as ``solve`` would begin with; or
            a solution, with the networks that it found.
        points: (n, d), for a network: where its values are looked at.
        seed: of a problem's networks and samples.
        samples_scale: multiplies how many samples of a problem there are.

    Returns:
        The kernel: ``eigenvalues``, ``apply``, ``matrix``, ``across``, ``leading``, ``shares``, ``figure``. Residuals
        are counted as in the objective, by their weights and numbers of samples.

    Raises ValueError for a network without points, or points for a problem, which has its own.

    Source: Jacot, Gabriel and Hongler, Neural Tangent Kernel, 2018; of residuals Wang, Yu and Perdikaris 2022.

    >>> import torch
    >>> from sirenpde import Siren, ntk
    >>> network = Siren(32, 2).build([0.0], [1.0], 1, (), torch.Generator().manual_seed(0))
    >>> kernel = ntk(network, torch.linspace(0, 1, 20)[:, None])
    >>> kernel.eigenvalues.shape, bool(kernel.eigenvalues[0] > kernel.eigenvalues[10])
    (torch.Size([20]), True)
    """
    if isinstance(of, nn.Module):
        if points is None or points.dim() != 2:
            given = "no points" if points is None else f"points of shape {tuple(points.shape)}"
            raise ValueError(
                f"ntk was given a network and {given}; points (n, d) were expected. Write ntk(network, points) with "
                f"one column for each axis."
            )
        jacobian = NetworkJacobian(of, points)
        return TangentKernel(jacobian, {"values": slice(0, jacobian.rows)}, jacobian.points)
    if points is not None:
        raise ValueError(
            "ntk was given points beside a problem; its residuals are those at the problem's own samples. Leave the "
            "points out, or give a network."
        )
    if isinstance(of, Solution):
        system, theta = of.system, of.theta
    else:
        system = build_system(of, choose(of, None, None).recipes, seed)
        theta = system.initial()
    batches = Drawing(system, seed, samples_scale).fixed()
    parts, first = {}, 0
    for group, batch in system.paired(batches):
        for i in group.members:
            count = len(batch) * system.problem.requests[i].size
            parts[system.problem.constraints[i].name] = slice(first, first + count)
            first += count
    return TangentKernel(ResidualJacobian(system, theta, batches), parts)
