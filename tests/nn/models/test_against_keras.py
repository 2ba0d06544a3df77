"""Models beside Keras 3: the same weights, data and order give the same logs."""
from __future__ import annotations

import numpy as np
import pytest

import graphc.nn as ours
from graphc.nn.callbacks.callback import EVENTS

keras = pytest.importorskip("keras")
rng = np.random.default_rng(0)
X, Z = rng.standard_normal((37, 6)).astype("float32"), rng.standard_normal((37, 4)).astype("float32")
LABELS, TARGETS = rng.integers(0, 3, 37), rng.standard_normal((37, 2)).astype("float32")
WEIGHTS = rng.uniform(0.2, 2, 37).astype("float32")


def classifier(k):
    return k.Sequential([k.Input((6,)), k.layers.Dense(5, activation="tanh"), k.layers.Dense(3, activation="softmax")])


def branches(k):
    """Two inputs, two outputs, a shared layer, and outputs at different depths."""
    x, z = k.Input((6,), name="x"), k.Input((4,), name="z")
    shared = k.layers.Dense(5, activation="tanh", name="shared")
    joined = k.layers.Add(name="joined")([shared(x), shared(k.layers.Dense(6, name="widened")(z))])
    scores = k.layers.Dense(3, activation="softmax", name="scores")(joined)
    return k.Model([x, z], [scores, k.layers.Dense(2, name="place")(joined)])


def pair(build):
    """The network in both libraries, with one set of weights."""
    theirs, mine = build(keras), build(ours)
    assert [w.shape for w in mine.get_weights()] == [w.shape for w in theirs.get_weights()]
    values = np.random.default_rng(1)
    weights = [values.standard_normal(w.shape).astype("float32") / 2 for w in mine.get_weights()]
    theirs.set_weights(weights)
    mine.set_weights(weights)
    return theirs, mine


def same(theirs, mine):
    assert list(theirs) == list(mine)
    for name in theirs:
        np.testing.assert_allclose(mine[name], theirs[name], rtol=2e-4, atol=2e-5, err_msg=name)


@pytest.fixture(scope="module")
def classifiers():
    found = pair(classifier)
    for model in found:
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"],
                      weighted_metrics=["accuracy", "sparse_categorical_crossentropy"])
    return found


@pytest.mark.parametrize("options", [
    {"epochs": 3, "batch_size": 8, "validation_split": 0.2},
    {"epochs": 2, "class_weight": {0: 2.0, 2: 0.5}, "batch_size": 16},
    {"epochs": 3, "sample_weight": WEIGHTS, "validation_data": (X[:9], LABELS[:9], WEIGHTS[:9]), "validation_freq": 2},
    {"epochs": 4, "initial_epoch": 2, "steps_per_epoch": 2, "batch_size": 8, "validation_data": (X, LABELS),
     "validation_steps": 2, "validation_batch_size": 5, "validation_freq": [4]},
], ids=["split", "classes", "weights", "steps"])
def test_fit_logs_what_keras_logs(classifiers, options):
    same(*(model.fit(X, LABELS, shuffle=False, verbose=0, **options).history for model in classifiers))


def test_single_batches_log_what_keras_logs(classifiers):
    theirs, mine = classifiers
    for model in classifiers:
        model.reset_metrics()
    for start in (0, 9):
        batch = X[start:start + 9], LABELS[start:start + 9], WEIGHTS[start:start + 9]
        expected = theirs.train_on_batch(*batch, return_dict=True)
        same({k: float(v) for k, v in expected.items()}, mine.train_on_batch(*batch, return_dict=True))
    same(*({k: float(v) for k, v in m.test_on_batch(X, LABELS, return_dict=True).items()} for m in classifiers))
    np.testing.assert_allclose(mine.predict_on_batch(X), theirs.predict_on_batch(X), rtol=2e-4, atol=1e-5)


def test_several_outputs_are_logged_by_keras_names():
    theirs, mine = pair(branches)
    assert [layer.name for layer in mine.layers] == [layer.name for layer in theirs.layers]
    assert mine.output_names == theirs.output_names
    history = []
    for model in (theirs, mine):
        model.compile("sgd", loss={"scores": "sparse_categorical_crossentropy", "place": "mse"},
                      loss_weights={"scores": 0.5, "place": 2.0},
                      metrics={"scores": ["accuracy"], "place": "mae"}, weighted_metrics={"place": ["mae"]})
        done = model.fit([X, Z], [LABELS, TARGETS], epochs=2, batch_size=10, shuffle=False, verbose=0,
                         sample_weight=[WEIGHTS, 2 * WEIGHTS], validation_split=0.25)
        history.append(done.history)
    same(*history)
    np.testing.assert_allclose(mine.evaluate({"x": X, "z": Z}, {"scores": LABELS, "place": TARGETS}, verbose=0),
                               theirs.evaluate({"x": X, "z": Z}, {"scores": LABELS, "place": TARGETS}, verbose=0), rtol=2e-4)
    for a, b in zip(theirs.predict([X, Z], verbose=0), mine.predict([X, Z], verbose=0), strict=True):
        np.testing.assert_allclose(b, a, rtol=2e-4, atol=1e-5)


def ticket(k, joined):
    """Two outputs of a model that has no names for them, as the book's second way of writing it has."""

    class Ticket(k.Model):
        def __init__(self):
            super().__init__()
            self.mix = k.layers.Dense(5, activation="tanh")
            self.priority, self.department = k.layers.Dense(1), k.layers.Dense(3, activation="softmax")

        def call(self, inputs):
            x = self.mix(inputs)
            return joined(self.priority(x), self.department(x))

    model = Ticket()
    model(X)
    return model


@pytest.mark.parametrize(("joined", "losses", "metrics", "listed"), [
    (lambda a, b: (a, b), ["mse", "sparse_categorical_crossentropy"], [["mae"], ["accuracy"]], True),
    (lambda a, b: (a, b), ["mse", "sparse_categorical_crossentropy"], [["mae", "mse"], ["acc", "acc"]], False),
    (lambda a, b: {"p": a, "d": b}, {"p": "mse", "d": "sparse_categorical_crossentropy"}, {"p": ["mae"], "d": ["acc"]},
     True),
], ids=["tuple", "twice", "dict"])
def test_outputs_without_names_are_logged_by_losses_and_metrics(joined, losses, metrics, listed):
    theirs, mine = pair(lambda k: ticket(k, joined))
    y = joined(TARGETS[:, :1], LABELS)
    history, lists = [], []
    for model in (theirs, mine):
        model.compile("sgd", losses, metrics=metrics)
        history.append(model.fit(X, y, epochs=2, batch_size=10, shuffle=False, verbose=0).history)
        lists.append(model.evaluate(X, y, verbose=0))
    same(*history)
    if listed:  # of two metrics with one name, Keras lists the first twice
        np.testing.assert_allclose(lists[1], lists[0], 2e-4)


def test_logs_are_dicts_in_every_event():
    theirs, mine = pair(classifier)
    heard = []
    for k, model in ((keras, theirs), (ours, mine)):
        events = []

        def hear(name, events=events):
            def on(self, *args, logs=None):
                args = args if logs is None else (*args, logs)
                events.append((name, *(list(x) if isinstance(x, dict) else x for x in args)))
            return on

        Heard = type("Heard", (k.callbacks.Callback,), {name: hear(name) for name in EVENTS})
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(X, LABELS, epochs=2, validation_data=(X, LABELS), verbose=0, callbacks=[Heard()])
        model.predict(X, verbose=0, callbacks=[Heard()])
        heard.append(events)
    assert heard[1] == heard[0]


def test_configurations_agree():
    theirs, mine = (build.get_config() for build in pair(branches))
    assert (mine["input_layers"], mine["output_layers"]) == (theirs["input_layers"], theirs["output_layers"])
    for a, b in zip(theirs["layers"], mine["layers"], strict=True):
        assert (a["class_name"], a["name"], len(a["inbound_nodes"])) == (b["class_name"], b["name"], len(b["inbound_nodes"]))
        for call, other in zip(a["inbound_nodes"], b["inbound_nodes"], strict=True):
            assert _history(call["args"]) == _history(other["args"])


def _history(value):
    """The calls that a call's arguments come from."""
    if isinstance(value, dict):
        return value["config"]["keras_history"] if value.get("class_name") == "__keras_tensor__" else []
    return [_history(x) for x in value] if isinstance(value, (list, tuple)) else []
