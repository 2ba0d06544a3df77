"""compile: the one seam between a graph and a machine."""
from __future__ import annotations

import struct
import time
from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import count

import numpy as np

from .debug import TracedRunner, level, show
from .inspection import Inspection
from .ir.errors import ArgumentError, CallError, DTypeError, ShapeError
from .ir.expr import Expr, label, locating
from .ir.graph import Graph
from .ir.leaves import Variable, as_expr, constant, is_weak, weak_constant
from .ir.registry import nearest
from .ir.types import show_dims
from .lower import cpu
from .ops.random import state
from .passes.pipeline import Options, run
from .runtime.checked import CheckedRunner
from .runtime.device import device as as_device
from .runtime.executor import located
from .runtime.objects import compiled
from .runtime.runner import Runner
from .runtime.scalars import scalar_call
from .runtime.threads import count as thread_count

_serial = count(1)


@locating
def compile(inputs: Expr | Sequence[Expr], outputs: Expr | Sequence[Expr] = (), *,
            updates: Mapping[Variable, Expr] | None = None, device: str = "cpu", threads: int | None = None,
            check_nan: bool = False, skip: Iterable[str] = (), rounding: bool = True) -> Function:
    """A native function of `inputs` that returns `outputs`, and gives Variables their next values.

    `inputs` are placeholders; `outputs` an expression, whose value then comes back bare, or a sequence, for a tuple.
    `updates` maps Variables to expressions: all are computed from the old values, then all take effect. `device` is
    "cpu"; `threads` is how many threads a large step may use (default: ``GRAPHC_THREADS``, or all cores; results do not
    depend on it). `check_nan` runs every op by itself and raises NotFinite at the first that makes a NaN or an
    infinity. `skip` names a pass, or passes, to leave out, ``rounding=False`` those rules that change how results round.

    Raises ArgumentError, ShapeError or DTypeError where these do not fit together.

    >>> import graphc
    >>> x = graphc.placeholder((None,), name="x")
    >>> double = graphc.compile(x, 2 * x)
    >>> double([1, 2, 3])
    array([2., 4., 6.], dtype=float32)
    """
    debug, start, before = level(), time.perf_counter(), len(compiled)
    place = as_device(device)
    bare = isinstance(outputs, Expr)
    _check_flags(check_nan=check_nan, rounding=rounding)
    given = _graph(inputs, outputs, {} if updates is None else updates)
    skipped = _names(skip) | ({"fuse", "recompute"} if check_nan else set())
    final = run(given, Options(skip=skipped, rounding=rounding and not check_nan, record=True))
    program = cpu.lower(final)
    addresses = located(program)
    kind = CheckedRunner if check_nan else TracedRunner if debug >= 6 else Runner
    runner = kind(program, given, addresses, thread_count(threads))
    function = Function(given, runner, bare, place.kind)
    if debug:
        show(function, runner, debug, time.perf_counter() - start, len(compiled) - before)
    return function


class Function(Inspection):
    """What `compile` returns: call it with one value for each input, in order or by name."""

    def __init__(self, given: Graph, runner: Runner, bare: bool, device: str):
        super().__init__(given, runner, next(_serial))
        self.inputs, self.bare, self.device = given.inputs, bare, device
        self._quick = type(runner) is Runner and scalar_call(runner, bare) or _refuse

    def __call__(self, *args, **named):
        """The outputs' values: arrays, or NumPy scalars for 0-d outputs."""
        if not named and len(args) == len(self.inputs):
            try:
                return self._quick(args)
            except (TypeError, struct.error, OverflowError):
                pass
        results = self._runner(self._arranged(args, named))
        return results[0] if self.bare else tuple(results)

    def _runner_inputs(self, args: tuple) -> list:
        return super()._runner_inputs(self._arranged(args, {}))

    def _arranged(self, args: tuple, named: dict) -> tuple:
        """The values in the order of the inputs."""
        names = [x.name for x in self.inputs[len(args):]]
        for name in named:
            if name not in names and name in [x.name for x in self.inputs]:
                raise CallError(f"the input {name!r} is given twice: in order and by name")
            if name not in names:
                raise CallError(f"there is no input named {name!r} to fill{nearest(name, [n for n in names if n])}")
        if len(args) + len(named) != len(self.inputs):
            expected = ", ".join(f"{label(x)}:{x.type}" for x in self.inputs)
            raise CallError(f"{len(self.inputs)} inputs are expected ({expected}); got {len(args) + len(named)}")
        return (*args, *(named[name] for name in names))


def _refuse(_) -> None:
    raise TypeError


# ---- what is asked for ----------------------------------------------------------------------------------------------
def _graph(inputs, outputs, updates: Mapping) -> Graph:
    inputs, outputs = _sequence(inputs, "inputs"), tuple(map(as_expr, _sequence(outputs, "outputs")))
    _check_inputs(inputs)
    if not isinstance(updates, Mapping):
        raise ArgumentError(f"updates maps Variables to expressions, as in {{w: w - 0.1 * g}}; {updates!r} is no mapping")
    pairs = tuple(_update(v, new) for v, new in updates.items())
    graph = Graph(inputs, outputs, pairs)
    given = set(inputs)
    for node in graph.order:
        if node.op.name == "placeholder" and node not in given:
            raise ArgumentError(f"the placeholder {label(node)}:{node.type} is used, but it is not among the inputs\n"
                                f"  made at {node.line}")
    return _with_random_state(graph)


def _sequence(given, what: str) -> tuple:
    if isinstance(given, Expr):
        return (given,)
    if isinstance(given, (str, bytes, Mapping, Set)) or not isinstance(given, Iterable):
        raise ArgumentError(f"{what} is an expression or a sequence of expressions, not {_shown(given)}")
    return tuple(given)


def _names(skip) -> frozenset[str]:
    names = (skip,) if isinstance(skip, str) else tuple(skip) if isinstance(skip, Iterable) else (skip,)
    if not all(isinstance(name, str) for name in names):
        raise ArgumentError(f"skip names passes, as in ['fuse'], not {_shown(skip)}")
    return frozenset(names)


def _check_flags(**flags) -> None:
    for name, value in flags.items():
        if not isinstance(value, (bool, np.bool_)):
            raise ArgumentError(f"{name} is True or False, not {value!r}")


def _shown(given) -> str:
    return f"the {type(given).__name__} {given!r}" if given is not None else "None"


def _check_inputs(inputs: tuple) -> None:
    for k, x in enumerate(inputs):
        if not isinstance(x, Expr) or x.op.name != "placeholder":
            raise ArgumentError(f"input {k} must be a placeholder, not {x!r}")
    if len(set(inputs)) < len(inputs):
        raise ArgumentError("an input is given twice")


def _update(variable, new) -> tuple[Variable, Expr]:
    if not isinstance(variable, Variable):
        raise ArgumentError(f"updates maps Variables to expressions; {variable!r} is no Variable")
    made = f"\n  made at {new.line}" if isinstance(new, Expr) else ""
    new = weak_constant(new, [variable.dtype]) if is_weak(new) else as_expr(new)
    if new.dtype != variable.dtype:
        raise DTypeError(f"the update of {label(variable)}:{variable.type} has type {new.type}; use astype{made}")
    if len(new.dims) != len(variable.dims) or any(
            isinstance(d, int) and d != size for d, size in zip(new.dims, variable.dims, strict=True)):
        raise ShapeError(f"the update of {label(variable)}:{variable.type} has shape {show_dims(new.dims)}; "
                         f"{show_dims(variable.dims)} is expected{made}")
    return variable, new


def _with_random_state(graph: Graph) -> Graph:
    """With the step of the program's random numbers taken, if it draws any."""
    if state in set(graph.variables) and state not in {v for v, _ in graph.updates}:
        step = constant([0, 1], state.dtype)
        return Graph(graph.inputs, graph.outputs, (*graph.updates, (state, state + step)))
    return graph


__all__ = ["Function", "compile"]
