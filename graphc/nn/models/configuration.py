"""Models as dicts of numbers and strings, and back: layers by name, calls by number, expressions as text."""
from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ir.graph import Graph, substituted
from ...ir.leaves import Variable, placeholder
from ...ir.loop import is_loop, with_bodies
from ...ir.text import parse, text
from ...ir.types import as_dtype
from ...ops.layer import layer_output
from .. import tree
from ..functional import Call, call_of, replay
from ..layers.core import InputLayer
from ..layers.layer import REGISTRY, Layer
from ..registry import custom_object_scope
from ..saving.weights import understood

if TYPE_CHECKING:
    from .functional import Functional
    from .model import Model
    from .sequential import Sequential

TENSOR, EXPRESSION, DTYPE = "__keras_tensor__", "__expression__", "__dtype__"


# ---- sequential -----------------------------------------------------------------------------------------------------
def sequential_config(model: Sequential) -> dict:
    """The layers in order, the Input first."""
    layers = [*([model._input_layer] if model._input_layer is not None else []), *model.layers]
    config = {"name": model.name, "trainable": model.trainable, "dtype": model.dtype_policy.name,
              "layers": [layer_config(layer) for layer in layers]}
    return config | ({"build_input_shape": list(model.input_shape)} if model._input_layer is not None else {})


def sequential_from_config(cls: type, config: dict, custom_objects: dict | None = None) -> Sequential:
    """The model that `sequential_config` wrote down."""
    with custom_object_scope(custom_objects) if custom_objects else nullcontext():
        model = cls(name=config.get("name"))
        for part in config["layers"]:
            model.add(layer_of(part))
    shape = config.get("build_input_shape")
    if shape is not None and not model.built:
        model.build(tuple(shape))
    if not config.get("trainable", True):
        model.trainable = False
    return model


# ---- functional -----------------------------------------------------------------------------------------------------
def functional_config(model: Functional) -> dict:
    """The layers from inputs to outputs, each with its calls."""
    writer = _Writer(model)
    layers = [{**layer_config(layer), "name": layer.name, "inbound_nodes": writer.nodes(layer)}
              for layer in model._operations]
    return {"name": model.name, "trainable": model.trainable, "layers": layers,
            "input_layers": tree.mapped(writer.place, model.input),
            "output_layers": tree.mapped(writer.output, model.output)}


def functional_from_config(cls: type, config: dict, custom_objects: dict | None = None) -> Functional:
    """The model that `functional_config` wrote down."""
    with custom_object_scope(custom_objects) if custom_objects else nullcontext():
        reader = _Reader(config["layers"])
    inputs = _over_places(reader.tensor_at, config["input_layers"])
    outputs = _over_places(lambda x: reader.tensor_at(x) if _is_place(x) else reader.read(x), config["output_layers"])
    return cls(inputs, outputs, name=config.get("name"), trainable=None if config.get("trainable", True) else False)


class _Writer:
    """Tensors by the layer that made them, and the numbers of its call and result in this model."""

    def __init__(self, model: Functional):
        self.inputs = dict(zip(model.inputs, model._input_layers, strict=True))
        self.calls: dict[int, list[Call]] = {}
        for x in model._nodes:
            call = None if x in self.inputs else call_of(x)
            if call is not None and call not in self.calls.setdefault(id(call.layer), []):
                self.calls[id(call.layer)].append(call)

    def nodes(self, layer: Layer) -> list[dict]:
        """The calls of a layer."""
        return [{"args": self.written(call.args), "kwargs": self.written(call.kwargs)}
                for call in self.calls.get(id(layer), [])]

    def place(self, x: Expr) -> list:
        """A tensor as ``[layer, call, result]``."""
        if x in self.inputs:
            return [self.inputs[x].name, 0, 0]
        call = call_of(x)
        return [call.layer.name, self.calls[id(call.layer)].index(call), x.attrs["index"]]

    def output(self, x: Expr):
        """An output: a tensor, or an expression of tensors."""
        return self.place(x) if self._is_tensor(x) else self.written(x)

    def _is_tensor(self, x: Expr) -> bool:
        return x in self.inputs or call_of(x) is not None

    def written(self, value) -> Any:
        """An argument as JSON can hold it."""
        if isinstance(value, (list, tuple)):
            return [self.written(x) for x in value]
        if isinstance(value, dict):
            return {key: self.written(x) for key, x in value.items()}
        if isinstance(value, Expr):
            return self._tensor(value) if self._is_tensor(value) else self._expression(value)
        if isinstance(value, np.dtype):
            return {"class_name": DTYPE, "config": {"name": value.name}}
        if isinstance(value, np.ndarray):
            return value.tolist()
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        raise ArgumentError(f"the argument {value!r} of a layer's call cannot be written down")

    def _tensor(self, x: Expr) -> dict:
        return {"class_name": TENSOR,
                "config": {"shape": list(x.shape), "dtype": x.dtype.name, "keras_history": self.place(x)}}

    def _expression(self, x: Expr) -> dict:
        """What stands between layers, as the text of a graph over their results."""
        roots, nodes = self._roots(x)
        for node in nodes:
            if isinstance(node, Variable):
                raise ArgumentError(f"the expression {x} uses the Variable {node.label}, which belongs to no layer: "
                                    "put it into a layer of your own")
        stands_in = {root: placeholder(root.dims, root.dtype) for root in roots}
        graph = _without_calls(Graph(tuple(stands_in.values()), substituted([x], stands_in)))
        return {"class_name": EXPRESSION,
                "config": {"graph": text(graph, full=True, lines=False), "operands": [self._tensor(r) for r in roots]}}

    def _roots(self, x: Expr) -> tuple[list[Expr], list[Expr]]:
        """The tensors that an expression is made of, and what stands between."""
        stack, roots, between = [x], {}, {}
        while stack:
            node = stack.pop()
            if self._is_tensor(node):
                roots[node] = None
            elif node not in between:
                between[node] = None
                stack += reversed(node.inputs)
        return list(roots), list(between)


def _without_calls(graph: Graph) -> Graph:
    """The graph with the calls of layers inside loops as what they are."""
    return graph.rewrite(lambda node: node.inputs[0] if node.op is layer_output else with_bodies(node, _without_calls)
                         if is_loop(node) else node)


class _Reader:
    """Layers made anew and called as they were."""

    def __init__(self, configs: list[dict]):
        self.layers = {config["name"]: layer_of(config) for config in configs}
        self.results: dict[tuple[str, int], list] = {}
        self.nodes = {config["name"]: config.get("inbound_nodes", []) for config in configs}
        for name, layer in self.layers.items():
            if isinstance(layer, InputLayer):
                self.results[name, 0] = [layer.output]

    def tensor_at(self, place: list) -> Expr:
        """The tensor at ``[layer, call, result]``; what it is made of is made first."""
        stack, waiting = [tuple(place[:2])], set()
        while stack:
            name, number = stack[-1]
            if name not in self.layers or number >= max(1, len(self.nodes[name])):
                raise ArgumentError(f"the configuration has no call {number} of a layer {name!r}")
            known = (name, number) in self.results
            node = None if known else self.nodes[name][number]
            missing = [] if known else [p for p in map(tuple, _places(node)) if p not in self.results]
            if missing and (name, number) in waiting:
                raise ArgumentError(f"the configuration's layer {name!r} is called on its own result")
            waiting.add((name, number))
            stack += missing
            if not missing:
                stack.pop()
                if not known:
                    args, kwargs = self.read(node["args"]), self.read(node["kwargs"])
                    self.results[name, number] = tree.leaves(self.layers[name](*args, **kwargs))
        return self.results[tuple(place[:2])][place[2]]

    def read(self, value) -> Any:
        """What `_Writer.written` wrote."""
        if isinstance(value, list):
            return [self.read(x) for x in value]
        if not isinstance(value, dict):
            return value
        kind, config = value.get("class_name"), value.get("config", {})
        if kind == TENSOR:
            return self.tensor_at(config["keras_history"])
        if kind == DTYPE:
            return as_dtype(config["name"])
        if kind == EXPRESSION:
            graph = parse(config["graph"])
            operands = [self.read(x) for x in config["operands"]]
            return replay(graph.outputs, dict(zip(graph.inputs, operands, strict=True)))[0]
        return {key: self.read(x) for key, x in value.items()}


def _is_place(value) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 3 and isinstance(value[0], str) \
        and all(isinstance(k, int) for k in value[1:])


def _places(value) -> list[list]:
    """The calls that a node needs, as ``[layer, call]``."""
    if isinstance(value, dict):
        if value.get("class_name") == TENSOR:
            return [value["config"]["keras_history"][:2]]
        return [p for x in value.values() for p in _places(x)]
    return [p for x in value for p in _places(x)] if isinstance(value, (list, tuple)) else []


def _over_places(function: Callable, structure) -> Any:
    if _is_place(structure) or isinstance(structure, dict) and "class_name" in structure:
        return function(structure)
    if isinstance(structure, dict):
        return {key: _over_places(function, x) for key, x in structure.items()}
    return [_over_places(function, x) for x in structure]


# ---- layers and models ----------------------------------------------------------------------------------------------
def layer_config(layer: Layer) -> dict:
    """A layer as JSON can hold it."""
    return REGISTRY.serialized(layer)


def layer_of(config: Mapping) -> Layer:
    """A layer as `layer_config` describes it, with weights of its own."""
    return REGISTRY.restored(config)


def model_from_config(config: Mapping, custom_objects: Mapping[str, Any] | None = None) -> Model:
    """A model from ``{"class_name": ..., "config": model.get_config()}``."""
    with custom_object_scope(custom_objects) if custom_objects else nullcontext():
        return layer_of(config)


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Model:
    """The model that `Model.to_json` describes, with weights of its own. `custom_objects` maps names to your classes."""
    with understood("the JSON of a model"):
        return model_from_config(json.loads(json_string), custom_objects)


def clone_model(model: Model, input_tensors=None, clone_function: Callable[[Layer], Layer] | None = None) -> Model:
    """A model of the same layers with weights of their own. `clone_function` gives the new layer for each layer;
    `input_tensors` are placeholders to begin with."""
    make = clone_function or (lambda layer: layer._anew())
    if hasattr(model, "_stack"):
        return _cloned_sequential(model, input_tensors, make)
    if not hasattr(model, "_nodes"):
        if input_tensors is not None or clone_function is not None:
            raise ArgumentError(f"clone_model: {model.name} has a call of its own; it can only be made anew as a whole")
        return type(model).from_config(model.get_config())
    given = tree.leaves(input_tensors) if input_tensors is not None else [
        InputLayer.from_config(layer.get_config()).output for layer in model._input_layers]
    copies = {layer: make(layer) for layer in model._operations if not isinstance(layer, InputLayer)}
    outputs = replay(model.outputs, dict(zip(model.inputs, given, strict=True)), copies)
    return type(model)(tree.filled(model.input, given), tree.filled(model.output, outputs), name=model.name,
                       trainable=None if model.trainable else False)


def _cloned_sequential(model: Sequential, input_tensors, make: Callable[[Layer], Layer]) -> Sequential:
    given = tree.leaves(input_tensors) if input_tensors is not None else \
        [InputLayer.from_config(model._input_layer.get_config())] if model._input_layer is not None else []
    return type(model)([*given, *map(make, model.layers)], name=model.name, trainable=model.trainable)


__all__ = ["clone_model", "functional_config", "functional_from_config", "model_from_config", "model_from_json",
           "sequential_config", "sequential_from_config"]
