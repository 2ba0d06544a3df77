"""Numba as these kernels need it: numbers, tuples and loops.

Before Numba compiles its first function it imports all that it knows of arrays, strings, lists and dictionaries, and
compiles the reference counting that these need. Kernels have none of them. `Function` is a Numba function of a target
of its own, which knows what the kernels use; functions of Numba's own target may call it."""
from __future__ import annotations

from numba.core import types
from numba.core.cpu import CPUContext
from numba.core.dispatcher import Dispatcher
from numba.core.fastmathpass import rewrite_module
from numba.core.registry import CPUTarget, cpu_target
from numba.core.target_extension import CPU, dispatcher_registry, target_override, target_registry
from numba.core.typing import Context, collections, mathdecl  # noqa: F401 (registered on import)
from numba.core.typing.templates import builtin_registry as typing_registry
from numba.cpython import builtins, mathimpl, numbers, rangeobj, tupleobj  # noqa: F401 (registered on import)

from .memory import Pointer


class KIND(CPU):
    """What Numba looks a target up by: whatever it knows of CPUs in general holds for this one."""


_NAME = "graphc"
target_registry[_NAME] = KIND


class _Typing(Context):
    def load_additional_registries(self):
        self.install_registry(mathdecl.registry)

    def _load_builtins(self):
        self.install_registry(typing_registry)

    def resolve_value_type(self, val):
        """Numba asks first whether a class is one of its containers, and imports them to know."""
        known = self._lookup_global(val) if isinstance(val, type) else None
        return super().resolve_value_type(val) if known is None else known


class _Lowering(CPUContext):
    def init(self):
        self.is32bit = cpu_target.target_context.is32bit
        self._internal_codegen = cpu_target.target_context.codegen()

    def load_additional_registries(self):
        self.install_registry(mathimpl.registry)

    def get_abi_sizeof(self, ty):
        """For debuggers alone; Numba asks LLVM, by way of a module in text, for each variable."""
        return 8

    def post_lowering(self, mod, library):
        if self.fastmath:
            rewrite_module(mod, self.fastmath)


class _Target(CPUTarget):
    def __init__(self):
        super().__init__(_NAME)
        self._types = _Typing()
        self._code = _Lowering(self._types, _NAME)

    target_context = property(lambda self: self._code)
    typing_context = property(lambda self: self._types)


class Function(Dispatcher):
    """A compiled function. A number in a call is an argument like any other: it makes no version of its own."""

    targetdescr = _Target()

    def compile(self, sig):
        with target_override(_NAME):
            return super().compile(sig)

    def get_call_template(self, args, kws):
        plain = tuple(map(self._taken, args)), {name: self._taken(kind) for name, kind in kws.items()}
        return super().get_call_template(*plain)

    def _taken(self, kind):
        """The type that an argument of this type has in the function."""
        return types.unliteral(kind)


class Separate(Function):
    """A function to which every pointer is one to private memory."""

    def _taken(self, kind):
        return Pointer(kind.dtype, "workspace") if isinstance(kind, Pointer) else super()._taken(kind)


dispatcher_registry[KIND] = Function

__all__ = ["KIND", "Function", "Separate"]
