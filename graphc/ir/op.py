"""What an op is: one row with everything that is true of it.

The row names the op, gives its meaning in NumPy, its type rule, its gradient, how it is lowered, and what its tests draw
from. How a row is lowered is one of seven forms:

=========  =====================================================================================================
`Scalar`   one element of the result from one element of each operand: ``"{0} * {1} + 1"``
`Index`    one element of the result from elements at computed places: transposes, slices, padding, gathers, random
`Fold`     a reduction over axes: a neutral value and an associative combination
`View`     the same bytes under another type: reshape
`Kernel`   a hand-written kernel in ``graphc.kernels``, called with addresses and sizes
`Loop`     sub-graphs that run inside the program, as often as their loop says (`graphc.ir.loop`)
`Source`   nothing to compute: a placeholder, a Variable or a constant
=========  =====================================================================================================
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from inspect import Parameter, Signature
from string import Formatter
from typing import Any

import numpy as np

from .errors import ArgumentError, GraphcError
from .expr import Expr, locate, make
from .leaves import as_operands
from .loop import Loop
from .registry import register
from .types import Type


@dataclass(frozen=True, slots=True)
class Scalar:
    """A Python expression over ``{0}``, ``{1}`` ... (operands), ``{name}`` (attributes), functions of
    `graphc.kernels.cpu.math` (as ``math.exp``), and numbers, which take the dtype that the arithmetic runs in.
    `by_dtype` overrides it for dtype kinds (``{"b": "{0} or {1}"}``, kinds as in NumPy): of the first operand, or of all
    of them (``"iu"``), which comes first."""

    expression: str
    by_dtype: dict[str, str] = field(default_factory=dict)
    cost: int = 1
    """About how many additions it costs: decides whether it is computed twice or stored."""

    @property
    def arity(self) -> int:
        """The number of operands."""
        return _arity(self.expression)


@cache
def _arity(expression: str) -> int:
    return 1 + max(int(name) for _, name, _, _ in Formatter().parse(expression) if name and name.isdigit())


@dataclass(frozen=True, slots=True)
class Index:
    """``rule(body, i, *operand_types, **attrs) -> value``: see `graphc.lower.body.Body` for what `body` offers. `i` holds
    one Integer per axis of the result."""

    rule: Callable
    affine: bool = False
    """True where the rule only renames, shifts, scales or drops indices (a strided view of its one operand)."""
    checked: bool = False
    """True where the rule uses ``body.checked``: a run may find it wrong, and then must have changed no Variable."""


@dataclass(frozen=True, slots=True)
class Fold:
    """``attrs["axes"]`` are folded; `init` and `combine` are expressions, the latter over ``{acc}`` and ``{0}``."""

    init: str
    combine: str
    by_dtype: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class View:
    """The result is the operand's memory."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """``graphc.kernels.cpu.<function>(*operands, result, *sizes, tid, threads)``; `function` is its name, or says it by
    ``function(*operand_types, result_type, **attrs)``.

    `sizes(*operand_types, result_type, **attrs)` gives the integers that the kernel takes after its pointers. Those known
    while the graph is built become literals in the generated driver, so that LLVM specializes the kernel; the others are
    read from the argument block at run time. `scratch(*operand_types, result_type, **attrs)` is the number of bytes of
    private memory a thread needs: it is passed as a last pointer, before `tid`.
    With `epilogue`, the kernel hands each element to the driver's function ``epilogue(args, value, row, column)``, which
    stores it: instead of the result it takes, after the sizes, the address of the code that finishes blocks, and `args`.
    With `strided`, it takes operands with strides: renamed indices cost nothing there. With `over`, its result may lie
    where its first operand lies."""

    function: str | Callable[..., str]
    sizes: Callable[..., tuple]
    scratch: Callable[..., Any] | None = None
    epilogue: bool = False
    strided: bool = False
    over: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A leaf: a placeholder, a Variable or a constant."""


_PARAMETERS = {1: ("x",), 2: ("x", "y"), 3: ("condition", "x", "y")}

Lowering = Scalar | Index | Fold | View | Kernel | Loop | Source


@dataclass(frozen=True, slots=True)
class Case:
    """One example that tests draw: operands as arrays, attributes as keywords."""

    operands: tuple
    attrs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Op:
    """A row; see the module. ``infer(*types, **attrs)`` raises ShapeError or DTypeError; ``grad(g, y, *operands, **attrs)``
    returns one expression (or None: no derivative) for each operand, in that operand's shape or one that broadcasts from it.
    """

    name: str
    numpy: Callable[..., np.ndarray]
    infer: Callable[..., Type]
    lower: Lowering
    grad: Callable | None = None
    cast: Callable[..., tuple[np.dtype, ...]] | None = None
    cases: Callable[[np.random.Generator], Iterable[Case]] | None = None
    domain: tuple = ()
    tolerance: float = 1.0
    doc: str = ""
    unit: tuple[float | None, float | None] = (None, None)
    """The left and the right neutral operand: (0, 0) for add, (None, 1) for divide."""
    zero: float | None = None
    """The operand that makes the result itself: 0 for multiply."""

    def __post_init__(self) -> None:
        register(self)
        object.__setattr__(self, "__doc__", self.doc)
        if isinstance(self.lower, Scalar):
            self._describe()

    def _describe(self) -> None:
        """What help() and a call's hint show: a function of x and y."""
        names = _PARAMETERS.get(self.lower.arity) or [f"x{k + 1}" for k in range(self.lower.arity)]
        parameters = [Parameter(name, Parameter.POSITIONAL_ONLY) for name in names]
        for name, value in (("__signature__", Signature(parameters)), ("__name__", self.name),
                            ("__doc__", f"{self.name}({', '.join(names)}, /)\n\n{self.doc}")):
            object.__setattr__(self, name, value)

    def __call__(self, *operands, **attrs) -> Expr:
        try:
            return make(self, self._cast(as_operands(self.name, operands)), attrs)
        except GraphcError as error:
            locate(error, self.name, operands)
            raise

    def _cast(self, operands: tuple[Expr, ...]) -> tuple[Expr, ...]:
        if isinstance(self.lower, Scalar) and len(operands) != self.lower.arity:
            raise ArgumentError(f"takes {self.lower.arity} operand{'s' * (self.lower.arity > 1)}, not {len(operands)}")
        if self.cast is None:
            return operands
        return tuple(x.astype(d) for x, d in zip(operands, self.cast(*(x.dtype for x in operands)), strict=True))

    def __repr__(self) -> str:
        return f"<op {self.name}>"
