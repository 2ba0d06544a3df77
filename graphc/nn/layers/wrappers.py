"""Layers around a layer: over a sequence from both ends, and over each of its steps."""
from __future__ import annotations

from ...ir.errors import ArgumentError
from ...ops.rearrange import concat, flip
from ...ops.shape import reshape
from .. import tree
from .layer import REGISTRY, Layer

MERGES = {"concat": lambda y, z: concat([y, z], -1), "sum": lambda y, z: y + z, "mul": lambda y, z: y * z,
          "ave": lambda y, z: (y + z) / 2, None: lambda y, z: (y, z)}
"""What becomes of the outputs of both directions."""


class Bidirectional(Layer):
    """A recurrent layer and another one that begins at the end; their outputs are put together as `merge_mode` says:
    "concat", "sum", "mul", "ave", or None for both (Schuster and Paliwal, "Bidirectional Recurrent Neural Networks", 1997).

    Both are made anew from the configuration of `layer`, unless there is a `backward_layer`. States are those of the first,
    then those of the second."""

    supports_masking = True

    def __init__(self, layer, merge_mode="concat", weights=None, backward_layer=None, **kwargs):
        for given in (layer, *([] if backward_layer is None else [backward_layer])):
            if not isinstance(given, Layer) or not hasattr(given, "go_backwards"):
                raise ArgumentError(f"Bidirectional takes a recurrent layer, not {given!r}")
        if merge_mode not in MERGES:
            raise ArgumentError(f"merge_mode is one of {', '.join(map(repr, MERGES))}, not {merge_mode!r}")
        super().__init__(**kwargs)
        self.forward_layer = _again(layer, "forward_")
        self.backward_layer = backward_layer or _again(layer, "backward_", go_backwards=not layer.go_backwards)
        self._check()
        self.merge_mode = merge_mode
        self.stateful, self.return_sequences, self.return_state = layer.stateful, layer.return_sequences, layer.return_state
        for each in (self.forward_layer, self.backward_layer):
            each.zero_output_for_mask = each.return_sequences
        self.input_spec = layer.input_spec
        self._first_weights = weights

    def _check(self) -> None:
        one, other = self.forward_layer, self.backward_layer
        if one.go_backwards == other.go_backwards:
            raise ArgumentError(f"{self.name}: one of the layers must go backwards, and the other forwards")
        for name in ("stateful", "return_sequences", "return_state"):
            if getattr(one, name) != getattr(other, name):
                raise ArgumentError(f"{self.name}: both layers must have the same {name}")

    def build(self, sequences_shape, initial_state_shape=None):
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer.build(sequences_shape)
        if self._first_weights:
            self.set_weights(self._first_weights)

    def call(self, sequences, initial_state=None, mask=None, training=None):
        half = len(initial_state or ()) // 2
        first = [None, None] if initial_state is None else [initial_state[:half], initial_state[half:]]
        (y, *states), (z, *more) = (
            self._listed(layer(sequences, initial_state=state, mask=mask, training=training))
            for layer, state in zip((self.forward_layer, self.backward_layer), first, strict=True))
        merged = MERGES[self.merge_mode](y, flip(z, 1) if self.return_sequences else z)
        if not self.return_state:
            return merged
        return (*(merged if self.merge_mode is None else (merged,)), *states, *more)

    def _listed(self, results) -> list:
        return list(results) if self.return_state else [results]

    def reset_state(self) -> None:
        """Set the states of both layers to zeros."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    reset_states = reset_state

    @property
    def states(self):
        """The states of both layers, where they are stateful."""
        found = [layer.states for layer in (self.forward_layer, self.backward_layer)]
        return None if None in found else tuple(x for states in found for x in states)

    def compute_mask(self, inputs, previous_mask=None):
        mask = next(iter(tree.leaves(previous_mask)), None) if self.return_sequences else None
        outputs = [mask, mask] if self.merge_mode is None else [mask]
        states = 2 * len(self.forward_layer.state_size) if self.return_state else 0
        found = [*outputs, *(None for _ in range(states))]
        return found if len(found) > 1 else mask

    def get_config(self):
        return {**super().get_config(), "merge_mode": self.merge_mode, "layer": REGISTRY.serialized(self.forward_layer),
                "backward_layer": REGISTRY.serialized(self.backward_layer)}

    @classmethod
    def from_config(cls, config):
        layers = {name: REGISTRY.get(config[name]) for name in ("layer", "backward_layer") if config.get(name) is not None}
        return cls(**{**config, **layers})


def _again(layer: Layer, prefix: str, **changes) -> Layer:
    """A layer of the same configuration, but for `changes`."""
    config = {**layer.get_config(), "name": prefix + layer.name.removeprefix(prefix), **changes}
    return type(layer).from_config(config)


class Wrapper(Layer):
    """A layer around another, `layer`: what it does is said in the subclass's `call`."""

    def __init__(self, layer, **kwargs):
        if not isinstance(layer, Layer):
            raise ArgumentError(f"{type(self).__name__} takes a layer, not {layer!r}")
        super().__init__(**kwargs)
        self.layer = layer

    def build(self, input_shape):
        if not self.layer.built:
            self.layer.build(input_shape)

    def get_config(self):
        return {**super().get_config(), "layer": REGISTRY.serialized(self.layer)}

    @classmethod
    def from_config(cls, config):
        return cls(REGISTRY.get(config["layer"]), **{key: value for key, value in config.items() if key != "layer"})


class TimeDistributed(Wrapper):
    """A layer, applied to every step of sequences: ``[batch, steps, ...] -> [batch, steps, ...]``.

    It sees the steps of all sequences as one batch. In training, that makes a difference for BatchNormalization alone, whose
    statistics are then of all steps together, not of one step after the other as in Keras 3."""

    supports_masking = True

    def build(self, input_shape):
        if len(input_shape) < 3:
            raise ArgumentError(f"{self.name}: TimeDistributed takes [batch, steps, ...], not {tuple(input_shape)}")
        super().build((input_shape[0], *input_shape[2:]))

    def call(self, inputs, training=None, mask=None):
        batch, steps = inputs.dims[:2]
        kwargs = {"training": training} if "training" in self.layer._parameters else {}
        if mask is not None and "mask" in self.layer._parameters:
            kwargs["mask"] = reshape(mask, (batch * steps, *mask.dims[2:]))
        results = self.layer(reshape(inputs, (batch * steps, *inputs.dims[2:])), **kwargs)
        return tree.mapped(lambda y: reshape(y, (batch, steps, *y.dims[1:])), results)

    def compute_output_shape(self, input_shape):
        batch, *rest = self.layer.compute_output_shape((input_shape[0], *input_shape[2:]))
        return (batch, input_shape[1], *rest)


__all__ = ["Bidirectional", "TimeDistributed", "Wrapper"]
