"""Edit a part of a photograph without a seam.

    ∇u = v  in a mask,        u = target  outside of it,

each colour by itself: Poisson image editing (Pérez et al. 2003), as a problem for a neural field
(Sitzmann et al. 2020, section 4.1). The guidance v is the gradient of a source to be cloned, or another that the
``mode`` says. Across the edge between two pixels the mean of the gradient is a difference of the field at two places,
so that the field solves the five-point equations to the last digits, and is known between the pixels too.
"""

from typing import Literal

from torch import Tensor

from sirenpde import (
    Axis,
    Constraint,
    Edit,
    Field,
    FourierSeries,
    Point,
    Problem,
    ellipse,
    jump,
    on,
    read_picture,
)
from sirenpde.references.cloning import known_edit


def problem(
    target: str = "coffee",
    source: str = "chelsea",
    mask: str | None = None,
    mode: Literal["clone", "mixed", "flatten", "illumination", "texture"] = "clone",
    row: int = 118,
    column: int = 292,
    height: int = 150,
    width: int = 200,
) -> Problem:
    """Edit a part of a picture.

    Args:
        target: the picture that is edited, a file or one of scikit-image's.
        source: the picture that gives its gradients, scaled to cover the mask unless it has the target's size.
        mask: a picture of the target's size, white where it is edited; an ellipse if left out.
        mode: what the gradients in the mask shall be: those of the source, the stronger ones of both, those at the
            target's edges alone, the target's evened out in their strength, or those of the source in grey.
        row: of the ellipse's centre in the target, in pixels from the top.
        column: the same, in pixels from the left.
        height: of the ellipse, in pixels.
        width: of the ellipse, in pixels.
    """
    scene = read_picture(target)
    oval = (row, column), (height / 2, width / 2)
    region = ellipse(scene.shape, *oval) if mask is None else read_picture(mask, True, behind=0) > 0.5
    edit = Edit.of(scene, read_picture(source), region, mode)
    grid = edit.grid
    outside = grid.where(~edit.mask, "outside")
    u = Field("u", grid, FourierSeries(half_period=True), shape=scene.shape[2:])

    def guided(axis: Axis) -> Constraint:
        edges = grid.edges(axis, wanted=edit.across(axis))
        part = edges.where(edit.mask)

        @on(part, weight=part.size, name=f"guided_{axis}", prior=True)
        def guide(p: Point) -> Tensor:
            """∇u = v, as a difference across each edge"""
            return jump(u)(p) - edges["wanted"](p)

        return guide

    @on(outside, weight=1e6 * outside.size)
    def keep(p: Point) -> Tensor:
        """u = target"""
        return u(p) - grid["target"](p)

    def edited(p: Point) -> Tensor:
        return edit.shown(u(p))

    known = known_edit(edit)
    compared = {} if known is None else {edited: known}
    return Problem(*map(guided, grid.axes), keep, outputs=(edited,), reference=compared)
