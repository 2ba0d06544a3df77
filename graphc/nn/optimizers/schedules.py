"""Learning rates that change with the step."""
from __future__ import annotations

import math
from collections.abc import Sequence

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ops import PUBLIC_NAMES as ops
from ..numeric import numeric
from ..registry import Registry

REGISTRY = Registry("learning rate schedule", "optimizers.schedules")
serialize, deserialize = REGISTRY.serialized, REGISTRY.restored


class LearningRateSchedule:
    """``schedule(step) -> learning rate``; step 0 is the first. Of an expression it gives an expression; of a number or an
    array, numbers. A schedule of one's own overrides ``__call__`` and `get_config`."""

    def __call__(self, step: Expr) -> Expr:
        raise NotImplementedError(f"{type(self).__name__} has no __call__ method")

    def get_config(self) -> dict:
        """What `from_config` makes an equal schedule of."""
        raise NotImplementedError(f"{type(self).__name__} has no get_config method")

    @classmethod
    def from_config(cls, config: dict) -> LearningRateSchedule:
        """A schedule as `get_config` describes it."""
        return cls(**config)


class _Decay(LearningRateSchedule):
    """From an initial learning rate downwards, in a number of steps."""

    def __init__(self, initial_learning_rate: float, decay_steps: int, name: str):
        _positive(self, "decay_steps", decay_steps)
        self.initial_learning_rate, self.decay_steps, self.name = initial_learning_rate, decay_steps, name

    def _passed(self, step: Expr, staircase: bool = False) -> Expr:
        """How many times `decay_steps` have gone by."""
        p = _float(step) / self.decay_steps
        return ops["floor"](p) if staircase else p

    def get_config(self):
        return {"initial_learning_rate": self.initial_learning_rate, "decay_steps": self.decay_steps, "name": self.name}


@REGISTRY.add
class ExponentialDecay(_Decay):
    """``initial * decay_rate ** (step / decay_steps)``; `staircase` rounds the exponent down.

    >>> schedule = ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)
    >>> print(schedule(0), schedule(20))
    0.1 0.025
    """

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False, name="ExponentialDecay"):
        super().__init__(initial_learning_rate, decay_steps, name)
        self.decay_rate, self.staircase = decay_rate, staircase

    @numeric
    def __call__(self, step):
        p = self._passed(step, self.staircase)
        return self.initial_learning_rate * ops["pow"](self.decay_rate, p)

    def get_config(self):
        return {**super().get_config(), "decay_rate": self.decay_rate, "staircase": self.staircase}


@REGISTRY.add
class InverseTimeDecay(_Decay):
    """``initial / (1 + decay_rate * step / decay_steps)``; `staircase` rounds ``step / decay_steps`` down."""

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False, name="InverseTimeDecay"):
        super().__init__(initial_learning_rate, decay_steps, name)
        self.decay_rate, self.staircase = decay_rate, staircase

    @numeric
    def __call__(self, step):
        return self.initial_learning_rate / (1 + self.decay_rate * self._passed(step, self.staircase))

    def get_config(self):
        return {**super().get_config(), "decay_rate": self.decay_rate, "staircase": self.staircase}


@REGISTRY.add
class PolynomialDecay(_Decay):
    """``(initial - end) * (1 - step / decay_steps) ** power + end``, and `end` from there on; with `cycle`, `decay_steps`
    becomes the next multiple of itself each time that it is passed."""

    def __init__(self, initial_learning_rate, decay_steps, end_learning_rate=0.0001, power=1.0, cycle=False,
                 name="PolynomialDecay"):
        super().__init__(initial_learning_rate, decay_steps, name)
        self.end_learning_rate, self.power, self.cycle = end_learning_rate, power, cycle

    @numeric
    def __call__(self, step):
        p = self._passed(step)
        p = p / ops["maximum"](ops["ceil"](p), 1) if self.cycle else ops["minimum"](p, 1)
        span = self.initial_learning_rate - self.end_learning_rate
        return span * ops["pow"](1 - p, self.power) + self.end_learning_rate

    def get_config(self):
        return {**super().get_config(), "end_learning_rate": self.end_learning_rate, "power": self.power,
                "cycle": self.cycle}


@REGISTRY.add
class CosineDecay(_Decay):
    """Half a cosine wave from `initial` to ``alpha * initial`` (Loshchilov and Hutter, 2017).

    With a `warmup_target` the rate first grows evenly from `initial` to it, in `warmup_steps`; it decays from there."""

    def __init__(self, initial_learning_rate, decay_steps, alpha=0.0, name="CosineDecay", warmup_target=None,
                 warmup_steps=0):
        super().__init__(initial_learning_rate, decay_steps, name)
        self.alpha, self.warmup_target, self.warmup_steps = alpha, warmup_target, warmup_steps

    @numeric
    def __call__(self, step):
        if self.warmup_target is None:
            return self._decayed(step, self.initial_learning_rate)
        decayed = self._decayed(_float(step) - self.warmup_steps, self.warmup_target)
        if not self.warmup_steps:
            return decayed
        slope = (self.warmup_target - self.initial_learning_rate) / self.warmup_steps
        return ops["where"](step < self.warmup_steps, slope * _float(step) + self.initial_learning_rate, decayed)

    def _decayed(self, step: Expr, start: float) -> Expr:
        return start * _cosine(ops["minimum"](self._passed(step), 1), self.alpha)

    def get_config(self):
        return {**super().get_config(), "alpha": self.alpha, "warmup_target": self.warmup_target,
                "warmup_steps": self.warmup_steps}


@REGISTRY.add
class CosineDecayRestarts(LearningRateSchedule):
    """`CosineDecay` again and again: each time `t_mul` times as long, from `m_mul` times the height (SGDR, Loshchilov and
    Hutter, 2017)."""

    def __init__(self, initial_learning_rate, first_decay_steps, t_mul=2.0, m_mul=1.0, alpha=0.0, name="SGDRDecay"):
        _positive(self, "first_decay_steps", first_decay_steps)
        if not t_mul >= 1:
            raise ArgumentError(f"CosineDecayRestarts: t_mul must be at least 1, got {t_mul!r}")
        self.initial_learning_rate, self.first_decay_steps = initial_learning_rate, first_decay_steps
        self.t_mul, self.m_mul, self.alpha, self.name = t_mul, m_mul, alpha, name

    @numeric
    def __call__(self, step):
        restarts, fraction = (x.astype("float32") for x in self._place(step.astype("float64") / self.first_decay_steps))
        height = ops["pow"](self.m_mul, restarts)
        return self.initial_learning_rate * _cosine(fraction, self.alpha, height)

    def _place(self, p: Expr) -> tuple[Expr, Expr]:
        """How many restarts there were, and the share of the present wave, once `p` times the first have gone by.

        The first n waves take ``(t_mul ** n - 1) / (t_mul - 1)``; a small number keeps restarts from being
        rounded away."""
        if self.t_mul == 1:
            return ops["floor"](p), p - ops["floor"](p)
        growth = self.t_mul - 1
        restarts = ops["floor"](ops["log"](1 + p * growth) / math.log(self.t_mul) + 1e-9)
        length = ops["pow"](self.t_mul, restarts)
        return restarts, (p - (length - 1) / growth) / length

    def get_config(self):
        return {"initial_learning_rate": self.initial_learning_rate, "first_decay_steps": self.first_decay_steps,
                "t_mul": self.t_mul, "m_mul": self.m_mul, "alpha": self.alpha, "name": self.name}


@REGISTRY.add
class PiecewiseConstantDecay(LearningRateSchedule):
    """``values[0]`` up to and with step ``boundaries[0]``, then ``values[1]`` up to and with the next, and so on."""

    def __init__(self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant"):
        if len(boundaries) != len(values) - 1:
            raise ArgumentError(f"PiecewiseConstantDecay: expected one boundary less than values, got {len(boundaries)} "
                                f"boundaries and {len(values)} values")
        if list(boundaries) != sorted(boundaries):
            raise ArgumentError(f"PiecewiseConstantDecay: boundaries must ascend, got {list(boundaries)}")
        self.boundaries, self.values, self.name = list(boundaries), list(values), name

    @numeric
    def __call__(self, step):
        rate = ops["full"](step.dims, self.values[-1], dtype="float32")
        for boundary, value in zip(reversed(self.boundaries), reversed(self.values[:-1]), strict=True):
            rate = ops["where"](_float(step) <= boundary, value, rate)
        return rate

    def get_config(self):
        return {"boundaries": self.boundaries, "values": self.values, "name": self.name}


def _cosine(p: Expr, alpha: float, height: Expr | float = 1) -> Expr:
    """From `height` to `alpha` in half a cosine wave, while p goes from 0 to 1."""
    return (1 - alpha) * (0.5 * height * (1 + ops["cos"](math.pi * p))) + alpha


def _float(step: Expr) -> Expr:
    return step.astype("float32")


def _positive(schedule: LearningRateSchedule, name: str, value) -> None:
    if not value > 0:
        raise ArgumentError(f"{type(schedule).__name__}: {name} must be positive, got {value!r}")


__all__ = ["CosineDecay", "CosineDecayRestarts", "ExponentialDecay", "InverseTimeDecay", "LearningRateSchedule",
           "PiecewiseConstantDecay", "PolynomialDecay", "deserialize", "serialize"]
