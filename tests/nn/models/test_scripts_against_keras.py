"""What scripts do around fit, beside Keras 3: the same weights and data give the same numbers."""
from __future__ import annotations

import warnings

import numpy as np
import pytest

import graphc.nn as ours
from graphc.ir.errors import ArgumentError

from .test_against_keras import TARGETS, X, keras, pair, same

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


def test_a_learning_rate_is_set_to_what_is_computed_from_it():
    def script(k, model):
        class Halved(k.callbacks.Callback):
            def on_epoch_begin(self, epoch, logs=None):
                self.model.optimizer.learning_rate = self.model.optimizer.learning_rate * 0.5
        model.compile(k.optimizers.SGD(0.2), "mse")
        history = model.fit(X, TARGETS, callbacks=[Halved()], **FIT).history
        return history | {"rate": float(model.optimizer.learning_rate)}
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
