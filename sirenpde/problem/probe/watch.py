"""What a function of a point does with tensors, looked at while it runs: each mode raises at the user's own line."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from .messages import Misuse

CONVERSIONS = ("__array__", "numpy", "item", "tolist", "__float__", "__int__", "__index__", "__complex__")
CASTS = ("to", "type", "type_as", "float", "double", "half", "cfloat", "cdouble", "new_tensor", "__get__")


def _follows(value: object) -> bool:
    """Whether a derivative is taken along this value."""
    return isinstance(value, Tensor) and (value.requires_grad or _has_tangent(value))


def _has_tangent(value: object) -> bool:
    """Whether a derivative is taken along this value by an operator: in forward mode."""
    return isinstance(value, Tensor) and forward_ad.unpack_dual(value).tangent is not None


def _check_derivative(name: str, args: Sequence[Any], result: object) -> None:
    """Torch takes the derivative of a function for which it has none, such as Bessel's, for zero."""
    if any(map(_has_tangent, args)) and not _has_tangent(result):
        raise Misuse(
            f"torch.special.{name.removeprefix('special_')} is differentiated, of which torch knows no derivative "
            f"but 0. Write the derivative out, or the function as a series."
        )


class ConversionWatch(TorchFunctionMode):
    """Refuses to make a plain number of what belongs to the point, which holds for one point and has no derivative,
    and to differentiate functions of which torch knows no derivative.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func is torch.tensor and any(map(_follows, tree_leaves(args))):
            raise Misuse(
                "torch.tensor(...) copies values without their slopes. Put values side by side by "
                "torch.stack([a, b]), and use a single one as it is."
            )
        name = getattr(func, "__name__", "")
        if name not in CONVERSIONS:
            result = func(*args, **(kwargs or {}))
            if name.startswith("special_"):
                _check_derivative(name, args, result)
            return result
        if not _follows(args[0]):
            try:
                return func(*args, **(kwargs or {}))
            except RuntimeError:  # one of many points
                pass
        raise Misuse(
            "a tensor that depends on the point was made a plain number or an array, as np.sin, math.sin, float(), "
            ".item() and .numpy() do; a constraint is evaluated on many points at once and differentiated. Write "
            "torch's function in its place, such as torch.sin(x(p)), and torch.where(condition, a, b) for a branch."
        ) from None


class DerivativeWatch(TorchFunctionMode):
    """Refuses what cuts a field's value off from the field, loses digits, or mixes one point with a batch of them.

    ``lengths`` are numbers of samples, which no tensor has any reason to have at one point but one that counts terms
    of a series or nodes, made of ``torch.arange``.
    """

    def __init__(self, lengths: Collection[int], single_precision: bool) -> None:
        super().__init__()
        self.lengths = frozenset(lengths)
        self.single_precision = single_precision
        self._counted: dict[int, Tensor] = {}  # kept, so that no other tensor has its number

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name = getattr(func, "__name__", "")
        given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        if name in ("detach", "detach_") or func is _DATA:
            _check_attached(given)
        if not torch.is_grad_enabled() and any(value.requires_grad for value in given):
            raise Misuse(
                "a field's value was used inside torch.no_grad() or torch.inference_mode(); a solver would not see "
                "that this term changes with the field. Leave them out."
            )
        result = func(*args, **(kwargs or {}))
        counts = name == "arange" or (given and all(id(value) in self._counted for value in given))
        if isinstance(result, Tensor) and counts:
            self._counted[id(result)] = result
        if isinstance(result, Tensor) and name not in CASTS:
            self._check_single(given, result)
            if not self.single_precision:
                _check_digits(given, result)
        return result

    def _check_single(self, given: list[Tensor], result: Tensor) -> None:
        if not result.requires_grad:
            return
        for length in self.lengths.intersection(result.shape):
            by_field = [length in value.shape for value in given if value.requires_grad]
            plain = [value for value in given if not value.requires_grad and id(value) not in self._counted]
            others = [length in value.shape for value in plain]
            if any(others) and not any(by_field):
                raise Misuse(
                    f"a field's value at one point met a tensor with {length} entries, as many as there are samples. "
                    f"The point p is one point, however many there are. Use one number, a function of the "
                    f"coordinates, or data of the points: PointCloud(points, box, {{'f': values}}) and cloud['f'](p)."
                )


_DATA: Callable[..., Any] = Tensor.data.__get__  # type: ignore[attr-defined]


def _check_attached(given: list[Tensor]) -> None:
    if any(map(_follows, given)):
        raise Misuse(
            "a value that depends on a field was cut off from it by .detach() or .data; a solver would not see that "
            "this term changes with the field. Leave it out."
        )


def _check_digits(given: list[Tensor], result: Tensor) -> None:
    """Beside numbers of double precision one of single precision costs eight digits, unless it is a short one."""
    real = [value for value in given if value.is_floating_point() or value.is_complex()]
    if not any(_bytes(value) == 8 for value in real):
        return
    single = [value for value in real if _bytes(value) < 8]
    if single and (_bytes(result) < 8 or any(map(is_rounded, single))):
        shown = f"{single[0].item():.9g}" if single[0].numel() == 1 else f"of shape {tuple(single[0].shape)}"
        raise Misuse(
            f"a tensor of {str(single[0].dtype).removeprefix('torch.')} ({shown}) met the point's "
            f"float64, which leaves seven digits of sixteen. Use the plain number, such as math.pi, or "
            f"p.coords.new_tensor(...), which has the precision of the run; dtype=torch.float64 for a tensor made "
            f"outside."
        )


def _bytes(value: Tensor) -> int:
    """Of one real number."""
    if not (value.is_floating_point() or value.is_complex()):
        return 8
    return value.element_size() // (2 if value.is_complex() else 1)


def is_rounded(value: Tensor) -> bool:
    """Whether numbers of single precision look cut off there: not whole, and with more digits than people write."""
    single = value.detach()
    single = torch.view_as_real(single) if single.is_complex() else single
    start = torch.frexp(single.float()).mantissa * 2**16  # sixteen bits of 24
    return bool(((start != start.round()) & (single != single.round())).any())
