"""Layer calls that are remembered: what makes a model of the expressions between its inputs and outputs.

A layer called on an expression gives an expression, as it is at inference. Around it stands a node, `layer_output`, that
knows the call. `replay` goes from outputs back to inputs and calls the layers anew: in training mode, on other inputs."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..ir.expr import Expr, originating
from ..ir.graph import topological
from ..ir.integer import Integer, Size, Symbol, symbols
from ..ir.resizing import Resizing
from ..ops.layer import layer_output
from . import tree
from .trace import Trace

if TYPE_CHECKING:
    from .layers.layer import Layer


class Call:
    """One call of a layer on expressions."""

    def __init__(self, layer: Layer, args: tuple, kwargs: dict[str, Any]):
        self.layer, self.args, self.kwargs = layer, args, kwargs
        self.masks: dict[Expr, Expr] = {}
        self.results: Any = None

    @property
    def operands(self) -> list[Expr]:
        """The expressions among the arguments."""
        return [x for x in tree.leaves([self.args, self.kwargs]) if isinstance(x, Expr)]

    def again(self, new: Mapping[Expr, Expr], layer: Layer | None = None) -> list:
        """The results of the same call, maybe of another layer, on what `new` has for its operands."""
        args, kwargs = tree.mapped(lambda x: new.get(x, x) if isinstance(x, Expr) else x, (self.args, self.kwargs))
        return tree.leaves((layer or self.layer)(*args, **kwargs))

    def __repr__(self) -> str:
        return self.layer.name


def remembered(layer: Layer, args: tuple, kwargs: dict[str, Any]) -> Any:
    """The results of calling `layer`, as it is at inference, that know where they come from."""
    call = Call(layer, args, kwargs)
    with Trace(training=False) as trace:
        for x in call.operands:
            trace.masks |= call_of(x).masks if call_of(x) else {}
        results = layer(*args, **kwargs)
    outputs = [layer_output(x, call=call, index=k) for k, x in enumerate(tree.leaves(results))]
    call.masks = {y: trace.masks[x] for x, y in zip(tree.leaves(results), outputs, strict=True) if x in trace.masks}
    call.results = tree.filled(results, outputs)
    layer.remember(call)
    return call.results


def call_of(x: Expr) -> Call | None:
    """The call that `x` is a result of, if a layer made it."""
    return x.attrs["call"] if x.op is layer_output else None


def operands(x: Expr) -> Sequence[Expr]:
    """What `x` was made of, in terms of layers."""
    call = call_of(x)
    return x.inputs if call is None else call.operands


def order(outputs: Iterable[Expr], inputs: Iterable[Expr]) -> tuple[Expr, ...]:
    """The nodes between `inputs` and `outputs`, layer calls as one step each, operands first."""
    return topological(outputs, inputs, operands)


def replay(outputs: Sequence[Expr], values: Mapping[Expr, Expr], layers: Mapping[Layer, Layer] | None = None) -> list[Expr]:
    """`outputs` anew, in the active trace if there is one, with `values` for the inputs, and maybe other `layers` in the
    place of some."""
    new = dict(values)
    resizing = Resizing(_sizes(values))
    results: dict[Call, list] = {}
    for node in order(outputs, values):
        call = call_of(node)
        if node in new:
            continue
        if call is None:
            with originating(node.line):
                new[node] = resizing.node(node, tuple(new[x] for x in node.inputs))
            continue
        if call not in results:
            results[call] = call.again(new, (layers or {}).get(call.layer))
        new[node] = results[call][node.attrs["index"]]
    return [new[x] for x in outputs]


def _sizes(values: Mapping[Expr, Expr]) -> dict[Symbol, Size]:
    """What the unknown sizes of the inputs are in what stands for these."""
    found: dict[Symbol, Size] = {}
    for old, new in values.items():
        for size, other in zip(old.dims, new.dims, strict=True):
            if len(known := symbols(size)) == 1 and size == Integer({(only := next(iter(known)),): 1}):
                found.setdefault(only, other)
    return found


__all__ = ["Call", "call_of", "operands", "order", "remembered", "replay"]
