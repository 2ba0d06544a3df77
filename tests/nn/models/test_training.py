"""Steps that users write, data of all kinds, and what fit refuses."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
import graphc.nn as keras
from graphc.ir.errors import ArgumentError
from graphc.nn import layers

rng = np.random.default_rng(0)
X, LABELS = rng.standard_normal((22, 4)).astype("float32"), rng.integers(0, 3, 22)


def classifier(**options):
    keras.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="softmax", name="scores")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"], **options)
    return model


class Batches:
    """Batches by number, as Keras' PyDataset."""

    def __len__(self):
        return 3

    def __getitem__(self, k):
        return X[8 * k:8 * k + 8], LABELS[8 * k:8 * k + 8]


class Loader:
    """Batches that can be iterated over again, as torch's DataLoader."""

    def __len__(self):
        return 3

    def __iter__(self):
        return (list(Batches()[k]) for k in range(3))


def test_every_kind_of_data_trains_alike():
    kinds = [((X, LABELS), {"batch_size": 8}), ((Batches(),), {}), ((Loader(),), {}),
             ((X.tolist(), LABELS.tolist()), {"batch_size": 8}),
             (((Batches()[k % 3] for k in range(6)),), {"steps_per_epoch": 3})]
    histories = [classifier().fit(*data, epochs=2, shuffle=False, verbose=0, **options).history for data, options in kinds]
    assert all(history == histories[0] for history in histories)
    with pytest.warns(UserWarning, match="ran out after 1 epochs"):
        once = classifier().fit(iter(Loader()), epochs=3, verbose=0).history
    assert once == {name: values[:1] for name, values in histories[0].items()}


class Custom(keras.Model):
    """The step of Keras' guide, written out."""

    def train_step(self, data):
        x, y = data
        y_pred = self(x, training=True)
        loss = self.compute_loss(y=y, y_pred=y_pred)
        self.optimizer.apply(graphc.grad(loss, self.trainable_weights), self.trainable_weights)
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred)
        return {metric.name: metric.result() for metric in self.metrics}


def test_a_step_of_ones_own_does_what_it_says():
    model = classifier()
    x = keras.Input((4,))
    own = Custom(x, layers.Dense(3, activation="softmax")(x))
    own.set_weights(model.get_weights())
    own.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    assert type(own).__name__ == "Custom" and isinstance(own, Custom) and own.inputs == [x]
    data = X[:16], LABELS[:16]
    mine, usual = (m.fit(*data, batch_size=8, shuffle=False, verbose=0).history for m in (own, model))
    assert mine.keys() == usual.keys() and all(mine[name] == pytest.approx(usual[name]) for name in mine)


class Rivals(keras.Model):
    """Two weights, each updated by its own optimizer, the second after the first."""

    def __init__(self):
        super().__init__()
        self.first, self.second = (layers.Dense(1, use_bias=False, kernel_initializer="ones") for _ in range(2))
        self.seen = keras.metrics.Mean(name="seen")

    def compile(self, **options):
        super().compile(**options)
        self.optimizers = [keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.01)]

    def train_step(self, x):
        turns = [(self.first, self.second), (self.second, self.first), (self.first, self.second)]
        for (layer, other), k in zip(turns, (0, 1, 0), strict=True):
            loss = graphc.mean(layer(x) * other(x)) + graphc.mean(layer(x) ** 2)
            self.optimizers[k].apply(graphc.grad(loss, layer.trainable_weights), layer.trainable_weights)
        self.seen.update_state(loss)
        return {"seen": self.seen.result()}


def test_updates_within_a_step_follow_each_other():
    model = Rivals()
    model.compile()
    x = np.array([[1.0], [2.0]], "float32")
    logs = model.train_on_batch(x, return_dict=True)
    a = b = 1.0
    mean = 2.5
    for _ in range(1):
        a -= 0.1 * mean * (b + 2 * a)
        b -= 0.01 * mean * (a + 2 * b)
        loss = mean * (a * b + a * a)
        a -= 0.1 * mean * (b + 2 * a)
    np.testing.assert_allclose([w.item() for w in model.get_weights()], [a, b], rtol=1e-5)
    assert logs["seen"] == pytest.approx(loss, rel=1e-5)


class Penalized(layers.Layer):
    """Adds the mean square of what goes through."""

    def call(self, inputs):
        self.add_loss(0.5 * graphc.mean(inputs ** 2))
        return inputs


def test_layers_add_losses_and_frozen_layers_stay():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="base"), Penalized(), layers.Dense(2, name="top")])
    model.compile("sgd", "mse")
    targets = np.zeros((22, 2), "float32")
    outputs, hidden = model.predict(X, verbose=0), keras.Model(model.input, model.get_layer("base").output)
    expected = np.mean(outputs ** 2) + 0.5 * np.mean(hidden.predict(X, verbose=0) ** 2)
    assert model.evaluate(X, targets, batch_size=22, verbose=0) == pytest.approx(expected, rel=1e-5)
    model.fit(X, targets, verbose=0)
    before = model.get_weights()
    model.get_layer("base").trainable = False  # the step is written anew at the next fit
    model.fit(X, targets, verbose=0)
    changed = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
    assert changed == [False, False, True, True]
    model.trainable = True
    model.compile("sgd", "mse")
    model.fit(X, targets, verbose=0)
    assert not np.array_equal(before[0], model.get_weights()[0])


def test_a_model_without_trainable_weights_learns_nothing():
    model = classifier()
    model.trainable = False
    before = model.get_weights()
    with pytest.warns(UserWarning, match="has no trainable weights"):
        history = model.fit(X, LABELS, batch_size=22, verbose=0).history
    assert history["loss"] == [pytest.approx(model.evaluate(X, LABELS, batch_size=22, verbose=0)[0])]
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_sizes_that_change_are_left_open():
    model = keras.Sequential([layers.Dense(2)])
    model.compile("sgd", "mse")
    lengths = (3, 5, 4)
    batches = [(np.ones((2, n, 4), "float32"), np.zeros((2, n, 2), "float32")) for n in lengths]
    model.fit(iter(batches), verbose=0)
    assert len(model._steps["train_step"]._known) == 1
    assert model._steps["train_step"]._last[1].dims == [(None, 4), (None, 2)]


@pytest.mark.parametrize("call, message", [
    (lambda m: m.fit(X, LABELS + 1, verbose=0), r"label 3 at \[\d+\] is outside the classes 0 to 2 of 'scores'"),
    (lambda m: m.fit(iter([(X, -LABELS)]), verbose=0), "label -"),
    (lambda m: m.fit(X, LABELS + 0.5, verbose=0), r"label \d.5 at .* 22 of 22 labels are no numbers of classes"),
    (lambda m: m.fit([[1, 2, 3, 4], [1, 2]], LABELS[:2], verbose=0), "lists of one length on each axis"),
    (lambda m: m.fit(X, LABELS, batch_size=0, verbose=0), "batch_size is a whole number of at least 1, not 0"),
    (lambda m: m.fit(X, LABELS, validation_data=(X, LABELS), validation_batch_size=0, verbose=0), "batch_size is a whole"),
    (lambda m: m.fit(X, LABELS, validation_data=(X, LABELS), validation_freq=0, verbose=0), "validation_freq is a whole"),
    (lambda m: m.fit(X, LABELS, validation_split="a", verbose=0), "validation_split is between 0 and 1, not 'a'"),
    (lambda m: m.fit(X, LABELS, class_weight=[1, 2], verbose=0), r"class_weight is a dict of weights .*not \[1, 2\]"),
    (lambda m: m.fit(X, LABELS, class_weight={"x": 1}, verbose=0), "class_weight is a dict of weights by the numbers"),
    (lambda m: m.fit(X, LABELS, verbose="loud"), "verbose is 0, 1, 2 or .auto., not 'loud'"),
    (lambda m: m.fit(X, LABELS, epochs=-1, verbose=0), "epochs is a whole number of at least 0, not -1"),
    (lambda m: m.fit(X, LABELS, epochs="3", verbose=0), "epochs is a whole number of at least 0, not '3'"),
    (lambda m: m.fit(X[:, :3], LABELS, verbose=0), r"has shape \(None, 4\), got \(22, 3\)"),
    (lambda m: m.fit([X, X], LABELS, verbose=0), "one|input"),
    (lambda m: m.fit(X, verbose=0), "loss of 'scores' needs targets: y is missing"),
    (lambda m: m.fit(X, LABELS[:5], verbose=0), "x: 22; y: 5"),
    (lambda m: m.fit(iter([]), verbose=0), "no batches"),
    (lambda m: m.fit(X, LABELS, callbacks=[print], verbose=0), "callbacks are Callback objects"),
    (lambda m: m.fit(X, LABELS, validation_freq="often", validation_data=(X, LABELS), verbose=0), "validation_freq"),
    (lambda m: m.compile("sgd", "mean_sqared_error"), "did you mean 'mean_squared_error'"),
    (lambda m: m.compile("sdg", "mse"), "no optimizer is named 'sdg'; did you mean 'sgd'"),
    (lambda m: m.compile("sgd", "mse", metrics=["acuracy"]), "no metric is named 'acuracy'"),
    (lambda m: m.compile("sgd", "mse", metrics="mae"), "metrics is a list"),
    (lambda m: m.compile("sgd", 3), "expected a name, an object or a function, got 3"),
    (lambda m: m.compile("sgd", "mse", steps_per_execution=0), "steps_per_execution"),
    (lambda m: m.compile("sgd", "mse", device="cpux"), "device: .*got 'cpux'; did you mean 'cpu'"),
    (lambda m: m.compile("sgd", "mse", threads=0), "threads: expected an int from 1 to 255, got 0"),
    (lambda m: keras.Sequential([keras.Input((4,)), layers.Dense(1)]).fit(X, LABELS), r"call compile\(\) before fit\(\)"),
])
def test_what_makes_no_sense_is_refused(call, message):
    with pytest.raises(ArgumentError, match=message):
        call(classifier())


def test_a_step_is_a_graph_however_it_is_asked_for():
    with pytest.warns(UserWarning, match="run_eagerly=True changes nothing"):
        model = classifier(run_eagerly=True)
    assert model.fit(X, LABELS, verbose=0).history == classifier().fit(X, LABELS, verbose=0).history
