"""Running a program: the caller's arrays into its argument blocks, one native call, and the outputs out again."""
from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence

import numpy as np

from ..ir import locks
from ..ir.errors import CallError
from ..ir.expr import label
from ..ir.graph import Graph
from ..ir.inputs import as_input, bind
from ..ir.locks import Rank
from ..ir.sizes import check, unsettled
from ..lower.program import Program
from ..passes.kernels import root
from .arena import Arena
from .bounds import out_of_bounds
from .plan import Plan
from .pool import POOL

PLANS = 64
"""Plans that are kept, for as many combinations of call-time sizes."""


class Runner:
    """Runs one program. Any Python thread may call it; calls that share a Variable wait for each other."""

    def __init__(self, program: Program, given: Graph, addresses: Sequence[int], threads: int):
        self.program, self.addresses, self.threads = program, addresses, threads
        self.inputs, self.outputs = given.inputs, program.graph.outputs
        self.placed = [root(x) for x in program.graph.inputs], [root(y) for y in self.outputs]
        self.variables = _Held(v.lock for v in program.graph.variables)
        self.unsettled = unsettled(given.order)
        self.plans: OrderedDict[tuple, Plan] = OrderedDict()
        self.lock = locks.lock(Rank.RUNNER)
        self.arena = Arena()

    def __call__(self, values: Sequence) -> list:
        arrays = self.arrays(values)
        with self.lock, self.variables:
            plan = self.plan(arrays)
            results = self.place(plan, arrays)
            self.run(plan)
        return [r[()] for r in results]

    def arrays(self, values: Sequence) -> list[np.ndarray]:
        """The inputs as arrays that kernels can read."""
        return [as_input(v, x, k) for k, (v, x) in enumerate(zip(values, self.inputs, strict=True))]

    def plan(self, arrays: Sequence[np.ndarray]) -> Plan:
        """The plan for these sizes; raises CallError where they do not fit the graph."""
        key = tuple(a.shape for a in arrays)
        found = self.plans.get(key)
        if found is None:
            check(self.unsettled, bind(self.inputs, key))
            sizes = bind(self.program.graph.inputs, key)
            found = Plan(self.program, self.addresses, sizes, self.threads, self.arena)
            if found.moved:
                self.plans.clear()
            self.check_updates(found)
            self.plans[key] = found
            if len(self.plans) > PLANS:
                self.plans.popitem(last=False)
        self.plans.move_to_end(key)
        return found

    @property
    def newest(self) -> Plan | None:
        """The plan of the last call, if there was one."""
        return next(reversed(self.plans.values()), None)

    def check_updates(self, plan: Plan) -> None:
        for variable, new in self.program.graph.updates:
            if plan.shape(new) != variable.dims:
                raise CallError(f"the update of {label(variable)}:{variable.type} has shape {plan.shape(new)}\n"
                                f"  made at {new.line}")

    def place(self, plan: Plan, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The addresses of inputs and of new outputs filled in; the outputs."""
        results = [POOL.empty(shape, y.dtype) for shape, y in zip(plan.output_shapes, self.outputs, strict=True)]
        for nodes, memory in zip(self.placed, (arrays, results), strict=True):
            for node, array in zip(nodes, memory, strict=True):
                plan.point(node, array.__array_interface__["data"][0])
        return results

    def run(self, plan: Plan) -> None:
        plan.run()
        self.raise_if_failed(plan)
        if plan.finish:
            plan.finish()

    def raise_if_failed(self, plan: Plan) -> None:
        if plan.checked and plan.statuses.any():
            self.raise_failed(plan)

    def raise_failed(self, plan: Plan) -> None:
        failed = plan.statuses.tolist()
        plan.statuses[:] = 0
        step, number = next((s, n) for s, n in zip(self.program.every_step, failed, strict=True) if n)
        raise out_of_bounds(plan, *step.checks[number - 1])


class _Held:
    """Locks taken together, in one order for all programs. An interrupt gives back what it took."""

    def __init__(self, locks: Iterable[threading.RLock]):
        self.locks = sorted(locks, key=id)

    def __enter__(self) -> None:
        taken = []
        try:
            for lock in self.locks:
                lock.acquire()
                taken.append(lock)
        except BaseException:
            for lock in taken:
                lock.release()
            raise

    def __exit__(self, *_) -> None:
        for lock in reversed(self.locks):
            lock.release()


__all__ = ["PLANS", "Runner"]
