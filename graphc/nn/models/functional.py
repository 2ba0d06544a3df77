"""Models of the expressions between some inputs and outputs."""
from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ir.sizes import with_bodies
from ...ops.shape import expand_dims, squeeze
from .. import tree
from ..functional import Call, call_of, operands, order, replay
from ..layers.core import InputLayer
from ..layers.layer import Layer
from .configuration import clone_model, functional_config, functional_from_config
from .model import Model


class Functional(Model):
    """The graph between some inputs and outputs: expressions, lists or dicts of them."""

    def __init__(self, inputs, outputs, name: str | None = None, trainable: bool | None = None, **kwargs):
        Layer.__init__(self, name=name, **kwargs)
        self._structures = inputs, outputs
        self.inputs, self.outputs = _expressions("inputs", inputs), _expressions("outputs", outputs)
        self._nodes = order(self.outputs, self.inputs)
        self._input_layers = [getattr(x, "layer", None) or InputLayer(input_tensor=x) for x in self.inputs]
        self._check_connected()
        self._check_loops()
        self._operations = layers_by_depth(self.outputs, self.inputs, self._input_layers)
        self._check_names()
        self.output_names = [_name(x) for x in self.outputs]
        if trainable is not None:
            self.trainable = trainable
        self.built = True

    def _check_connected(self) -> None:
        known = set(self.inputs)
        for x in self._nodes:
            if x.op.name == "placeholder" and x not in known:
                raise ArgumentError(f"{self.name}: the outputs need the input {x.name or x.type}, which is not among the "
                                    f"inputs {[_name(y) for y in self.inputs]}")

    def _check_loops(self) -> None:
        """A loop between layers is replayed as it is: as it was written down, at inference."""
        between = set(self._nodes)
        for call in filter(None, (call_of(x) for x in with_bodies(self._nodes) if x not in between)):
            if any("training" in layer._parameters for layer in call.layer._flattened()):
                raise ArgumentError(f"{self.name}: {call.layer.name} is called inside a loop or branch between layers, "
                                    "where it would never train: put the loop into the call of a layer of your own")

    def _check_names(self) -> None:
        for name, times in Counter(layer.name for layer in self._operations).items():
            if times > 1:
                raise ArgumentError(f"{self.name}: {times} layers are named {name!r}; each needs a name of its own")

    @property
    def input(self):
        """The inputs, in the structure that they were given in."""
        return self._structures[0]

    @property
    def output(self):
        """The outputs, in the structure that they were given in."""
        return self._structures[1]

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs."""
        return [_name(x) for x in self.inputs]

    @property
    def input_shape(self):
        """The shapes of the inputs, the batch axis (None) included."""
        return tree.mapped(lambda x: x.shape, self.input)

    @property
    def output_shape(self):
        """The shapes of the outputs, the batch axis (None) included."""
        return tree.mapped(lambda x: x.shape, self.output)

    @property
    def layers(self) -> list[Layer]:
        """The layers, from the inputs to the outputs."""
        others = [layer for layer in self._layers if not any(layer is known for known in self._operations)]
        return [*self._operations, *others]

    # ---- calls
    def build(self, input_shape=None) -> None:
        """Nothing: the weights are made when layers are called."""

    def call(self, inputs, training=None, mask=None):
        given = [_cast(fitting(x, wanted, self.name), wanted)
                 for x, wanted in zip(self._arranged(inputs), self.inputs, strict=True)]
        return tree.filled(self._structures[1], replay(self.outputs, dict(zip(self.inputs, given, strict=True))))

    def _arranged(self, inputs) -> list:
        """What is given for the inputs, in their order; a dict is read by their names."""
        if isinstance(inputs, dict):
            names = sorted(self.input) if isinstance(self.input, dict) else self.input_names
            if missing := [name for name in names if name not in inputs]:
                raise ArgumentError(f"{self.name} takes the inputs {names}; {missing} are missing from {sorted(inputs)}")
            return [inputs[name] for name in names]
        given = tree.leaves(inputs)
        if len(given) != len(self.inputs):
            raise ArgumentError(f"{self.name} takes {len(self.inputs)} inputs ({', '.join(self.input_names)}); "
                                f"got {len(given)}")
        return given

    def _shapes_of(self, x) -> list:
        found = {}
        for array, wanted in zip(self._arranged(x), self.inputs, strict=True):
            if array.ndim == wanted.ndim:
                check_shape(array.shape, wanted, self.name)
                found[id(array)] = wanted.shape
        return [found.get(id(array)) for array in tree.leaves(x) if array is not None]

    # ---- configuration
    def get_config(self) -> dict:
        """The layers and how they are connected."""
        return functional_config(self)

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Functional:
        """A model as `get_config` describes it, with weights of its own."""
        return functional_from_config(cls, config, custom_objects)

    def _anew(self) -> Functional:
        return clone_model(self)


Model.functional = Functional


def _expressions(what: str, structure: Any) -> list[Expr]:
    found = tree.leaves(structure)
    for x in found:
        if not isinstance(x, Expr):
            raise ArgumentError(f"{what} of a model are what Input and layers give, not {x!r}")
    return found


def _name(x: Expr) -> str:
    call = call_of(x)
    layer = call.layer if call is not None else getattr(x, "layer", None)
    return layer.name if layer is not None else x.name or x.op.name


def fitting(x: Expr, wanted: Expr, model: str) -> Expr:
    """`x` with the rank of an input: (n,) for (n, 1) gains an axis, (n, 1) for (n,) loses one."""
    if x.ndim == wanted.ndim + 1 and x.shape[-1] == 1:
        x = squeeze(x, -1)
    elif x.ndim == wanted.ndim - 1 and wanted.shape[-1] == 1:
        x = expand_dims(x, -1)
    check_shape(x.shape, wanted, model)
    return x


def _cast(x: Expr, wanted: Expr) -> Expr:
    return x if x.dtype == wanted.dtype else x.astype(wanted.dtype)


def check_shape(shape: Sequence[int | None], wanted: Expr, model: str) -> None:
    """Raises ArgumentError where the input `wanted` of a model does not take this shape."""
    if len(shape) != wanted.ndim or any(
            isinstance(a, int) and isinstance(b, int) and a != b for a, b in zip(shape, wanted.shape, strict=True)):
        raise ArgumentError(f"{model}: the input {wanted.name or ''} has shape {wanted.shape}, got {tuple(shape)}")


def layers_by_depth(outputs: Sequence[Expr], inputs: Sequence[Expr], input_layers: Sequence[Layer]) -> list[Layer]:
    """The layers between inputs and outputs, those that are furthest from the outputs first, and those that are equally
    far as a walk back from the outputs meets them."""
    layers = dict(zip(inputs, input_layers, strict=True))
    place: dict[int, int] = {}
    stack = list(reversed(outputs))
    seen: set[Expr] = set()
    while stack:
        x = stack.pop()
        if x not in seen:
            seen.add(x)
            place.setdefault(id(_operation(x, layers)), len(place))
            stack += reversed([] if x in layers else operands(x))
    depth: dict[int, int] = {}
    found: dict[int, Layer] = {}
    for x in reversed(order(outputs, inputs)):
        operation = _operation(x, layers)
        found.setdefault(id(operation), operation)
        mine = depth.setdefault(id(operation), 0)
        for y in [] if x in layers else operands(x):
            key = id(_operation(y, layers))
            depth[key] = max(depth.get(key, 0), mine + 1)
    ordered = sorted(found, key=lambda key: (-depth[key], place.get(key, len(place))))
    return [found[key] for key in ordered if isinstance(found[key], Layer)]


def _operation(x: Expr, layers: dict[Expr, Layer]) -> Layer | Expr:
    call: Call | None = None if x in layers else call_of(x)
    return call.layer if call is not None else layers.get(x, x)


__all__ = ["Functional", "check_shape", "fitting", "layers_by_depth"]
