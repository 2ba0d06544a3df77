"""Recurrent layers against Keras: results, gradients, masks, states, configurations; and what only graphc can say."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
import graphc.nn as nn
from graphc.ir.errors import ArgumentError, CallError, ShapeError
from graphc.nn import layers
from graphc.nn.trace import Trace

from .oracle import Pair, arrays, check_signature

MASK = np.array([[1, 1, 1, 0, 0], [0, 1, 0, 1, 1], [1, 1, 1, 1, 1]], bool)
NAMES = ("SimpleRNN", "GRU", "LSTM")

CASES = [
    ("SimpleRNN", {"units": 4}),
    ("SimpleRNN", {"units": 4, "activation": "relu", "use_bias": False, "return_sequences": True}),
    ("GRU", {"units": 4, "return_sequences": True, "return_state": True}),
    ("GRU", {"units": 3, "reset_after": False, "recurrent_activation": "relu"}),
    ("GRU", {"units": 3, "use_bias": False, "go_backwards": True, "return_sequences": True}),
    ("LSTM", {"units": 4}),
    ("LSTM", {"units": 4, "return_sequences": True, "return_state": True, "go_backwards": True}),
    ("LSTM", {"units": 3, "unroll": True, "unit_forget_bias": False, "activation": "relu"}),
]


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras")


@pytest.mark.parametrize("name, kwargs", CASES)
def test_as_in_keras(keras, name, kwargs):
    Pair(keras, name, arrays((3, 5, 2)), **kwargs).check()


@pytest.mark.parametrize("name, kwargs", [
    ("SimpleRNN", {"units": 4, "return_sequences": True}),
    ("GRU", {"units": 4, "return_sequences": True, "zero_output_for_mask": True}),
    ("LSTM", {"units": 4, "return_sequences": True, "return_state": True, "go_backwards": True}),
    ("LSTM", {"units": 4, "unroll": True}),
])
def test_masked_as_in_keras(keras, name, kwargs):
    Pair(keras, name, arrays((3, 5, 2)), call={"mask": MASK}, **kwargs).check()


@pytest.mark.parametrize("name", NAMES)
def test_signatures_are_those_of_keras(keras, name):
    check_signature(getattr(layers, name), getattr(keras.layers, name))
    check_signature(getattr(layers, f"{name}Cell"), getattr(keras.layers, f"{name}Cell"))


@pytest.mark.parametrize("merge_mode", ["concat", "sum", "mul", "ave", None])
def test_bidirectional_as_in_keras(keras, merge_mode):
    for kwargs in ({"return_sequences": True}, {"return_state": True}):
        pair = []
        for library in (keras.layers, layers):
            pair.append(library.Bidirectional(library.LSTM(3, **kwargs), merge_mode=merge_mode))
        x, = arrays((3, 5, 2))
        pair[0](x)
        pair[1](x)
        pair[1].set_weights(pair[0].get_weights())
        for mask in (None, MASK):
            expected = [y.detach().numpy() for y in keras.tree.flatten(pair[0](x, mask=mask))]
            given = graphc.placeholder((None, 5, 2))
            with Trace():
                found = pair[1](given, mask=None if mask is None else graphc.constant(mask))
            found = found if isinstance(found, tuple) else (found,)
            for a, b in zip(graphc.interpret([given], list(found), [x]), expected, strict=True):
                np.testing.assert_allclose(a, b, 1e-4, 1e-5)


# ---- without Keras --------------------------------------------------------------------------------------------------
class Minimal(layers.Layer):
    """A cell of a user."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = self.state_size = units

    def build(self, input_shape):
        self.kernel = self.add_weight((input_shape[-1], self.units), name="kernel")
        self.recurrent_kernel = self.add_weight((self.units, self.units), name="recurrent_kernel")

    def call(self, inputs, states):
        output = graphc.tanh(inputs @ self.kernel + states[0] @ self.recurrent_kernel)
        return output, [output]


def interpreted(layer, x, training=False, **kwargs):
    given = graphc.placeholder((None, *x.shape[1:]))
    with Trace(training=training):
        found = layer(given, **kwargs)
    return graphc.interpret([given], found if not isinstance(found, tuple) else list(found), [x])


def test_a_cell_of_a_user_is_a_simple_rnn():
    x, = arrays((3, 5, 2))
    own, given = layers.RNN(Minimal(4), return_sequences=True), layers.SimpleRNN(4, use_bias=False, return_sequences=True)
    interpreted(own, x), interpreted(given, x)
    own.set_weights(given.get_weights())
    np.testing.assert_allclose(interpreted(own, x), interpreted(given, x), 1e-5, 1e-6)
    assert [w.path.rpartition("/")[2] for w in own.weights] == ["kernel", "recurrent_kernel"]


def test_all_steps_are_projected_by_one_product():
    with Trace():
        y = layers.LSTM(4)(graphc.placeholder((3, 5, 2)))
    outside = [n for n in graphc.ir.graph.topological([y]) if n.op.name == "matmul"]
    loop, = {n.attrs["body"] for n in graphc.ir.graph.topological([y]) if n.op.name == "scan"}
    assert [n.size for n in outside] == [3 * 5 * 16]
    assert [n.op.name for n in loop.order].count("matmul") == 1


def test_unrolled_is_the_same():
    x, = arrays((3, 5, 2))
    loop, written = (layers.GRU(4, return_state=True, unroll=unroll) for unroll in (False, True))
    interpreted(loop, x), interpreted(written, x)
    written.set_weights(loop.get_weights())
    for mask in (None, graphc.constant(MASK)):
        for a, b in zip(interpreted(loop, x, mask=mask), interpreted(written, x, mask=mask), strict=True):
            np.testing.assert_allclose(a, b, 1e-5, 1e-6)
    with pytest.raises(ArgumentError, match="the number of steps must be known"):
        layers.GRU(4, unroll=True)(graphc.placeholder((2, None, 3)))


def test_what_is_masked_changes_nothing():
    words = layers.Embedding(9, 3, mask_zero=True)
    layer = layers.LSTM(4)
    with Trace():
        x = graphc.placeholder((None, None), "int32")
        y = layer(words(x))
    short, = graphc.interpret([x], [y], [[[3, 1, 4]]])
    long, = graphc.interpret([x], [y], [[[3, 0, 1, 4, 0, 0]]])
    np.testing.assert_allclose(short, long, 1e-5, 1e-6)


def test_cells_may_be_called_step_by_step_on_arrays():
    x, = arrays((2, 5, 3))
    for cell in (layers.LSTMCell(4), layers.StackedRNNCells([layers.GRUCell(3), layers.LSTMCell(2)])):
        states = cell.get_initial_state(batch_size=2)
        for step in range(5):
            y, states = cell(x[:, step], states)
        np.testing.assert_allclose(y, layers.RNN(cell)(x), 1e-5, 1e-6)


def test_stacked_cells_are_layers_one_after_the_other():
    x, = arrays((3, 5, 2))
    stacked = layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)], return_state=True)
    first, second = layers.LSTM(4, return_sequences=True), layers.GRU(3)
    found = graphc.placeholder((None, 5, 2))
    with Trace():
        y, (h, c), (g,) = stacked(found)
        expected = second(first(found))
    assert h.shape == c.shape == (None, 4) and g.shape == (None, 3)
    first.set_weights(stacked.cell.cells[0].get_weights())
    second.set_weights(stacked.cell.cells[1].get_weights())
    a, b, state = graphc.interpret([found], [y, expected, g], [x])
    np.testing.assert_allclose(a, b, 1e-5, 1e-6)
    np.testing.assert_array_equal(a, state)
    again = layers.RNN.from_config(stacked.get_config())
    assert [type(cell) for cell in again.cell.cells] == [layers.LSTMCell, layers.GRUCell]


def test_a_stateful_layer_goes_on_where_it_ended():
    x, = arrays((3, 6, 2))
    whole, parts = layers.GRU(4), layers.GRU(4, stateful=True)
    whole(x), parts.build((3, None, 2))
    parts.set_weights(whole.get_weights())
    parts.reset_state()
    expected = whole(x)
    parts(x[:, :3])
    np.testing.assert_allclose(parts(x[:, 3:]), expected, 1e-5, 1e-6)
    parts.reset_states()
    np.testing.assert_allclose(parts(x[:, :3]), whole(x[:, :3]), 1e-5, 1e-6)
    assert len(parts.weights) == 3
    with pytest.raises(ArgumentError, match="must know the size of a batch"):
        layers.GRU(4, stateful=True)(graphc.placeholder((None, 5, 3)))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("batch", [1, 2])
def test_a_stateful_model_of_few_sequences_as_in_keras(keras, name, batch):
    tokens = np.array([[3, 1, 0, 2], [1, 0, 0, 4]])[:batch]
    models = []
    for library in (keras, nn):
        models.append(library.Sequential([library.Input((None,), batch_size=batch),
                                          library.layers.Embedding(5, 3, mask_zero=True),
                                          getattr(library.layers, name)(4, stateful=True)]))
    theirs, ours = models
    ours.set_weights(theirs.get_weights())
    for steps in (tokens[:, :1], tokens[:, 1:], tokens):
        np.testing.assert_allclose(ours.predict_on_batch(steps), theirs.predict_on_batch(steps), 1e-5, 1e-6)
    for model in models:
        model.layers[-1].reset_state()
    np.testing.assert_allclose(ours.predict(tokens, verbose=0), theirs.predict(tokens, verbose=0), 1e-5, 1e-6)
    with pytest.raises(CallError, match=f"{2 * batch}"):
        ours.predict_on_batch(np.concatenate([tokens, tokens]))


def test_a_stateful_layer_takes_as_many_sequences_as_it_has_states_of():
    layer = layers.GRU(4, stateful=True)
    layer.build((3, None, 2))
    for count in (1, 2, 4):
        with pytest.raises(ArgumentError, match=f"keeps the states of 3 sequences; got {count}"):
            layer(nn.Input((5, 2), batch_size=count))
        with pytest.raises(CallError, match=f"{count}"):
            layer(np.ones((count, 5, 2), "float32"))


@pytest.mark.parametrize("rates", [{"dropout": 0.5}, {"recurrent_dropout": 0.5}, {"dropout": 0.3, "recurrent_dropout": 0.3}])
def test_dropout_drops_the_same_in_every_step(rates):
    x = np.ones((64, 6, 8), "float32")
    layer = layers.SimpleRNN(8, activation="linear", kernel_initializer="identity", recurrent_initializer="zeros",
                             return_sequences=True, **rates)
    at_inference = interpreted(layer, x)
    np.testing.assert_array_equal(at_inference, x)
    trained = interpreted(layer, x, training=True)
    assert (trained == trained[:, :1]).all()
    kept = 1 - rates.get("dropout", 0)
    np.testing.assert_allclose(np.unique(trained), [0, 1 / kept] if kept < 1 else [1], 1e-6)
    assert abs((trained != 0).mean() - kept) < 0.1


def test_time_distributed_is_the_layer_at_every_step():
    x, = arrays((3, 5, 4))
    dense = layers.Dense(2, activation="relu")
    found = interpreted(layers.TimeDistributed(dense), x)
    np.testing.assert_allclose(found, interpreted(dense, x.reshape(15, 4)).reshape(3, 5, 2), 1e-6)
    assert layers.TimeDistributed(dense).compute_output_shape((None, 5, 4)) == (None, 5, 2)


def test_an_lstm_is_trained():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((128, 7, 3)).astype("float32")
    y = (x[:, :, 0].sum(1) > 0).astype("int64")
    nn.utils.set_random_seed(0)
    model = nn.Sequential([nn.Input((7, 3)), layers.Bidirectional(layers.LSTM(8, dropout=0.1)), layers.Dense(2)])
    model.compile("adam", nn.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.optimizer.learning_rate = 0.02
    history = model.fit(x, y, epochs=8, verbose=0).history["loss"]
    assert history[-1] < 0.5 * history[0]


def test_errors():
    for make, message in ((lambda: layers.RNN(3), "a cell has a method"), (lambda: layers.LSTM(0), "units"),
                          (lambda: layers.LSTM(3, use_cudnn=True), "cuDNN"),
                          (lambda: layers.Bidirectional(layers.LSTM(3), "max"), "merge_mode"),
                          (lambda: layers.Bidirectional(layers.Dense(3)), "takes a recurrent layer, not <Dense"),
                          (lambda: layers.Bidirectional(layers.LSTM(3), backward_layer=layers.LSTM(3)), "backwards"),
                          (lambda: layers.TimeDistributed(3), "takes a layer")):
        with pytest.raises(ArgumentError, match=message):
            make()
    with pytest.raises(ShapeError, match="3 dimensions"):
        layers.LSTM(3)(graphc.placeholder((4, 2)))
