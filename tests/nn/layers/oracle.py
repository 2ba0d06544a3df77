"""A layer beside Keras' layer of the same name: results, gradients and what training leaves behind."""
from __future__ import annotations

import inspect

import numpy as np
import pytest

import graphc
from graphc.nn import layers, tree
from graphc.nn.trace import Trace

RNG = np.random.default_rng(0)
LEFT_OUT = {"quantization_config", "lora_rank", "lora_alpha", "gptq_unpacked_column_size"}
"""What Keras' layers are told about quantization."""


def arrays(*shapes) -> list[np.ndarray]:
    """Inputs of these shapes, normally distributed."""
    return [RNG.standard_normal(shape).astype("float32") for shape in shapes]


class Pair:
    """A layer of both, with the same weights, called on the same inputs: ``Pair(keras, "Dense", [x], units=3)``.

    `structure` says how inputs are handed over: "args" or "list". `call` holds more arguments, arrays among them. The sizes
    of `open_axes` are unknown to the graph. `training` is False for layers that draw numbers in training."""

    def __init__(self, keras, name: str, inputs, structure="args", call=None, open_axes=(0,), training=True, **kwargs):
        self.inputs, self.call, self.structure, self.training = inputs, call or {}, structure, training
        self.theirs = getattr(keras.layers, name)(**kwargs)
        self.ours = getattr(layers, name)(**kwargs)
        self.keras, self.open_axes = keras, open_axes
        self._on_theirs(self._tensors(False), training=False)
        self.theirs.set_weights([_drawn(w.name, w.shape) for w in self.theirs.weights])
        self.initial = [np.array(w) for w in self.theirs.get_weights()]

    def _tensors(self, wanted: bool) -> list:
        torch = pytest.importorskip("torch")
        return [torch.tensor(x, requires_grad=wanted and x.dtype == np.float32) for x in self.inputs]

    def _handed(self, tensors) -> tuple:
        return (list(tensors),) if self.structure == "list" else tuple(tensors)

    def _on_theirs(self, tensors, training):
        options = {"training": training} if "training" in inspect.signature(self.theirs.call).parameters else {}
        return self.theirs(*self._handed(tensors), **self.call, **options)

    def theirs_all(self) -> list[np.ndarray]:
        """Results at inference and in training, gradients with respect to inputs and trained weights of a weighted sum of
        the latter, and the weights that training sets."""
        at_inference = [_numpy(y) for y in tree.leaves(self._on_theirs(self._tensors(False), False))]
        tensors = self._tensors(True)
        results = tree.leaves(self._on_theirs(tensors, self.training))
        self.probes = [RNG.standard_normal(tuple(y.shape)).astype("float32") for y in results]
        cost = sum((y * y.new_tensor(p)).sum() for y, p in zip(results, self.probes, strict=True))
        wanted = [x for x in tensors if x.requires_grad] + [w.value for w in self.theirs.trainable_weights]
        import torch
        gradients = torch.autograd.grad(cost, wanted, allow_unused=True)
        return [*at_inference, *map(_numpy, results),
                *(np.zeros(x.shape) if g is None else _numpy(g) for x, g in zip(wanted, gradients, strict=True)),
                *(_numpy(w.value) for w in self.theirs.non_trainable_weights)]

    def ours_all(self) -> list[np.ndarray]:
        """The same."""
        inputs = [graphc.placeholder(tuple(None if k in self.open_axes else n for k, n in enumerate(x.shape)), x.dtype)
                  for x in self.inputs]
        with Trace(training=False):
            at_inference = tree.leaves(self.ours(*self._handed(inputs), **self.call))
        self.ours.set_weights(self.initial)
        with Trace(self.training) as trace:
            results = tree.leaves(self.ours(*self._handed(inputs), **self.call))
        cost = sum(graphc.sum(y * p) for y, p in zip(results, self.probes, strict=True))
        wanted = [x for x in inputs if x.dtype == np.float32] + self.ours.trainable_weights
        gradients = graphc.grad(cost, wanted, unconnected="zeros")
        state = [trace.updates.get(w, w) for w in self.ours.non_trainable_weights]
        return graphc.interpret(inputs, [*at_inference, *results, *gradients, *state], self.inputs)

    def check(self, rtol=2e-4, atol=2e-5) -> None:
        """All of it agrees, and the configurations, and the paths of weights."""
        expected = self.theirs_all()
        for k, (a, b) in enumerate(zip(self.ours_all(), expected, strict=True)):
            scale = max(1.0, float(np.abs(b).max(initial=0)))
            np.testing.assert_allclose(a, b, rtol, atol * scale, err_msg=f"number {k}")
        for w, v in zip(self.ours.weights, self.theirs.weights, strict=True):
            assert w.path.partition("/")[2] == v.path.partition("/")[2]
        for kind in ("trainable_weights", "non_trainable_weights"):
            assert len(getattr(self.ours, kind)) == len(getattr(self.theirs, kind))
        check_config(self.ours, self.theirs)


def _drawn(name: str, shape) -> np.ndarray:
    """A value for a weight; variances are positive."""
    positive = "variance" in name or "stddev" in name
    return RNG.uniform(0.5 if positive else -1, 1.5 if positive else 1, shape).astype("float32")


def check_config(ours, theirs) -> None:
    """Both configurations have the same keys and, but for objects, values; ours makes an equal layer."""
    config, expected = ours.get_config(), theirs.get_config()
    assert set(config) == set(expected) - LEFT_OUT
    for key, value in config.items():
        if key not in ("name", "dtype") and not isinstance(value, dict):
            assert _plain(value) == _plain(expected[key]) or key in ("axis", "attention_axes", "groups"), key
    assert type(ours).from_config(config).get_config() == config


def check_signature(ours, theirs) -> None:
    """The same parameters in the same order, with the same defaults; where ours are handed on (``*others``), up to there."""
    parameters = [p for p in inspect.signature(ours).parameters.values() if p.kind != p.VAR_KEYWORD]
    expected = [p for p in inspect.signature(theirs).parameters.values()
                if p.kind != p.VAR_KEYWORD and p.name not in LEFT_OUT]
    if parameters[-1].kind == inspect.Parameter.VAR_POSITIONAL:
        parameters.pop()
        expected = expected[:len(parameters)]
    assert [p.name for p in parameters] == [p.name for p in expected]
    for p, q in zip(parameters, expected, strict=True):
        assert _default(p.default) == _default(q.default), p.name


def _default(value):
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value


def _plain(value):
    return [_plain(v) for v in value] if isinstance(value, (list, tuple)) else value


def _numpy(x) -> np.ndarray:
    return x.detach().numpy()
