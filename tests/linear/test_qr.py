"""Dense least squares where data contradict one another."""

import math

import pytest
import torch

from sirenpde.linear import qr


def contradicting(tiny: float, columns: int = 100) -> tuple[torch.Tensor, torch.Tensor]:
    """Sines that are to be 0 and 1 at the same two places, above their slopes on a line, of tiny weight."""
    generator = torch.Generator().manual_seed(0)
    places, waves, phases = (
        torch.rand(n, generator=generator, dtype=torch.float64) for n in (2, columns, columns)
    )
    waves, phases = 20 * waves, 2 * math.pi * phases
    at = torch.cat([places, places])[:, None]
    line = torch.linspace(0, 1, 300, dtype=torch.float64)[:, None]
    matrix = torch.cat([torch.sin(at * waves + phases), tiny * waves * torch.cos(line * waves + phases)])
    return matrix, torch.cat([torch.tensor([0.0, 0.0, 1.0, 1.0]), torch.zeros(300)]).double()


@pytest.mark.parametrize("tiny", [1e-6, 1e-9, 1e-15])
def test_the_mean_of_contradicting_data_is_found_above_rows_of_tiny_weight(tiny):
    """Every two of them leave 1/2 each, so that the whole residual is 1."""
    matrix, target = contradicting(tiny)
    solved = qr.solve_dense(matrix, target)
    assert float((matrix @ solved.x - target).norm()) == pytest.approx(1.0, abs=1e-7)
    several = qr.solve_dense(matrix, torch.stack([target, 0 * target], dim=1)).x
    assert float((matrix @ several[:, 0] - target).norm()) == pytest.approx(1.0, abs=1e-7)
    assert float((matrix @ several[:, 1]).norm()) < 1e-12


def test_one_factor_is_enough_where_data_agree(monkeypatch):
    made = []
    whole = qr._triangle
    monkeypatch.setattr(qr, "_triangle", lambda *given: made.append(given) or whole(*given))
    matrix, _ = contradicting(1e-9)
    target = matrix @ torch.linspace(-1, 1, 100, dtype=torch.float64)
    left = matrix @ qr.solve_dense(matrix, target).x - target
    assert len(made) == 1 and float(left.norm()) < 1e-12 * float(target.norm())
