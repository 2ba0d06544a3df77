"""What scripts do around fit, beside Keras 3: the same weights and data give the same numbers."""
from __future__ import annotations

import warnings
from functools import partial

import numpy as np
import pytest

import graphc.nn as ours
from graphc.ir.errors import ArgumentError

keras = pytest.importorskip("keras")

from .test_against_keras import TARGETS, X, pair, same  # noqa: E402 (it needs Keras)

FIT = {"epochs": 3, "batch_size": 8, "shuffle": False, "verbose": 0}


def regressor(k):
    return k.Sequential([k.Input((6,)), k.layers.Dense(5, activation="tanh"), k.layers.Dense(2)])


def both(script, build=regressor):
    """What a script of the library and of the network in it comes to, in Keras and here."""
    theirs, mine = pair(build)
    return script(keras, theirs), script(ours, mine)


def test_validation_begins_anew_in_each_epoch():
    def script(k, model):
        model.compile("sgd", "mse")
        held_out = {"validation_data": (X, TARGETS), "validation_steps": 2, "validation_batch_size": 5}
        return model.fit(X, TARGETS, **held_out, **FIT).history
    same(*both(script))


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5])
def test_epochs_of_some_steps_begin_anew_where_the_data_end(steps):
    def script(k, model):
        model.compile("sgd", "mse")
        return model.fit(X[:32], TARGETS[:32], steps_per_epoch=steps, **FIT | {"epochs": 6}).history
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        same(*both(script))


@pytest.mark.parametrize("steps", [None, 2])
def test_batches_by_number_are_told_of_every_epoch(steps):
    def script(k, model):
        class Grown(k.utils.PyDataset):
            ended = 0

            def __len__(self):
                return 4

            def __getitem__(self, index):
                return X[8 * index:8 * index + 8], TARGETS[8 * index:8 * index + 8]

            def on_epoch_end(self):
                self.ended += 1
        model.compile("sgd", "mse")
        data, ends = Grown(workers=0), []
        hear = k.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: ends.append(data.ended))
        history = model.fit(data, epochs=4, steps_per_epoch=steps, shuffle=False, verbose=0, callbacks=[hear]).history
        return history | {"between": np.diff(ends)}
    same(*both(script))


def test_weights_are_assigned_what_is_computed_from_them():
    def script(k, model):
        class Clipped(k.callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None):
                for weight in self.model.trainable_variables:
                    weight.assign(k.ops.clip(weight, -0.4, 0.4))

            def on_epoch_end(self, epoch, logs=None):
                first, last = self.model.layers[0].bias, self.model.layers[1].kernel
                last.assign(0.9 * last + 0.1)
                first.assign_add(first * 0.5)
                first.assign_sub(k.ops.abs(first))
        model.compile("sgd", "mse")
        history = model.fit(X, TARGETS, callbacks=[Clipped()], **FIT).history
        return history | {str(number): weight for number, weight in enumerate(model.get_weights())}
    same(*both(script))


@pytest.mark.parametrize("swap_on_epoch", [False, True])
def test_averages_are_swapped_as_keras_swaps_them(swap_on_epoch):
    def script(k, model):
        seen = []
        model.compile(k.optimizers.SGD(0.2, use_ema=True, ema_momentum=0.8), "mse")
        callbacks = [k.callbacks.SwapEMAWeights(swap_on_epoch),
                     k.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(model.get_weights()[0]))]
        history = model.fit(X, TARGETS, validation_data=(X, TARGETS), callbacks=callbacks, **FIT).history
        return history | {"seen": seen, "last": model.get_weights()[0]}
    same(*both(script))


def test_a_prediction_leaves_the_weights_as_they_are():
    _, model = pair(regressor)
    model.compile(ours.optimizers.SGD(0.2, use_ema=True), "mse")
    for _ in range(2):
        model.train_on_batch(X, TARGETS)
    weight, averaged, seen = model.get_weights()[0], model.optimizer.averages[model.weights[0]].numpy(), []
    hear = ours.callbacks.LambdaCallback(on_predict_batch_end=lambda *_: seen.append(model.get_weights()[0]))
    model.predict(X, callbacks=[ours.callbacks.SwapEMAWeights(), hear], verbose=0)
    np.testing.assert_array_equal(seen[0], averaged)
    np.testing.assert_array_equal(model.get_weights()[0], weight)
    assert (weight != averaged).any()
    model.compile("sgd", "mse")
    with pytest.raises(ArgumentError, match="SwapEMAWeights: sgd.* keeps no averages: make it with use_ema=True"):
        model.evaluate(X, TARGETS, callbacks=[ours.callbacks.SwapEMAWeights()], verbose=0)


def test_a_list_of_callbacks_runs_a_loop_of_ones_own():
    def script(k, model):
        heard = []

        class Old(k.callbacks.Callback):
            def on_batch_begin(self, batch, logs=None):
                heard.append(("old", batch, logs))

            def on_batch_end(self, batch, logs=None):
                heard.append(("old", batch, logs))
        new = k.callbacks.LambdaCallback(on_train_batch_begin=lambda batch, logs: heard.append(("new", batch, logs)),
                                         on_train_batch_end=lambda batch, logs: heard.append(("new", batch, logs)))
        callbacks = k.callbacks.CallbackList([Old(), new], model=model, epochs=1)
        for batch in range(2):
            callbacks.on_batch_begin(batch)
            callbacks.on_train_batch_begin(batch)
            callbacks.on_train_batch_end(batch, {"loss": 0.5})
            callbacks.on_batch_end(batch, {"loss": 0.25})
        return heard
    theirs, mine = both(script)
    assert mine == theirs and len(mine) == 12


def test_checkpoints_say_what_keras_says(tmp_path, capsys):
    def script(k, model):
        model.compile("sgd", "mse")
        for best in (False, True):
            model.fit(X, TARGETS, **FIT, callbacks=[k.callbacks.ModelCheckpoint(
                str(tmp_path / "{epoch}.keras"), "loss", verbose=1, save_best_only=best)])
        return capsys.readouterr().out
    theirs, mine = both(script)
    assert mine == theirs and "finished saving" in mine


def test_variables_of_ones_own_are_what_keras_makes():
    def script(k, model):
        made = k.Variable("ones", shape=(2, 3), dtype="float32", name="made")
        made.assign(made + 1)
        made.assign_sub(np.full((2, 3), 0.5, "float32"))
        return {"value": made.numpy(), "name": made.name, "shape": made.shape, "trainable": made.trainable}
    theirs, mine = both(script)
    np.testing.assert_array_equal(mine.pop("value"), theirs.pop("value"))
    assert mine == theirs


def test_weights_have_keras_names():
    def build(k):
        return k.Sequential([k.Input((6,)), k.layers.Dense(5, name="a"), k.layers.BatchNormalization(name="n"),
                             k.layers.Dense(2, name="b")], name="m")

    def script(k, model):
        model.compile("adam", "mse", metrics=["mae"])
        model.fit(X, TARGETS, **FIT)
        return ([(v.name, v.path) for v in model.variables], [v.name for v in model.optimizer.variables],
                [v.name for v in model.metrics_variables])
    theirs, mine = both(script, build)
    assert mine == theirs and mine[0][0] == ("kernel", "m/a/kernel")


def test_metrics_have_variables():
    def script(k, model):
        model.compile("sgd", "mse", metrics=["mae"])
        model.fit(X, TARGETS, **FIT)
        return [v.numpy() for v in model.metrics_variables]
    theirs, mine = both(script)
    np.testing.assert_allclose(mine, theirs, 2e-4)


def test_a_learning_rate_is_set_to_what_is_computed_from_it():
    def script(k, model):
        class Halved(k.callbacks.Callback):
            def on_epoch_begin(self, epoch, logs=None):
                self.model.optimizer.learning_rate = self.model.optimizer.learning_rate * 0.5
        model.compile(k.optimizers.SGD(0.2), "mse")
        history = model.fit(X, TARGETS, callbacks=[Halved()], **FIT).history
        return history | {"rate": float(model.optimizer.learning_rate)}
    same(*both(script))


def MyMetric(y_true, y_pred):
    return abs(y_true - y_pred)


class Distance:
    def __call__(self, y_true, y_pred):
        return abs(y_true - y_pred)


def test_functions_are_logged_by_keras_names():
    def script(k, model):
        functions = [MyMetric, lambda y_true, y_pred: y_pred, lambda y_true, y_pred: y_true, Distance(), partial(MyMetric)]
        model.compile("sgd", MyMetric, metrics=[*functions, k.metrics.MeanMetricWrapper(MyMetric, name="wrapped")])
        return model.fit(X, TARGETS, **FIT).history
    same(*both(script))


def test_numpy_reads_weights():
    def script(k, model):
        kernel = model.layers[0].kernel
        return {"array": np.asarray(kernel), "double": np.array(kernel, dtype="float64")}
    theirs, mine = both(script)
    same(theirs, mine)
    assert mine["double"].dtype == np.float64


def test_what_depends_on_inputs_is_not_assigned():
    layer, x = ours.layers.Dense(3), ours.Input((3,), name="x")
    layer.build((None, 3))
    with pytest.raises(ArgumentError, match=r"depends on x:f32\[\?,3\], whose value is not known here"):
        layer.kernel.assign(x[:3])
