"""What graphc raises. Every message names the operation, what was given, what was expected, and the user's line."""


class GraphcError(Exception):
    """The root of all errors that graphc raises on purpose."""

    reason: str
    """The message before it was told where: see `graphc.ir.expr.locate`."""


class ShapeError(GraphcError, ValueError):
    """Shapes, ranks or axes that do not fit."""


class DTypeError(GraphcError, TypeError):
    """A dtype that an operation does not take."""


class ArgumentError(GraphcError, ValueError):
    """An argument (an attribute, a name, a count) that makes no sense."""


class GradientError(GraphcError, ValueError):
    """A derivative that does not exist, or that was asked for in a way that has no meaning."""


class CallError(GraphcError, TypeError, ValueError):
    """A compiled function called with inputs that it was not compiled for."""


class IndexOutOfBounds(GraphcError, IndexError):
    """An index that a running program found outside its axis."""


class NotFinite(GraphcError, FloatingPointError):
    """A NaN or an infinity, where ``check_nan=True`` asked for none."""


class VerifyError(GraphcError, AssertionError):
    """A graph that breaks an invariant of the IR: a defect in a pass, never in a user's program."""


class CacheWarning(UserWarning):
    """The compile cache cannot be used, wholly or in part; results are right, compiling takes longer."""
