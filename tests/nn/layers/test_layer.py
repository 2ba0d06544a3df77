"""What every layer does, and what a layer of one's own may do."""
from __future__ import annotations

import warnings

import numpy as np
import pytest

import graphc
import graphc.nn as nn
from graphc.ir.errors import ArgumentError, GraphcError, ShapeError
from graphc.nn import layers
from graphc.nn.trace import Trace

from .oracle import arrays


class Scale(layers.Layer):
    """A weight for each feature; in training, it counts twice."""

    def __init__(self, power=1, **kwargs):
        super().__init__(**kwargs)
        self.power = power

    def build(self, input_shape):
        self.steps = self.add_weight((), "zeros", dtype="int32", trainable=False, name="steps")
        self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor", regularizer="l2")

    def call(self, inputs, training=False):
        self.steps.assign_add(1)
        self.add_loss(graphc.sum(inputs))
        return inputs * self.factor ** self.power * (2 if training else 1)


class Block(layers.Layer):
    """Layers in lists and dicts, and one of its own."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.offset = self.add_weight((2,), "zeros", name="offset")
        self.chain = []
        for _ in range(2):
            self.chain.append(layers.Dense(3))
        self.named = {"last": layers.Dense(2)}

    def call(self, inputs):
        for layer in self.chain:
            inputs = layer(inputs)
        return self.named["last"](inputs) + self.offset


class Attend(layers.Layer):
    """Two inputs, their shapes and their masks."""

    def build(self, query_shape, value_shape):
        self.kernel = self.add_weight((value_shape[-1], query_shape[-1]), "ones")

    def call(self, query, value, query_mask=None, value_mask=None, factor=1):
        self.seen = (query_mask is not None, value_mask is not None)
        return query + factor * graphc.matmul(value, self.kernel)


def test_a_layer_of_ones_own():
    layer, (x,) = Scale(2, name="mine"), arrays((4, 3))
    np.testing.assert_array_equal(layer(x), x)
    np.testing.assert_array_equal(layer(x, training=True), 2 * x)
    assert [w.path for w in layer.weights] == ["mine/factor", "mine/steps"]
    assert (layer.trainable_weights, layer.non_trainable_weights) == ([layer.factor], [layer.steps])
    assert layer.steps.numpy() == 2
    assert layer.get_build_config() == {"input_shape": (None, 3)}
    copy = Scale.from_config(layer.get_config())
    copy.build_from_config({"input_shape": [None, 3]})
    assert (copy.power, copy.name, copy.factor.shape, copy.built) == (2, "mine", (3,), True)


def test_losses_belong_to_the_call():
    layer, x = Scale(activity_regularizer="l1"), graphc.placeholder((4, 3))
    with Trace() as trace:
        layer(x)
        losses, others = layer.losses, Scale().losses
    assert others == [] and len(losses) == len(trace.losses) + 1 == 3
    found = graphc.interpret([x], losses, [np.full((4, 3), 2.0)])
    np.testing.assert_allclose(found, [24, 0.01 * 24 / 4, 0.01 * 3], 1e-6)
    with pytest.raises(ArgumentError, match="belongs into a layer's call"):
        layer.add_loss(x)


def test_layers_in_lists_and_dicts_are_found():
    block, x = Block(name="block"), nn.Input((4,))
    y = block(x)
    first, second = block.chain
    assert [w.path for w in block.weights] == ["block/offset", *(
        f"block/{layer.name}/{w}" for layer in (first, second, block.named["last"]) for w in ("kernel", "bias"))]
    assert block.count_params() == 2 + 15 + 12 + 8
    first.trainable = False
    assert len(block.trainable_weights) == 5 and len(block.non_trainable_weights) == 2
    block.trainable = False
    assert block.trainable_weights == [] and not second.trainable
    values, = arrays((2, 4))
    expected = values
    for layer in (first, second, block.named["last"]):
        expected = expected @ layer.kernel.numpy()
    np.testing.assert_allclose(graphc.interpret([x], y, [values]), expected, 1e-5, 1e-6)
    del block.named
    assert len(block.weights) == 5


def test_weights_are_set_all_or_none():
    layer = layers.Dense(2)
    layer.build((None, 3))
    before = layer.get_weights()
    with pytest.raises(ArgumentError, match="/bias has shape \\(2,\\), got \\(3,\\)"):
        layer.set_weights([np.ones((3, 2)), np.ones(3)])
    np.testing.assert_array_equal(layer.get_weights()[0], before[0])
    with pytest.raises(ArgumentError, match="has 2 weights, got 1"):
        layer.set_weights([np.ones((3, 2))])


def test_several_inputs_by_name_with_masks():
    layer = Attend()
    query, words = nn.Input((5, 4)), nn.Input((5,), dtype="int32")
    with Trace():
        value = layers.Embedding(9, 4, mask_zero=True)(words)
        y = layer(query, value=value, factor=2)
    assert layer.seen == (False, True) and y.shape == (None, 5, 4)
    assert layer.get_build_config() == {"shapes_dict": {"query_shape": (None, 5, 4), "value_shape": (None, 5, 4)}}


def test_a_mask_goes_on_until_a_layer_loses_it():
    words = nn.Input((3,), dtype="int32")
    y = layers.Dense(2)(layers.Dropout(0.5)(layers.Embedding(5, 2, mask_zero=True)(words)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        masked = layers.Softmax(axis=1)(layers.Lambda(lambda y, mask: graphc.sum(y, -1) * mask)(y))
    assert masked.shape == (None, 3)
    with Trace() as trace:
        narrow = layers.Dense(2, dtype="mixed_float16")(layers.Embedding(5, 2, mask_zero=True)(words))
    assert narrow.dtype == np.float16 and trace.masks[narrow].shape == (None, 3)
    with pytest.warns(UserWarning, match="flatten.* does not support masks"):
        layers.Flatten()(y)


def test_a_layer_is_shared_and_knows_its_calls():
    dense, a, b = layers.Dense(2), nn.Input((3,)), nn.Input((3,))
    with pytest.raises(ArgumentError, match="has no input yet: it was not called on expressions"):
        dense.input  # noqa: B018
    first = dense(a)
    assert dense.input is a and dense.output is first
    model = nn.Model([a, b], layers.subtract([first, dense(b)]))
    assert dense.input is a and dense.output is first
    assert len(model.weights) == 2
    x, = arrays((4, 3))
    np.testing.assert_array_equal(model([x, x]), np.zeros((4, 2)))
    outer = nn.Model(a, model([a, a * 0]))
    np.testing.assert_allclose(outer(x), x @ dense.kernel.numpy(), 1e-5, 1e-6)


def test_floats_are_brought_to_the_layers_dtype():
    x = nn.Input((3,))
    assert layers.Dense(2, dtype="float64")(x).dtype == np.float64
    mixed = layers.Dense(2, dtype="mixed_bfloat16")
    assert str(mixed(x).dtype) == "bfloat16" and mixed.kernel.dtype == np.float32
    assert (mixed.dtype, mixed.compute_dtype, mixed.get_config()["dtype"]) == ("float32", "bfloat16", "mixed_bfloat16")
    assert layers.Dense(2, dtype={"class_name": "DTypePolicy", "config": {"name": "float16"}}).dtype == "float16"
    assert layers.Identity(dtype="float64", autocast=False)(x).dtype == np.float32


def test_a_call_without_state():
    layer, (x, kernel, bias) = layers.Dense(2), arrays((4, 3), (3, 2), (2,))
    layer.build((None, 3))
    before = layer.get_weights()
    y, state = layer.stateless_call([kernel, bias], [], graphc.constant(x))
    np.testing.assert_allclose(graphc.interpret([], y, []), x @ kernel + bias, 1e-5, 1e-6)
    assert state == [] and np.array_equal(before[0], layer.get_weights()[0])
    scale = Scale()
    scale.build((None, 3))
    _, (steps,), losses = scale.stateless_call([np.ones(3, "float32")], [np.int32(5)], graphc.constant(x),
                                               return_losses=True)
    assert graphc.interpret([], steps, []) == 6 and len(losses) == 2


def test_specs_say_what_is_expected():
    spec = layers.InputSpec(ndim=3, axes={-1: 2})
    assert layers.InputSpec.from_config(spec.get_config()).get_config() == spec.get_config()

    class Strict(layers.Layer):
        input_spec = [spec, layers.InputSpec(shape=(None, 4), dtype="int32")]

        def call(self, inputs):
            return inputs[0]

    good, number = nn.Input((5, 2)), nn.Input((4,), dtype="int32")
    assert Strict()([good, number]).shape == (None, 5, 2)
    cases = [([nn.Input((2,)), number], "3 dimensions, not 2"), ([nn.Input((5, 3)), number], "size 2 on axis -1"),
             ([good, nn.Input((3,), dtype="int32")], "the shape \\(None, 4\\)"), ([good], "expected 2 inputs"),
             ([good, nn.Input((4,))], "input of int32, not float32")]
    for inputs, message in cases:
        with pytest.raises(GraphcError, match=message + "(.|\n)*in the layer strict"):
            Strict()(inputs)


class Careless(layers.Layer):
    """Makes a weight whenever it is called."""

    def call(self, inputs):
        return inputs * self.add_weight((3,))


class Orphan(layers.Layer):
    """Does not call super().__init__()."""

    def __init__(self):
        self.dense = layers.Dense(2)


@pytest.mark.parametrize("make, message", [
    (lambda x: Careless()(x), "made in __init__ or in build"),
    (lambda x: Orphan()(x), "Orphan.__init__ does not call super"),
    (lambda x: layers.Dense(2)(["words"]), "called on tensors or arrays, not on 'words'"),
    (lambda x: Attend()(x), "missing a required argument: 'value'; it takes \\(query, value"),
    (lambda x: layers.Dense(2).add_weight("name"), "takes the shape first"),
])
def test_misuse_is_explained(make, message):
    with pytest.raises(ArgumentError, match=message):
        make(nn.Input((3,)))


def test_an_error_inside_names_all_layers_around():
    block = Block(name="around")
    block.chain[1] = layers.Reshape((7,), name="within")
    with pytest.raises(ShapeError) as raised:
        block(nn.Input((4,)))
    message = str(raised.value)
    assert message.index("layer within (Reshape), called on f32[?,3]") < message.index("layer around (Block)")
    assert "test_layer.py" in message

    class Buggy(layers.Layer):
        def call(self, inputs):
            return inputs.missing

    with pytest.raises(AttributeError) as raised:
        Buggy(name="buggy")(nn.Input((4,)))
    assert raised.value.__notes__ == ["in the layer buggy (Buggy)"]


def test_every_layer_has_a_name_of_its_own():
    names = [layers.Dense(2).name for _ in range(3)]
    assert len(set(names)) == 3 and all(name.startswith("dense") for name in names)
    assert layers.deserialize(layers.serialize(layers.Dense(2, name="here"))).name == "here"


def test_lists_of_numbers_are_arrays():
    np.testing.assert_array_equal(layers.CategoryEncoding(3, "one_hot")([2, 0]), [[0, 0, 1], [1, 0, 0]])
    np.testing.assert_array_equal(layers.Rescaling(2.0)([[1.0, 2.0]]), [[2, 4]])
