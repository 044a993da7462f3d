"""Which points of half-planes' boundaries bound their combinations, where they cross and where they coincide."""

import pytest
import torch

from sirenpde.geometry.operators import keeps, level_of


def left(points):
    return points[:, 0]


def right(points):
    return -points[:, 0]


def below(points):
    return points[:, 1]


X, Y = torch.tensor([[1.0, 0]], dtype=torch.float64), torch.tensor([[0.0, 1]], dtype=torch.float64)


@pytest.mark.parametrize(
    ("operator", "of_first", "of_second"),
    [
        ("|", [True, False], [True, False]),
        ("&", [False, True], [False, True]),
        ("-", [True, False], [False, True]),
    ],
)
def test_where_boundaries_cross_the_other_level_tells(operator, of_first, of_second):
    levels, turn = (left, below), -1 if operator == "-" else 1
    assert keeps(operator, levels, 1.0, torch.cat([Y, -Y]), torch.cat([X, X]), False).tolist() == of_first
    normals = turn * torch.cat([Y, Y])
    assert keeps(operator, levels, 1.0, torch.cat([X, -X]), normals, True).tolist() == of_second


@pytest.mark.parametrize(
    ("operator", "second", "is_kept"),
    [
        ("|", left, True),
        ("&", left, True),
        ("-", left, False),
        ("|", right, False),
        ("&", right, False),
        ("-", right, True),
    ],
)
def test_a_shared_piece_of_boundary_counts_once_or_not_at_all(operator, second, is_kept):
    assert keeps(operator, (left, second), 1.0, Y, X, False).tolist() == [is_kept]
    normal = (X if second is left else -X) * (-1 if operator == "-" else 1)
    assert keeps(operator, (left, second), 1.0, Y, normal, True).tolist() == [False]


def test_levels_are_minima_and_maxima():
    a, b = torch.tensor([-2.0, -1, 1]), torch.tensor([-1.0, 2, 3])
    assert level_of("|", a, b).tolist() == [-2, -1, 1]
    assert level_of("&", a, b).tolist() == [-1, 2, 3]
    assert level_of("-", a, b).tolist() == [1, -1, 1]
