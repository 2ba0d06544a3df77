"""The base of all layers: what a call does around `call`."""
from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property, wraps
from inspect import Parameter
from typing import Any

from ...ir.errors import ArgumentError, GraphcError
from ...ir.expr import Expr, user_line
from ...ir.graph import substituted
from ...ir.leaves import as_expr, placeholder
from ...ir.registry import nearest
from ...ir.types import as_dtype, is_float
from .. import constraints, dtype_policies, initializers, regularizers, tree
from ..eager import as_data, computed
from ..functional import Call, remembered
from ..naming import unique_name
from ..registry import Registry
from ..trace import Trace
from ..variables import Variable
from .configuration import Configured, over_shapes
from .input_spec import check_inputs
from .tracking import Tracking

REGISTRY = Registry("layer", "layers")
LEFT_OUT = ("lora_rank", "lora_alpha", "quantization_config")
"""Arguments of Keras' layers that graphc has nothing for; None says the same there."""


class Layer(Tracking, Configured):
    """A function with weights: ``y = layer(x)``.

    Subclasses make their weights in ``build(self, input_shape)`` with `add_weight`, and say in ``call(self, inputs)``,
    which may take ``training`` and ``mask`` as well, what expression they stand for. A layer called on an expression gives
    an expression; on arrays, arrays. `dtype` is that of its weights; floats among its inputs are brought to it, unless
    `autocast` is False. It may be a `DTypePolicy`, or the name of one: with "mixed_float16" or "mixed_bfloat16", weights
    are float32, and what goes in and out has 16 bits."""

    supports_masking = False
    input_spec = None
    built = False
    _is_called = False
    _casts_results = True
    """Whether results have 16 bits where the policy is a mixed one; those of a model are those of its last layers."""

    def __new__(cls, *args, **kwargs):
        self = super().__new__(cls)
        vars(self).update(_given=(args, kwargs), _calls=[], _line=user_line())
        return self

    def __init__(self, *, activity_regularizer=None, trainable: bool = True, dtype=None, autocast: bool = True,
                 name: str | None = None, input_shape=None, input_dim: int | None = None, **unknown):
        self._check_arguments(unknown, trainable, name)
        self.name = unique_name(type(self)) if name is None else name
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.dtype_policy = dtype_policies.get(dtype)
        self.dtype, self.compute_dtype = self.dtype_policy.variable_dtype, self.dtype_policy.compute_dtype
        self.autocast = autocast
        self._trainable = trainable
        self.given_input_shape = _shape(input_shape, input_dim)

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        first, *parameters = inspect.signature(cls.__init__).parameters.values()
        cls.__signature__ = inspect.Signature(parameters)
        if "build" in vars(cls):
            cls.build = _building(cls.build)
        if cls.__module__.startswith(__name__.partition(".layers")[0]) and not cls.__name__.startswith("_"):
            REGISTRY.add(cls)

    def _check_arguments(self, unknown: dict, trainable, name) -> None:
        unknown = {key: value for key, value in unknown.items() if key not in LEFT_OUT or value is not None}
        for key in unknown:
            known = {p for base in type(self).__mro__ for p in inspect.signature(base.__init__).parameters} - {"self"}
            near = nearest(key, known) if key not in LEFT_OUT else ": graphc has neither adapters nor quantized layers"
            raise ArgumentError(f"{type(self).__name__} takes no argument {key!r}{near}")
        if not isinstance(trainable, bool):
            raise ArgumentError(f"{type(self).__name__}: trainable is True or False, not {trainable!r}")
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise ArgumentError(f"{type(self).__name__}: a name is a string without '/', not {name!r}")

    # ---- what subclasses say
    def build(self, input_shape) -> None:
        """Make the weights for an input of this shape (None: any size); for several inputs, of these shapes. With
        parameters called ``<argument>_shape``, it is given the shapes of these arguments of `call`."""

    def call(self, *args, **kwargs):
        """The layer's results, as expressions of its inputs and weights."""
        raise NotImplementedError(f"{type(self).__name__} has no call method")

    def compute_mask(self, inputs, previous_mask=None):
        """The mask of the results: which steps count."""
        return previous_mask if self.supports_masking else None

    def compute_output_shape(self, *input_shapes):
        """The shape of the results for inputs of these shapes (None: any size)."""
        with Trace():
            inputs = [over_shapes(lambda s: placeholder(s, self.compute_dtype), shape) for shape in input_shapes]
            return tree.mapped(lambda y: y.shape, self(*inputs))

    # ---- weights
    def add_weight(self, shape=None, initializer=None, dtype=None, trainable: bool = True, autocast: bool = True,
                   regularizer=None, constraint=None, aggregation="none", overwrite_with_gradient: bool = False,
                   name: str | None = None) -> Variable:
        """A Variable of this layer. Without an initializer, floats are drawn by Glorot's rule, others are zero.

        Raises ArgumentError inside `call`, which runs again and again: weights are made in `__init__` or `build`."""
        if isinstance(shape, str):
            raise ArgumentError(f"{self.name}: add_weight takes the shape first, and name=...")
        if self._is_called:
            raise ArgumentError(f"{self.name}: weights are made in __init__ or in build(input_shape), not in call")
        dtype = as_dtype(dtype or self.dtype)
        initializer = initializers.get(initializer or ("glorot_uniform" if is_float(dtype) else "zeros"))
        return self._track(Variable(initializer, _sizes(shape), dtype, trainable, name=self._path(name or "variable"),
                                    constraint=constraints.get(constraint), regularizer=regularizers.get(regularizer)))

    add_variable = add_weight

    @property
    def variable_dtype(self) -> str:
        """The dtype of the weights."""
        return self.dtype

    # ---- losses
    def add_loss(self, loss) -> None:
        """Add an expression of this call to what training minimizes."""
        trace = Trace.active()
        if trace is None:
            raise ArgumentError("add_loss belongs into a layer's call: what it adds depends on the call's inputs")
        trace.add_losses(self, [as_expr(graph) for graph in tree.leaves(loss)])

    @property
    def losses(self) -> list[Expr]:
        """The losses of the calls, in the active trace, of this layer and those below it; and of regularized weights."""
        trace = Trace.active()
        called = trace.losses_of(self._flattened()) if trace else []
        return called + [v.regularizer(v) for v in self.trainable_weights if v.regularizer]

    # ---- calls
    def __call__(self, *args, **kwargs):
        if "name" not in vars(self):
            raise ArgumentError(f"{type(self).__name__}.__init__ does not call super().__init__()")
        if Trace.active() is not None:
            return Trace.active().called(self, args, kwargs)
        if any(isinstance(x, Expr) for x in tree.leaves([args, kwargs])):
            return remembered(self, args, kwargs)
        training = self._parameters.get("training")
        modes = {"training": True} if training is not None and training.default is True and len(args) < 2 else {}
        args = (as_data(args[0]), *args[1:]) if args and isinstance(args[0], (list, tuple)) else args
        return computed(self, self.__call__, args, modes | kwargs, tuple(layer.trainable for layer in self._flattened()))

    def _traced(self, trace: Trace, args: tuple, kwargs: dict):
        bound = self._bound(*tree.mapped(lambda x: self._converted(trace, x), (args, kwargs)))
        arguments = _by_name(bound)
        inputs = next(iter(arguments.values()), None)
        with self._scope(), self._named_in_errors(inputs):
            self._check_inputs(inputs)
            self._build(arguments)
            mask = self._with_masks(trace, bound, arguments)
            with trace.mode(arguments.get("training", kwargs.get("training"))):
                if "training" in self._parameters:
                    bound.arguments["training"] = trace.training
                results = self._called(*bound.args, **bound.kwargs)
            if self.dtype != self.compute_dtype and self._casts_results:
                results = tree.mapped(lambda y: self._converted(trace, y), results)
            self._after(trace, inputs, results, mask)
        return results

    def _converted(self, trace: Trace, x):
        """An array as a constant; floats in the layer's dtype. A mask stays with its tensor."""
        if hasattr(x, "__array__") and not isinstance(x, Expr):
            x = as_expr(x)
        if not isinstance(x, Expr) or not self.autocast or not is_float(x.dtype) or x.dtype == self.compute_dtype:
            return x
        y = x.astype(self.compute_dtype) if is_float(as_dtype(self.compute_dtype)) else x
        if x in trace.masks:
            trace.masks[y] = trace.masks[x]
        return y

    @cached_property
    def _signature(self) -> inspect.Signature:
        return inspect.signature(self.call)

    @property
    def _parameters(self):
        return self._signature.parameters

    def _bound(self, args: tuple, kwargs: dict) -> inspect.BoundArguments:
        """The arguments of `call`, without a `training` that it does not take."""
        given = kwargs if "training" in self._parameters else {k: v for k, v in kwargs.items() if k != "training"}
        try:
            return self._signature.bind(*args, **given)
        except TypeError as error:
            raise ArgumentError(f"{self.name} ({type(self).__name__}): {error}; it takes {self._signature}") from None

    def _check_inputs(self, inputs) -> None:
        for x in tree.leaves(inputs):
            if x is not None and not isinstance(x, Expr):
                raise ArgumentError(f"a layer is called on tensors or arrays, not on {x!r}")
        if self.input_spec is not None:
            check_inputs(self.input_spec, inputs)

    def _build(self, arguments: dict) -> None:
        if self.built:
            return
        shapes = {f"{name}_shape": tree.mapped(lambda x: getattr(x, "shape", None), value)
                  for name, value in arguments.items() if _holds_tensors(value)}
        wanted = [name for name, p in inspect.signature(self.build).parameters.items()
                  if p.kind in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)]
        if len(wanted) > 1 and any(name in shapes for name in wanted):
            self.build(**{name: shapes[name] for name in wanted if name in shapes})
        else:
            self.build(*list(shapes.values() or [None])[:1])
        self.built = True

    def _with_masks(self, trace: Trace, bound: inspect.BoundArguments, arguments: dict) -> Any:
        """The mask of the first argument. Arguments of `call` that are masks and were not given become those of their
        tensors: ``mask`` where there is one tensor argument, ``query_mask`` for ``query`` where there are several."""
        tensors = {name: value for name, value in arguments.items() if _holds_tensors(value) and not name.endswith("mask")}
        found = {name: tree.mapped(trace.masks.get, value) for name, value in tensors.items()}
        names = {"mask": next(iter(tensors))} if len(tensors) == 1 else {f"{name}_mask": name for name in tensors}
        for mask, name in names.items():
            if mask in self._parameters and arguments.get(mask) is None and _any(found[name]):
                bound.arguments[mask] = found[name]
        given = arguments.get("mask")
        return next(iter(found.values()), None) if given is None else given

    def _called(self, *args, **kwargs):
        """What `call` gives; while it runs, no weights are made."""
        before, vars(self)["_is_called"] = self._is_called, True
        try:
            return self.call(*args, **kwargs)
        finally:
            vars(self)["_is_called"] = before

    def _after(self, trace: Trace, inputs, results, mask) -> None:
        outputs = [y for y in tree.leaves(results) if isinstance(y, Expr)]
        if self.activity_regularizer is not None:
            trace.add_losses(self, [_for_a_sample(self.activity_regularizer(y), y) for y in outputs])
        if not self.supports_masking and type(self).compute_mask is Layer.compute_mask:
            if _any(mask) and not any(name.endswith("mask") for name in self._parameters):
                warnings.warn(f"{self.name} ({type(self).__name__}) does not support masks: that of its input is lost",
                              stacklevel=2)
        elif not all(y in trace.masks for y in outputs) or not outputs:
            masks = tree.leaves(self.compute_mask(inputs, mask))
            trace.masks.update((y, m) for y, m in zip(outputs, masks, strict=False) if m is not None)

    @contextmanager
    def _named_in_errors(self, inputs) -> Iterator[None]:
        try:
            yield
        except GraphcError as error:
            head, _, line = str(error).partition("\n  at ")
            given = ", ".join(str(x.type) for x in tree.leaves(inputs) if isinstance(x, Expr))
            error.reason = (f"{head}\n  in the layer {self.name} ({type(self).__name__}), called on {given}"
                            f"\n  at {line or getattr(user_line(), 'bare', None)}")
            error.args = (error.reason,)
            raise
        except Exception as error:
            error.add_note(f"in the layer {self.name} ({type(self).__name__})")
            raise

    def stateless_call(self, trainable_variables, non_trainable_variables, *args, return_losses: bool = False, **kwargs):
        """The results with these values for the layer's Variables, and the next values of those that are not trained;
        nothing is assigned. With `return_losses` also the losses."""
        variables = [*self.trainable_variables, *self.non_trainable_variables]
        values = [as_expr(x) for x in (*trainable_variables, *non_trainable_variables)]
        if len(values) != len(variables):
            raise ArgumentError(f"{self.name} has {len(variables)} Variables, got {len(values)} values")
        with Trace(kwargs.get("training", False)) as trace:
            results = self(*args, **kwargs)
            losses = self.losses if return_losses else []
        state = [trace.updates.get(v, v) for v in self.non_trainable_variables]
        parts = [as_expr(x) for x in (*tree.leaves(results), *state, *losses)]
        new = substituted(parts, dict(zip(variables, values, strict=True)))
        count = len(parts) - len(state) - len(losses)
        outcome = tree.filled(results, list(new[:count])), list(new[count:count + len(state)])
        return (*outcome, list(new[count + len(state):])) if return_losses else outcome

    # ---- its place in a graph
    def remember(self, call: Call) -> None:
        """One more call of this layer on expressions, outside of any other."""
        self._calls.append(call)

    def _first_call(self, what: str) -> Call:
        if not self._calls:
            raise ArgumentError(f"{self.name} has no {what} yet: it was not called on expressions")
        return self._calls[0]

    @property
    def input(self):
        """What the layer was first called on: an expression, or a structure of them."""
        call = self._first_call("input")
        return call.args[0] if call.args else next(iter(call.kwargs.values()))

    @property
    def output(self):
        """The results of its first call on expressions."""
        return self._first_call("output").results

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


# ---- parts ----------------------------------------------------------------------------------------------------------
def _building(build: Callable) -> Callable:
    """`build` as it is called: in the layer's scope; it leaves `built` and the shapes behind."""
    signature = inspect.signature(build)

    @wraps(build)
    def building(self, *args, **kwargs):
        called, vars(self)["_is_called"] = self._is_called, False
        try:
            with self._scope():
                build(self, *args, **kwargs)
        finally:
            vars(self)["_is_called"] = called
        if type(self).build is building:
            shapes = dict(signature.bind(self, *args, **kwargs).arguments)
            shapes.pop(next(iter(shapes)))
            vars(self).update(_build_shapes=shapes, built=True)
    return building


Layer.build = _building(Layer.build)


def _shape(input_shape, input_dim: int | None) -> tuple | None:
    if input_dim is not None:
        return (input_dim,)
    return None if input_shape is None else tuple(input_shape)


def _sizes(shape) -> tuple:
    return () if shape is None else (shape,) if isinstance(shape, int) else tuple(shape)


def _by_name(bound: inspect.BoundArguments) -> dict[str, Any]:
    """Arguments by name, those in ``*args`` and ``**kwargs`` too."""
    arguments = dict(bound.arguments)
    for name, parameter in bound.signature.parameters.items():
        if parameter.kind is Parameter.VAR_POSITIONAL and name in arguments:
            arguments |= {f"{name}_{k}": x for k, x in enumerate(arguments.pop(name))}
        elif parameter.kind is Parameter.VAR_KEYWORD:
            arguments |= arguments.pop(name, {})
    return arguments


def _holds_tensors(value) -> bool:
    return any(isinstance(x, Expr) for x in tree.leaves(value))


def _any(mask) -> bool:
    return any(m is not None for m in tree.leaves(mask))


def _for_a_sample(loss: Expr, y: Expr) -> Expr:
    """A loss of a batch, divided by its size."""
    return loss / as_expr(y.dims[0]).astype(loss.dtype) if y.ndim else loss


__all__ = ["Layer", "REGISTRY"]
