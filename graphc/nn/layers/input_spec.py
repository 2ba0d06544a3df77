"""What a layer expects of its inputs."""
from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...ir.errors import ArgumentError, DTypeError, ShapeError
from ...ir.expr import Expr
from ...ir.types import as_dtype
from .. import tree


class InputSpec:
    """The rank and some sizes of an input: ``InputSpec(ndim=4, axes={-1: 3})``.

    `shape` says everything (None: any size), `ndim`, `min_ndim` and `max_ndim` the rank, `axes` the sizes of some axes.
    With `allow_last_axis_squeeze` a last axis of size 1 may be there or not; an `optional` input may be None."""

    def __init__(self, dtype=None, shape=None, ndim: int | None = None, max_ndim: int | None = None,
                 min_ndim: int | None = None, axes: dict[int, int | None] | None = None,
                 allow_last_axis_squeeze: bool = False, name: str | None = None, optional: bool = False):
        self.dtype = None if dtype is None else str(as_dtype(dtype))
        self.shape = None if shape is None else tuple(shape)
        self.ndim = ndim if shape is None else len(self.shape)
        self.min_ndim, self.max_ndim = min_ndim, max_ndim
        self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        self.allow_last_axis_squeeze, self.name, self.optional = allow_last_axis_squeeze, name, optional
        rank = self.ndim if self.ndim is not None else max_ndim
        if rank is not None and any(not -rank <= axis < rank for axis in self.axes):
            raise ArgumentError(f"InputSpec: axes {self.axes} of at most {rank} dimensions")

    def check(self, x: Expr) -> None:
        """Raises ShapeError or DTypeError where `x` is not as expected."""
        shape = x.shape
        for complaint in self._complaints(shape):
            raise ShapeError(f"{complaint}; it has the shape {shape}")
        if self.dtype is not None and self.dtype != str(x.dtype):
            raise DTypeError(f"expected an input of {self.dtype}, not {x.dtype}")

    def _complaints(self, shape: tuple) -> Iterator[str]:
        ndim, expected = len(shape), self.shape
        if self.allow_last_axis_squeeze and expected is not None:
            shape, expected = _squeezed(shape), _squeezed(expected)
        elif self.ndim not in (None, ndim):
            yield f"expected an input of {self.ndim} dimensions, not {ndim}"
        if self.min_ndim is not None and ndim < self.min_ndim:
            yield f"expected an input of at least {self.min_ndim} dimensions, not {ndim}"
        if self.max_ndim is not None and ndim > self.max_ndim:
            yield f"expected an input of at most {self.max_ndim} dimensions, not {ndim}"
        for axis, size in self.axes.items():
            if not -ndim <= axis < ndim or _differ(size, shape[axis]):
                yield f"expected the size {size} on axis {axis} of the input"
        if expected is not None and (len(expected) != len(shape) or any(map(_differ, expected, shape))):
            yield f"expected an input of the shape {expected}"

    def get_config(self) -> dict:
        return {"dtype": self.dtype, "shape": self.shape, "ndim": self.ndim, "max_ndim": self.max_ndim,
                "min_ndim": self.min_ndim, "axes": self.axes, "optional": self.optional}

    @classmethod
    def from_config(cls, config: dict) -> InputSpec:
        return cls(**config)

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value}" for name, value in self.get_config().items() if value)
        return f"InputSpec({given})"


def check_inputs(specs, inputs) -> None:
    """Check inputs, a structure of expressions, against one spec, or against a list of as many."""
    specs = tree.leaves(specs)
    given = _by_name(specs, inputs)
    if len(given) != len(specs):
        raise ArgumentError(f"expected {len(specs)} input{'s' * (len(specs) != 1)}, not {len(given)}")
    for spec, x in zip(specs, given, strict=True):
        if isinstance(x, Expr) and spec is not None:
            spec.check(x)
        elif x is None and spec is not None and not spec.optional:
            raise ArgumentError(f"the input {spec.name or ''} is missing".replace("  ", " "))


def _by_name(specs: Sequence[InputSpec | None], inputs) -> list:
    """The inputs in the order of the specs: by name, where they are a dict and every spec has a name."""
    names = [spec.name for spec in specs if spec is not None]
    if not isinstance(inputs, dict) or len(names) < len(specs) or not all(names):
        return tree.leaves(inputs)
    missing = [name for name in names if name not in inputs]
    if missing:
        raise ArgumentError(f"expected inputs named {names}, and found only {sorted(inputs)}")
    return [inputs[name] for name in names]


def _differ(expected: int | None, found: int | None) -> bool:
    return expected is not None and found is not None and expected != found


def _squeezed(shape: tuple) -> tuple:
    return shape[:-1] if shape and shape[-1] == 1 else shape


__all__ = ["InputSpec", "check_inputs"]
