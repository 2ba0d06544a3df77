"""The base of optimizers: their options, their state, their learning rate."""
from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from functools import wraps

import numpy as np

from ...interpreter import interpret
from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ir.leaves import as_expr
from ...ir.registry import nearest
from .. import initializers
from ..naming import unique_name
from ..registry import Registry
from ..trace import Trace
from ..variables import Variable, present
from .schedules import REGISTRY as SCHEDULES
from .schedules import LearningRateSchedule
from .step import Step

REGISTRY = Registry("optimizer", "optimizers")


class Optimizer(Step):
    """How weights follow gradients: ``optimizer.apply(gradients, variables)`` inside a train step.

    Subclasses make their state in ``build(self, variables)`` with `add_optimizer_variables`, and say in
    ``update_step(self, gradient, variable, learning_rate)`` what the Variable and its state become, by `assign`; what they
    read after that is what was assigned. `learning_rate` is a number, which may be set at any time, or a schedule of the
    steps done. All optimizers take these options:

    - `clipvalue` limits each element of a gradient, `clipnorm` the norm of each gradient, `global_clipnorm` that of all
      gradients together: one of them at most;
    - `weight_decay` takes this share of each weight, times the learning rate, at each step (Loshchilov and Hutter, 2019);
    - `use_ema` keeps moving averages of the weights, with the momentum `ema_momentum`, and puts them in the weights'
      place every `ema_overwrite_frequency` steps, or, if that is None, after the last epoch of `fit`;
    - `loss_scale_factor` multiplies the loss, and divides the gradients;
    - `gradient_accumulation_steps` is how many steps' gradients are averaged before the weights change once."""

    def __init__(self, learning_rate=0.001, weight_decay: float | None = None, clipnorm: float | None = None,
                 clipvalue: float | None = None, global_clipnorm: float | None = None, use_ema: bool = False,
                 ema_momentum: float = 0.99, ema_overwrite_frequency: int | None = None,
                 loss_scale_factor: float | None = None, gradient_accumulation_steps: int | None = None,
                 name: str | None = None, **unknown):
        self._refuse(unknown)
        _check(clipnorm, clipvalue, global_clipnorm, ema_momentum, ema_overwrite_frequency, gradient_accumulation_steps)
        self.name = name or unique_name(type(self))
        self.weight_decay, self.use_ema = weight_decay, use_ema
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.ema_momentum, self.ema_overwrite_frequency = ema_momentum, ema_overwrite_frequency
        self.loss_scale_factor, self.gradient_accumulation_steps = loss_scale_factor, gradient_accumulation_steps
        self.built = self._traced = False
        self._state: list[Variable] = []
        self._excluded: tuple[frozenset[Variable], re.Pattern | None] = frozenset(), None
        self._iterations = self.add_variable((), dtype="int64", name="iteration")
        self._rate = self._as_rate(learning_rate)

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        if "build" in vars(cls):
            cls.build = _once(cls.build)

    # ---- state
    @property
    def variables(self) -> list[Variable]:
        """All state: the steps done, the learning rate, and what belongs to each weight."""
        return list(self._state)

    def add_variable(self, shape, initializer="zeros", dtype=None, name: str | None = None) -> Variable:
        """A Variable of the optimizer's state."""
        name = name or "variable"
        variable = Variable(initializers.get(initializer), tuple(shape), dtype or "float32", False,
                            name=f"{self.name}/{name}")
        self._state.append(variable)
        return variable

    def add_variable_from_reference(self, reference_variable: Variable, name: str = "var",
                                    initializer="zeros") -> Variable:
        """A Variable of the optimizer's state, of the shape and dtype of a weight."""
        path = (reference_variable.path or reference_variable.label).replace("/", "_")
        return self.add_variable(reference_variable.shape, initializer, reference_variable.dtype, f"{path}_{name}")

    def add_optimizer_variables(self, trainable_variables: Sequence[Variable], name, initializer="zeros"):
        """State for each weight: a list, or one for each of several names."""
        names = [name] if isinstance(name, str) else list(name)
        kinds = list(initializer) if isinstance(initializer, (list, tuple)) else [initializer] * len(names)
        made = [[self.add_variable_from_reference(v, n, i) for n, i in zip(names, kinds, strict=True)]
                for v in trainable_variables]
        lists = tuple([states[k] for states in made] for k in range(len(names)))
        return lists[0] if isinstance(name, str) else lists

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the state for these weights. An optimizer is built once: after that, nothing is done."""
        self._weights = list(variables)
        self._place = {v: k for k, v in enumerate(self._weights)}
        self._averages = self._accumulated = []
        if self.use_ema:
            self._averages = self.add_optimizer_variables(self._weights, "average")
        if self.gradient_accumulation_steps:
            self._accumulated = self.add_optimizer_variables(self._weights, "gradient_accumulator")
        self.built = True

    def _get_variable_index(self, variable: Variable) -> int:
        return self._place[variable]

    def set_weights(self, weights: Iterable[np.ndarray]) -> None:
        """Set all state, in the order of `variables`; nothing is set unless every shape is right."""
        weights = [np.asarray(w) for w in weights]
        if len(weights) != len(self._state):
            raise ArgumentError(f"{self.name} has {len(self._state)} variables, got {len(weights)}: is it built?")
        for variable, weight in zip(self._state, weights, strict=True):
            if variable.shape != weight.shape:
                raise ArgumentError(f"{variable.path} has shape {variable.shape}, got {weight.shape}")
        for variable, weight in zip(self._state, weights, strict=True):
            variable.assign(weight)

    def save_own_variables(self, store: MutableMapping[str, np.ndarray]) -> None:
        """Put all state into a mapping, under the numbers of `variables`."""
        for k, variable in enumerate(self._state):
            store[str(k)] = variable.numpy()

    def load_own_variables(self, store: Mapping[str, np.ndarray]) -> None:
        """Set all state from what `save_own_variables` wrote."""
        self.set_weights([store[str(k)] for k in range(len(store))])

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        """With `use_ema`, put the averages in the place of these weights."""
        for variable in self.averages.keys() & set(var_list):
            variable.assign(self.averages[variable].numpy())

    @property
    def averages(self) -> dict[Variable, Variable]:
        """With `use_ema`, the moving average of each weight."""
        return dict(zip(self._weights, self._averages, strict=True)) if self.use_ema and self.built else {}

    # ---- learning rate
    @property
    def iterations(self) -> Expr:
        """How many times the weights have been updated."""
        steps = self.gradient_accumulation_steps
        return _seen(self._iterations // steps) if steps else self._iterations

    @property
    def learning_rate(self):
        """The learning rate of the next step: a Variable; of a schedule an expression within a train step, else a number."""
        if isinstance(self._rate, Variable):
            return self._rate
        return _seen(as_expr(self._rate(self._iterations)).astype("float32"))

    @learning_rate.setter
    def learning_rate(self, value) -> None:
        given = not isinstance(value, LearningRateSchedule)
        if given and isinstance(self._rate, Variable):
            self._rate.assign(np.float32(present(value, f"{self.name}.learning_rate")))
        elif given:
            raise ArgumentError(f"{self.name}: the learning rate follows a schedule, so that it cannot be set to {value!r}; "
                                "make the optimizer with a number")
        elif self._traced:
            raise ArgumentError(f"{self.name}: its step is compiled already, with the learning rate that it had; give the "
                                "schedule when the optimizer is made")
        else:
            self._state = [v for v in self._state if v is not self._rate]
            self._rate = value

    def _as_rate(self, value):
        if isinstance(value, LearningRateSchedule):
            return value
        if isinstance(value, Mapping):
            return SCHEDULES.restored(value)
        if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
            raise ArgumentError(f"{type(self).__name__}: learning_rate is a number or a LearningRateSchedule, got {value!r}")
        return self.add_variable((), initializers.Constant(float(value)), name="learning_rate")

    # ---- weight decay
    def exclude_from_weight_decay(self, var_list: Iterable[Variable] | None = None,
                                  var_names: Iterable[str] | None = None) -> None:
        """Let these weights alone, and all in whose name one of `var_names`, regular expressions, is found."""
        if self.built:
            raise ArgumentError(f"{self.name}: exclude_from_weight_decay comes before the first step")
        pattern = re.compile("|".join(sorted(set(var_names)))) if var_names else None
        self._excluded = frozenset(var_list or ()), pattern

    def _use_weight_decay(self, variable: Variable) -> bool:
        variables, pattern = self._excluded
        return variable not in variables and not (pattern and pattern.search(variable.name or ""))

    # ---- configuration
    def get_config(self) -> dict:
        """What `from_config` makes an equal optimizer of, without its state."""
        rate = float(self._rate.numpy()) if isinstance(self._rate, Variable) else SCHEDULES.serialized(self._rate)
        options = ("weight_decay", "clipnorm", "global_clipnorm", "clipvalue", "use_ema", "ema_momentum",
                   "ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps")
        return {"name": self.name, "learning_rate": rate, **{option: getattr(self, option) for option in options}}

    @classmethod
    def from_config(cls, config: dict) -> Optimizer:
        """An optimizer as `get_config` describes it."""
        return cls(**config)

    def _refuse(self, unknown: dict) -> None:
        if unknown.pop("decay", None) is not None:
            warnings.warn("the argument decay is ignored: give a schedule as learning_rate", stacklevel=4)
        if unknown:
            name, known = next(iter(unknown)), [p for c in type(self).__mro__ for p in inspect.signature(c).parameters]
            raise ArgumentError(f"{type(self).__name__} takes no argument {name!r}"
                                f"{nearest(name, dict.fromkeys(known))}")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _once(build: Callable) -> Callable:
    @wraps(build)
    def built(self, variables):
        if not self.built:
            build(self, variables)
    return built


def _seen(x: Expr) -> Expr | np.generic:
    """An expression of state; outside of a train step its present value."""
    return x if Trace.active() is not None else interpret([], x, [])


def _check(clipnorm, clipvalue, global_clipnorm, momentum, frequency, steps) -> None:
    if sum(x is not None for x in (clipnorm, clipvalue, global_clipnorm)) > 1:
        raise ArgumentError(f"only one of clipnorm, clipvalue and global_clipnorm can be set, got {clipnorm}, {clipvalue} "
                            f"and {global_clipnorm}")
    if not 0 <= momentum <= 1:
        raise ArgumentError(f"ema_momentum must be between 0 and 1, got {momentum!r}")
    for name, value, least in (("ema_overwrite_frequency", frequency, 1), ("gradient_accumulation_steps", steps, 2)):
        if value is not None and (not isinstance(value, int) or value < least):
            raise ArgumentError(f"{name} must be None or an int of at least {least}, got {value!r}")


__all__ = ["REGISTRY", "Optimizer"]
