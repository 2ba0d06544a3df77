"""Running a program step by step, looking for the first NaN or infinity."""
from __future__ import annotations

import numpy as np

from ..ir.errors import NotFinite
from ..ir.expr import Expr, label
from ..ir.inputs import describe
from ..ir.leaves import Variable
from ..ir.types import is_float
from ..passes.kernels import root
from .plan import Plan, addressed
from .runner import Runner


class CheckedRunner(Runner):
    """As `Runner`; raises NotFinite for the first input or node that holds a NaN or an infinity, and changes no Variable
    then."""

    def place(self, plan, arrays):
        for k, (x, array) in enumerate(zip(self.inputs, arrays, strict=True)):
            if is_float(x.dtype) and not finite(array):
                raise NotFinite(f"{describe(x, k)} holds {first_bad(array)}")
        return super().place(plan, arrays)

    def run(self, plan: Plan) -> None:
        before = [(v, v.numpy()) for v, _ in self.program.graph.updates]
        try:
            self.run_steps(plan)
        except Exception:
            for variable, value in before:
                variable.assign(value)
            raise

    def run_steps(self, plan: Plan) -> None:
        for k, step in enumerate(self.program.steps):
            plan.run_step(k)()
            if plan.statuses.any():
                self.raise_failed(plan)
            for node, word in zip(step.words, plan.words[plan.starts[k]:], strict=False):
                if isinstance(node, Expr) and any(node is w for w in step.writes) and is_float(node.dtype):
                    self.check(node, addressed(int(word), plan.shape(node), node.dtype))

    def check(self, node: Expr, array: np.ndarray) -> None:
        if not finite(array):
            operands = ", ".join(f"{label(root(x))}:{x.type}" for x in node.inputs)
            held = [f"; {v.label} holds {first_bad(v.storage)}" for v in map(root, node.inputs)
                    if isinstance(v, Variable) and not finite(v.storage)]
            raise NotFinite(f"{node.op.name}({operands}) made {first_bad(array)}{''.join(held)}\n  made at {node.line}")


def finite(array: np.ndarray) -> bool:
    """Whether an array of floats holds neither a NaN nor an infinity."""
    return bool(np.isfinite(array.astype(np.float32) if array.dtype.itemsize == 2 else array).all())


def first_bad(array: np.ndarray) -> str:
    """``nan at (0, 3)``"""
    wide = array.astype(np.float64)
    place = tuple(int(i) for i in np.argwhere(~np.isfinite(wide))[0])
    return f"{wide[place]} at {place}"
