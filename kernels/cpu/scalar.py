"""Scalar arithmetic written out as LLVM code while a kernel is compiled.

`@elementary` makes a Numba function of a Python one that runs at compile time on `Number` objects: what it computes
with them becomes straight-line code in the caller, for whatever type it is called with. No function is left to call
or to compile, and a loop around it vectorizes."""
from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


class Number:
    """An LLVM value with the meaning of a Numba number type. Python numbers beside it take its type."""

    __slots__ = ("builder", "value", "type")

    def __init__(self, builder, value, type: types.Type):
        self.builder, self.value, self.type = builder, value, type

    @staticmethod
    def of(builder, type: types.Float, number: float) -> Number:
        """A float constant."""
        code = ir.FloatType() if type == types.float32 else ir.DoubleType()
        return Number(builder, ir.Constant(code, number), type)

    # what it is
    @property
    def width(self) -> int:
        return 1 if self.type == types.boolean else self.type.bitwidth

    @property
    def is_float(self) -> bool:
        return isinstance(self.type, types.Float)

    @property
    def is_signed(self) -> bool:
        return isinstance(self.type, types.Integer) and self.type.signed

    def constant(self, number) -> Number:
        return Number(self.builder, ir.Constant(self.value.type, number), self.type)

    def _of(self, other) -> Number:
        return other if isinstance(other, Number) else self.constant(other)

    def _as(self, value) -> Number:
        return Number(self.builder, value, self.type)

    # arithmetic
    def _binary(self, other, floating: str, integer: str) -> Number:
        code = getattr(self.builder, floating if self.is_float else integer)
        return self._as(code(self.value, self._of(other).value))

    def __add__(self, other) -> Number:
        return self._binary(other, "fadd", "add")

    def __sub__(self, other) -> Number:
        return self._binary(other, "fsub", "sub")

    def __mul__(self, other) -> Number:
        return self._binary(other, "fmul", "mul")

    def __truediv__(self, other) -> Number:
        return self._binary(other, "fdiv", "")

    def __and__(self, other) -> Number:
        return self._binary(other, "", "and_")

    def __or__(self, other) -> Number:
        return self._binary(other, "", "or_")

    def __xor__(self, other) -> Number:
        return self._binary(other, "", "xor")

    def __lshift__(self, other) -> Number:
        return self._binary(other, "", "shl")

    def __rshift__(self, other) -> Number:
        return self._binary(other, "", "ashr" if self.is_signed else "lshr")

    def __radd__(self, other) -> Number:
        return self._of(other) + self

    def __rsub__(self, other) -> Number:
        return self._of(other) - self

    def __rmul__(self, other) -> Number:
        return self._of(other) * self

    def __rtruediv__(self, other) -> Number:
        return self._of(other) / self

    def __neg__(self) -> Number:
        return self._as(self.builder.fneg(self.value)) if self.is_float else 0 - self

    def __invert__(self) -> Number:
        return self._as(self.builder.not_(self.value))

    def quotient(self, other: Number) -> Number:
        """Integer division, cut towards 0."""
        return self._binary(other, "", "sdiv" if self.is_signed else "udiv")

    def rest(self, other: Number) -> Number:
        """What division cut towards 0 leaves, with the sign of self: exact, for floats by the C library's fmod."""
        return self._binary(other, "frem", "srem" if self.is_signed else "urem")

    # comparison: nothing compares with NaN, but that it is not equal
    def _compare(self, symbol: str, other) -> Number:
        left, right = self.value, self._of(other).value
        if self.is_float:
            code = self.builder.fcmp_unordered if symbol == "!=" else self.builder.fcmp_ordered
        else:
            code = self.builder.icmp_signed if self.is_signed else self.builder.icmp_unsigned
        return Number(self.builder, code(symbol, left, right), types.boolean)

    def __lt__(self, other) -> Number:
        return self._compare("<", other)

    def __le__(self, other) -> Number:
        return self._compare("<=", other)

    def __gt__(self, other) -> Number:
        return self._compare(">", other)

    def __ge__(self, other) -> Number:
        return self._compare(">=", other)

    def __eq__(self, other) -> Number:
        return self._compare("==", other)

    def __ne__(self, other) -> Number:
        return self._compare("!=", other)

    __hash__ = None

    # conversion
    def bits(self) -> Number:
        """The bits of a float as a signed integer."""
        kind = types.Integer.from_bitwidth(self.width, True)
        return Number(self.builder, self.builder.bitcast(self.value, ir.IntType(self.width)), kind)

    def from_bits(self) -> Number:
        """The float that an integer's bits are."""
        kind, code = (types.float32, ir.FloatType()) if self.width == 32 else (types.float64, ir.DoubleType())
        return Number(self.builder, self.builder.bitcast(self.value, code), kind)

    def converted(self, kind: types.Type) -> Number:
        """A float in another float type; an integer as a float."""
        code = ir.FloatType() if kind == types.float32 else ir.DoubleType()
        if kind == self.type:
            return self
        if not self.is_float:
            convert = self.builder.sitofp if self.is_signed else self.builder.uitofp
            return Number(self.builder, convert(self.value, code), kind)
        convert = self.builder.fpext if kind.bitwidth > self.width else self.builder.fptrunc
        return Number(self.builder, convert(self.value, code), kind)


def select(condition: Number, then, otherwise) -> Number:
    """`then` where the condition holds, else `otherwise`; both are computed."""
    kind = then if isinstance(then, Number) else otherwise
    then, otherwise = kind._of(then), kind._of(otherwise)
    return kind._as(kind.builder.select(condition.value, then.value, otherwise.value))


def llvm(name: str, *operands: Number) -> Number:
    """One of LLVM's functions over operands of one type: sqrt, fma, floor, copysign ..."""
    first = operands[0]
    kind = first.value.type
    signature = ir.FunctionType(kind, [kind] * len(operands))
    code = first.builder.module.declare_intrinsic(f"llvm.{name}", [kind], signature)
    return first._as(first.builder.call(code, [x.value for x in operands]))


def fma(x: Number, y, z) -> Number:
    """x * y + z in one rounding."""
    return llvm("fma", x, x._of(y), x._of(z))


def polynomial(x: Number, coefficients) -> Number:
    """``coefficients[0] + coefficients[1] * x + ...`` by Horner's rule."""
    *rest, result = (x.constant(c) for c in coefficients)
    for c in reversed(rest):
        result = fma(x, result, c)
    return result


def elementary(function=None, *, returns: types.Type | None = None):
    """The Numba function of one or two numbers of one type that `function` writes the code of; its result has their
    type or the type `returns`."""
    if function is None:
        return lambda f: elementary(f, returns=returns)

    def typed(typing, *operands):
        common = operands[0] if len(operands) == 1 else typing.unify_types(*map(types.unliteral, operands))
        common = types.unliteral(common)

        def code(context, builder, signature, values):
            numbers = [Number(builder, context.cast(builder, v, t, common), common)
                       for v, t in zip(values, signature.args, strict=True)]
            return function(*numbers).value
        return (returns or common)(*map(types.unliteral, operands)), code

    def one(typing, x):
        return typed(typing, x)

    def two(typing, x, y):
        return typed(typing, x, y)

    made = one if function.__code__.co_argcount == 1 else two
    made.__name__, made.__qualname__, made.__doc__ = function.__name__, function.__qualname__, function.__doc__
    made.__module__ = function.__module__
    return intrinsic(made)


__all__ = ["Number", "elementary", "fma", "llvm", "polynomial", "select"]
