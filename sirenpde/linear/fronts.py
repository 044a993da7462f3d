"""Block-sparse least squares by a multifrontal QR factorisation with dense fronts, never by normal equations.

The unknowns come in blocks, such as the coefficients of a cell and the values on a face between two. Rows that touch
the same few blocks make a front. Fronts are merged along a tree; at each of its nodes the blocks that no other front
touches are eliminated by Householder transformations, and what is left of the rows is a front on the others.

Source: Davis, Direct Methods for Sparse Linear Systems, 2006, chapter 5 (multifrontal QR); George, Nested dissection
of a regular finite element mesh, 1973 (the tree); Martinsson, Fast direct solvers for elliptic PDEs, 2019, chapter 20
(merging cells that have unknowns inside and on their faces).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch
from torch import Tensor

from .qr import DAMPING

Block = int  # its number, the same in all fronts
Tree = int | tuple["Tree", ...]  # the number of a front, or subtrees that are merged
Blocks = tuple[tuple[Block, int], ...]  # numbers and widths, in the order of a front's columns

COPIES = 3  # of a front at work: ordered, over its damping, factorised
SAME = 1e-13  # of its largest entry: matrices that differ by less are one


@dataclass(frozen=True)
class Front:
    """Rows that touch a few blocks alone: matrix (rows, columns) @ unknowns = target (rows, right sides)."""

    blocks: Blocks
    matrix: Tensor
    target: Tensor

    def columns(self) -> dict[Block, slice]:
        """Where each block's columns lie."""
        return columns_of(self.blocks)


@dataclass(frozen=True)
class Eliminated:
    """Rows that say what some blocks are where the others are known: R x + coupling @ others = right.

    R is upper triangular, for columns of unit norm.
    """

    own: Blocks
    others: Blocks
    upper: Tensor  # (n, n)
    coupling: Tensor  # (n, others)
    scale: Tensor  # (n,), the norms of the columns
    right: Tensor  # (n, right sides)

    def solve(self, known: Mapping[Block, Tensor]) -> dict[Block, Tensor]:
        """The values of its own blocks, each (width, right sides), for those of the others."""
        right = self.right
        if not self.own:
            return {}
        if self.others:
            right = right - self.coupling @ torch.cat([known[block] for block, _ in self.others])
        x = torch.linalg.solve_triangular(self.upper, right, upper=True) / self.scale[:, None]
        return {block: x[rows] for block, rows in columns_of(self.own).items()}


def solve_fronts(
    fronts: Sequence[Front], tree: Tree, damping: float = DAMPING, workers: int = 1
) -> dict[Block, Tensor]:
    """Minimises Σ |matrix x - target|² over all fronts; every block's values (width, right sides).

    With D the norms of the columns the multiple damping² |D x|² is added, as in `qr.solve_dense`, so that dependent
    columns are borne.

    Args:
        fronts: all with the same number of right sides; a block has the same width in all of them.
        tree: every front's number once. The better it keeps neighbours together, the smaller the merged fronts are.
        damping: as for `qr.solve_dense`.
        workers: threads that factorise independent fronts; LAPACK does not hold Python's lock.

    Raises ValueError where the tree leaves out a front, or has one twice.

    >>> import torch
    >>> first = Front(((0, 1), (2, 1)), torch.tensor([[1.0, -1.0], [1.0, 0.0]]), torch.tensor([[0.0], [3.0]]))
    >>> second = Front(((1, 1), (2, 1)), torch.tensor([[1.0, -2.0]]), torch.tensor([[0.0]]))
    >>> {block: round(float(x), 6) for block, x in sorted(solve_fronts([first, second], (0, 1)).items())}
    {0: 3.0, 1: 6.0, 2: 3.0}
    """
    leaves = sorted(_leaves(tree))
    if leaves != list(range(len(fronts))):
        raise ValueError(
            f"the tree has the fronts {leaves}; expected each of 0 to {len(fronts) - 1} once. Build it from all of "
            f"them."
        )
    left = Counter(block for front in fronts for block, _ in front.blocks)
    ready: dict[Tree, Front] = {}
    steps: list[Eliminated] = []
    with ThreadPoolExecutor(max(1, workers)) as pool:
        for level in levels(tree):
            merged = [
                fronts[node] if isinstance(node, int) else _merged([ready.pop(child) for child in node], left)
                for node in level
            ]
            owned = [_complete(front, left) for front in merged]
            for node, (eliminated, rest) in zip(
                level, eliminate_all(merged, owned, damping, pool.map), strict=True
            ):
                ready[node] = rest
                steps.append(eliminated)
    known: dict[Block, Tensor] = {}
    for eliminated in reversed(steps):
        known.update(eliminated.solve(known))
    return known


def eliminate_all(
    fronts: Sequence[Front],
    owned: Sequence[Sequence[Block]],
    damping: float = DAMPING,
    each: Callable[..., Iterable[list[tuple[Eliminated, Front]]]] = map,
) -> list[tuple[Eliminated, Front]]:
    """Eliminates from every front the blocks that are its own; those with equal matrices are factorised once.

    ``each`` is ``map``, or that of a pool of threads.
    """
    classes = _alike(fronts, owned)
    results = each(
        lambda members: _eliminate([fronts[i] for i in members], [owned[i] for i in members], damping),
        classes,
    )
    by_number = {
        i: pair
        for members, pairs in zip(classes, results, strict=True)
        for i, pair in zip(members, pairs, strict=True)
    }
    return [by_number[i] for i in range(len(fronts))]


@dataclass(frozen=True)
class Shape:
    """A front's blocks and rows without its entries; those of one ``kind`` have one matrix."""

    blocks: Blocks
    rows: int
    kind: Hashable


@dataclass(frozen=True)
class Forecast:
    """Entries of matrices: what is kept for the way back, the largest merged front, and the most at one time; and the
    operations of the factorisations, in real numbers."""

    kept: int
    largest: int
    most: int
    work: float


def forecast(fronts: Sequence[Shape], tree: Tree, workers: int = 1) -> Forecast:
    """What ``solve_fronts`` holds, before anything is factorised.

    >>> ends = [Shape(((0, 1), (2, 1)), 2, "end"), Shape(((1, 1), (2, 1)), 2, "end")]
    >>> forecast(ends, (0, 1)).largest
    4
    """
    left = Counter(block for front in fronts for block, _ in front.blocks)
    ready: dict[Tree, Shape] = {}
    kinds: set[Hashable] = set()
    kept, largest, most, work = 0, 0, 0, 0.0
    for level in levels(tree):
        merged = [
            fronts[node] if isinstance(node, int) else _merged_shape([ready.pop(c) for c in node], left)
            for node in level
        ]
        waiting = sum({of.kind: of.rows * _width(of.blocks) for of in ready.values()}.values())
        sizes = [front.rows * _width(front.blocks) for front in merged]
        stacked = 0
        for node, front in zip(level, merged, strict=True):
            own = sum(width for block, width in front.blocks if left[block] == 1)
            columns = _width(front.blocks)
            if not own and front.rows <= columns:
                ready[node] = front
                continue
            others = tuple(pair for pair in front.blocks if left[pair[0]] != 1)
            kind = ("rest", front.kind)
            stacked = max(stacked, (front.rows + own) * columns)
            if kind not in kinds:
                kinds.add(kind)
                kept += own * columns
                work += 2.0 * own * columns * max(front.rows + own * 2 / 3, own)
            ready[node] = Shape(others, min(front.rows, columns - own), kind)
        largest = max([largest, *sizes])
        most = max(most, kept + waiting + sum(sizes) + COPIES * workers * stacked)
    return Forecast(kept, largest, most, work)


def _width(blocks: Blocks) -> int:
    return sum(width for _, width in blocks)


def _merged_shape(children: Sequence[Shape], left: Counter[Block]) -> Shape:
    blocks = tuple(dict.fromkeys(pair for child in children for pair in child.blocks))
    for child in children:
        left.subtract(block for block, _ in child.blocks)
    left.update(block for block, _ in blocks)
    places = {block: i for i, (block, _) in enumerate(blocks)}
    pattern = tuple(tuple(places[block] for block, _ in child.blocks) for child in children)
    own = tuple(left[block] == 1 for block, _ in blocks)
    kind = (pattern, own, *(child.kind for child in children))
    return Shape(blocks, sum(child.rows for child in children), hash(kind))


def bisected(places: Sequence[Sequence[float]]) -> Tree:
    """A tree by nested dissection: the fronts at these places (n, d) are halved along their longest side.

    >>> bisected([(0.0,), (2.0,), (1.0,), (3.0,)])
    ((0, 2), (1, 3))
    """
    return _halved(list(range(len(places))), torch.tensor([tuple(p) for p in places], dtype=torch.float64))


def columns_of(blocks: Blocks) -> dict[Block, slice]:
    """Where each block's columns lie, one after another."""
    found, first = {}, 0
    for block, width in blocks:
        found[block] = slice(first, first + width)
        first += width
    return found


def levels(tree: Tree) -> list[list[Tree]]:
    """The nodes of a tree, leaves first: those of one level depend only on earlier ones."""
    found: list[list[Tree]] = []

    def height(node: Tree) -> int:
        level = 0 if isinstance(node, int) else 1 + max(height(child) for child in node)
        while len(found) <= level:
            found.append([])
        found[level].append(node)
        return level

    height(tree)
    return found


def _leaves(tree: Tree) -> Iterator[int]:
    if isinstance(tree, int):
        yield tree
        return
    for child in tree:
        yield from _leaves(child)


def _halved(numbers: list[int], places: Tensor) -> Tree:
    if len(numbers) == 1:
        return numbers[0]
    there = places[numbers]
    axis = int((there.amax(0) - there.amin(0)).argmax())
    ordered = [numbers[i] for i in there[:, axis].argsort(stable=True).tolist()]
    # Between two coordinates, where there are two, so that the cut is straight.
    along = places[ordered, axis].tolist()
    middle = len(ordered) // 2
    gaps = [i for i in range(1, len(ordered)) if along[i] - along[i - 1] > 1e-9 * (along[-1] - along[0])]
    cut = min(gaps, key=lambda i: abs(i - middle), default=middle)
    return _halved(ordered[:cut], places), _halved(ordered[cut:], places)


def _complete(front: Front, left: Counter[Block]) -> list[Block]:
    """The blocks that no other front touches."""
    return [block for block, _ in front.blocks if left[block] == 1]


def _merged(children: Sequence[Front], left: Counter[Block]) -> Front:
    """The rows of several fronts as one."""
    blocks = tuple(dict.fromkeys(pair for child in children for pair in child.blocks))
    for child in children:
        left.subtract(block for block, _ in child.blocks)
    left.update(block for block, _ in blocks)
    columns = columns_of(blocks)
    rows = sum(len(child.matrix) for child in children)
    matrix = children[0].matrix.new_zeros(rows, sum(width for _, width in blocks))
    first = 0
    for child in children:
        lines = slice(first, first + len(child.matrix))
        for block, there in child.columns().items():
            matrix[lines, columns[block]] = child.matrix[:, there]
        first = lines.stop
    return Front(blocks, matrix, torch.cat([child.target for child in children]))


def _alike(fronts: Sequence[Front], owned: Sequence[Sequence[Block]]) -> list[list[int]]:
    """The numbers of fronts by classes of equal matrices, whose own blocks have equal places."""
    classes: dict[object, list[list[int]]] = {}
    prints = _prints([front.matrix for front in fronts])
    for i, (front, own) in enumerate(zip(fronts, owned, strict=True)):
        places = tuple((block in own, width) for block, width in front.blocks)
        alike = classes.setdefault((front.matrix.shape, places), [])
        for members in alike:
            first = members[0]
            (total, most), (its, its_most) = prints[i], prints[first]
            # The sums of equal matrices differ by no more than their entries together.
            if abs(total - its) > SAME * front.matrix.numel() * max(most, its_most):
                continue
            if _is_same(fronts[first].matrix, front.matrix):
                members.append(i)
                break
        else:
            alike.append([i])
    return [members for alike in classes.values() for members in alike]


def _prints(matrices: Sequence[Tensor]) -> list[tuple[complex, float]]:
    """A weighted sum of each one's entries, and the largest of them; the same matrix is read once.

    No weight is more than 1.
    """
    known: dict[int, tuple[complex, float]] = {}
    for matrix in matrices:
        if id(matrix) not in known:
            rows, columns = (torch.arange(n, dtype=torch.float64) for n in matrix.shape)
            left, right = torch.cos(rows).to(matrix.dtype), torch.cos(1 + columns).to(matrix.dtype)
            most = float(matrix.abs().amax()) if matrix.numel() else 0.0
            known[id(matrix)] = complex(left @ (matrix @ right)), most
    return [known[id(matrix)] for matrix in matrices]


def _is_same(a: Tensor, b: Tensor) -> bool:
    if a is b or not a.numel():
        return True
    return float((a - b).abs().amax()) <= SAME * float(a.abs().amax())


def _eliminate(
    fronts: Sequence[Front], owned: Sequence[Sequence[Block]], damping: float
) -> list[tuple[Eliminated, Front]]:
    """The same transformations for fronts of one matrix, whose targets are side by side."""
    first, each = fronts[0], fronts[0].target.shape[1]
    if not owned[0] and len(first.matrix) <= first.matrix.shape[1]:
        return [(_nothing(front), front) for front in fronts]
    columns = first.columns()
    own = [i for i, (block, _) in enumerate(first.blocks) if block in owned[0]]
    order = [*own, *(i for i in range(len(first.blocks)) if i not in own)]
    ordered = torch.cat([first.matrix[:, columns[first.blocks[i][0]]] for i in order], dim=1)
    width = sum(first.blocks[i][1] for i in own)
    held = ordered.shape[1] - width
    scale, stacked = _damped(ordered, width, [front.target for front in fronts], damping)
    upper = _triangle(stacked, ordered.shape[1])
    # Copies: what is kept for the way back shall not hold the storage of the front that is merged and gone.
    mine_rows, rest_rows = upper[:width].clone(), upper[width:, width:].clone()
    results = []
    for number, front in enumerate(fronts):
        first_right = held + number * each
        right = slice(width + first_right, width + first_right + each)
        mine, others = (tuple(front.blocks[i] for i in part) for part in (own, order[len(own) :]))
        triangle, left = mine_rows[:, :width], mine_rows[:, width : width + held]
        eliminated = Eliminated(mine, others, triangle, left, scale, mine_rows[:, right])
        below = slice(first_right, first_right + each)
        results.append((eliminated, Front(others, rest_rows[:, :held], rest_rows[:, below])))
    return results


def _triangle(stacked: Tensor, columns: int) -> Tensor:
    """R of the QR factorisation of the first columns, beside the same transformations of the others.

    Complex rows whose first columns are real are factorised in real numbers, at a quarter of the cost.
    """
    if not stacked.is_complex() or bool(stacked[:, :columns].imag.any()):
        return torch.geqrf(stacked)[0][:columns].triu()
    width, right = stacked.shape[1], stacked[:, columns:]
    upper = torch.geqrf(torch.cat([stacked.real, right.imag], 1))[0][:columns].triu()
    result = stacked.new_zeros(columns, width)
    result.real, result.imag[:, columns:] = upper[:, :width], upper[:, width:]
    return result


def _nothing(front: Front) -> Eliminated:
    """No row of a front that has no block of its own."""
    matrix, target = front.matrix[:0], front.target[:0]
    return Eliminated((), front.blocks, matrix[:, :0], matrix, matrix.new_zeros(0).real, target)


def _damped(matrix: Tensor, width: int, targets: Sequence[Tensor], damping: float) -> tuple[Tensor, Tensor]:
    """The norms of the first columns, and the matrix with these scaled, over a multiple of their identity."""
    norms = torch.linalg.vector_norm(matrix[:, :width], dim=0)
    tiny = torch.finfo(norms.dtype).tiny
    scale = norms.clamp(min=max(tiny, 0.01 * float(norms.median()))) if width else norms
    damping = max(damping, DAMPING * torch.finfo(norms.dtype).eps / torch.finfo(torch.float64).eps)
    rows, columns = matrix.shape
    stacked = matrix.new_zeros(rows + width, columns + sum(target.shape[1] for target in targets))
    torch.div(matrix[:, :width], scale, out=stacked[:rows, :width])
    stacked[:rows, width:columns] = matrix[:, width:]
    torch.cat(list(targets), dim=1, out=stacked[:rows, columns:])
    stacked[rows:, :width].diagonal().fill_(damping)
    return scale, stacked
