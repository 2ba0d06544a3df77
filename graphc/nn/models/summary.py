"""A model as a table: its layers, what they give, how many weights they have, what they are connected to."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from ...ir.errors import ArgumentError, GraphcError
from ...ir.expr import Expr
from ...runtime.report import table
from .. import tree
from ..functional import Call, call_of
from ..layers.layer import Layer

if TYPE_CHECKING:
    from .model import Model

HEAD = ["Layer (type)", "Output Shape", "Param #"]


def summary(model: Model, line_length: int | None = None, positions: Sequence[float] | None = None,
            expand_nested: bool = False, show_trainable: bool = False, layer_range: Sequence[str] | None = None) -> str:
    """The table, and the totals below it. Layers without weights yet are "unbuilt", and their shapes unknown."""
    connected = hasattr(model, "_nodes")
    rows = [_row(layer, depth, _results(owner, layer), _sources(owner, layer) if connected else None, show_trainable)
            for owner, layer, depth in _within(model, _chosen(model.layers, layer_range), expand_nested)]
    head = [*HEAD, *["Connected to"] * connected, *["Trainable"] * show_trainable]
    lines = [f'Model: "{model.name}"', *table(head, rows).splitlines(), *_totals(model)]
    return "\n".join(line if line_length is None else line[:line_length] for line in lines)


def _within(owner: Model, layers: Iterable[Layer], expand: bool, depth: int = 0) -> Iterator[tuple[Model, Layer, int]]:
    for layer in layers:
        yield owner, layer, depth
        if expand and hasattr(layer, "layers"):
            yield from _within(layer, layer.layers, True, depth + 1)


def _chosen(layers: list[Layer], names: Sequence[str] | None) -> list[Layer]:
    if names is None:
        return layers
    places = [k for name in names for k, layer in enumerate(layers) if layer.name == name]
    if len(names) != 2 or len(places) != 2:
        raise ArgumentError(f"layer_range is the names of the first and the last layer, not {names!r}; "
                            f"the layers are {[layer.name for layer in layers]}")
    return layers[min(places):max(places) + 1]


def _row(layer: Layer, depth: int, results: list, sources: list[str] | None, show_trainable: bool) -> list[str]:
    count = f"{layer.count_params():,}" if layer.built or layer.weights else "0 (unbuilt)"
    cells = [f"{'  ' * depth}{layer.name} ({type(layer).__name__})", _shapes(layer, results), count]
    cells += [] if sources is None else [", ".join(sources)]
    return [*cells, *[("Y" if layer.trainable else "N") if layer.weights else "-"] * show_trainable]


def _calls(owner: Model, layer: Layer) -> list[Call]:
    """The calls of a layer in a model."""
    nodes = getattr(owner, "_nodes", None) or [x for result in getattr(owner, "_results", ()) for x in tree.leaves(result)]
    return list(dict.fromkeys(call for x in nodes if (call := call_of(x)) is not None and call.layer is layer))


def _results(owner: Model, layer: Layer) -> list:
    own = getattr(layer, "batch_shape", None)
    return [own] if own is not None else [tree.mapped(lambda y: y.shape, call.results) for call in _calls(owner, layer)]


def _shapes(layer: Layer, results: list) -> str:
    if not results and layer.built and getattr(layer, "_build_shapes", None):
        try:
            results = [layer.compute_output_shape(*layer._build_shapes.values())]
        except (GraphcError, NotImplementedError, TypeError):
            results = []
    return str(results[0]) if results else "?"


def _sources(owner: Model, layer: Layer) -> list[str]:
    """The layers whose results a layer is called on, directly or by way of expressions."""
    layers = dict(zip(getattr(owner, "inputs", ()), getattr(owner, "_input_layers", ()), strict=False))
    found: dict[str, None] = {}
    for call in _calls(owner, layer):
        stack, seen = list(reversed(call.operands)), set()
        while stack:
            x = stack.pop()
            if x in seen:
                continue
            seen.add(x)
            name = _made_by(x, layers)
            if name is None:
                stack += reversed(x.inputs)
            else:
                found[name] = None
    return list(found) or ["-"]


def _made_by(x: Expr, layers: dict[Expr, Layer]) -> str | None:
    call = call_of(x)
    if x in layers:
        return f"{layers[x].name}[0]"
    return None if call is None else f"{call.layer.name}[{x.attrs['index']}]"


def _totals(model: Model) -> list[str]:
    lines = [("Total params", model.weights), ("Trainable params", model.trainable_weights),
             ("Non-trainable params", model.non_trainable_weights)]
    state = getattr(model.optimizer, "variables", None)
    lines += [("Optimizer params", state)] if model.compiled and state and model.optimizer.built else []
    return [f"{name}: {sum(int(v.size) for v in variables):,} ({memory(variables)})" for name, variables in lines]


def memory(variables: Iterable) -> str:
    """How much memory weights take, as a person reads it."""
    size = float(sum(int(v.size) * v.dtype.itemsize for v in variables))
    for unit in ("B", "KB", "MB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} GB"


__all__ = ["memory", "summary"]
