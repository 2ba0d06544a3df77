"""A compiled function: what `graphc.compile` returns."""
from __future__ import annotations

import ctypes
import threading
from collections.abc import Sequence

import numpy as np

from ..ir.errors import CallError, IndexOutOfBounds
from ..ir.expr import Expr
from ..ir.graph import Graph
from ..ir.integer import Symbol
from ..ir.registry import nearest
from ..ir.types import as_dims
from ..lower.program import Program
from ..passes.kernels import root
from .inputs import as_input, bind
from .plan import Plan
from .sizes import check, unsettled

PLANS = 32
"""Plans that are kept, for as many combinations of call-time sizes."""


class Runner:
    """Runs one program: takes arrays, returns arrays, keeps a plan for each combination of sizes."""

    def __init__(self, program: Program, user_graph: Graph, addresses: Sequence[int], threads: int):
        self.program, self.addresses, self.threads = program, addresses, threads
        self.inputs, self.outputs = program.graph.inputs, program.graph.outputs
        self.plans: dict[tuple, Plan] = {}
        self.lock = threading.RLock()
        self.unsettled = unsettled(user_graph)

    def __call__(self, values: Sequence) -> list:
        arrays = [as_input(v, x, k) for k, (v, x) in enumerate(zip(values, self.inputs, strict=True))]
        with self.lock:
            plan = self.plan([a.shape for a in arrays])
            for x, array in zip(self.inputs, arrays, strict=True):
                self.point(plan, x, array)
            results = [np.empty(plan.shape(y), y.dtype) for y in self.outputs]
            for y, array in zip(self.outputs, results, strict=True):
                self.point(plan, root(y), array)
            self.execute(plan)
            if plan.checked:
                self.raise_failed(plan)
        return [r[()] for r in results]

    def point(self, plan: Plan, node: Expr, array: np.ndarray) -> None:
        for slot in plan.slots.get(node, ()):
            plan.words[slot] = array.ctypes.data

    def plan(self, shapes: list[tuple[int, ...]]) -> Plan:
        key = tuple(shapes)
        found = self.plans.get(key)
        if found is None:
            sizes: dict[Symbol, int] = bind(self.inputs, shapes)
            check(self.unsettled, sizes)
            if len(self.plans) >= PLANS:
                del self.plans[next(iter(self.plans))]
            found = self.plans[key] = Plan(self.program, self.addresses, sizes, self.threads)
        return found

    def execute(self, plan: Plan) -> None:
        junk = ctypes.c_int64()
        for address, args, _ in plan.table.tolist():
            fn = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_void_p] * 2, *[ctypes.c_int64] * 3)(address)
            fn(ctypes.byref(junk), ctypes.byref(junk), args, 0, 1)

    def raise_failed(self, plan: Plan) -> None:
        for step, status in zip(self.program.steps, plan.statuses.tolist(), strict=True):
            if status:
                plan.statuses[:] = 0
                message, node = step.checks[status - 1]
                raise IndexOutOfBounds(f"{node.op.name}: {message}\n  made at {node.line}")


__all__ = ["Runner"]
