"""Keras' names: each is there, or says why it is not."""
from __future__ import annotations

import importlib
import types

import pytest

import graphc
import graphc.nn as ours
from graphc.nn.absent import Absent, absent

MODULES = ["", "activations", "applications", "backend", "callbacks", "config", "constraints", "datasets", "dtype_policies",
           "initializers", "layers", "losses", "metrics", "mixed_precision", "models", "optimizers", "optimizers.schedules",
           "preprocessing", "preprocessing.image", "preprocessing.sequence", "random", "regularizers", "saving", "tree",
           "utils"]
INNER = {"result_type", "src"}
"""What is of Keras' own making."""


@pytest.mark.parametrize("path", MODULES)
def test_names_of_keras_are_there_or_say_why_not(path):
    keras = pytest.importorskip("keras")
    theirs = importlib.import_module(f"keras.{path}".rstrip("."))
    mine = importlib.import_module(f"graphc.nn.{path}".rstrip("."))
    for name in {name for name in dir(theirs) if not name.startswith("_")} - INNER:
        found = getattr(mine, name)
        is_module = isinstance(getattr(theirs, name), types.ModuleType)
        assert isinstance(found, Absent) or isinstance(found, types.ModuleType) == is_module, name
    assert keras.config.floatx() == ours.config.floatx()


def test_the_imports_of_scripts():
    from graphc.nn import backend, datasets, layers, models  # noqa: F401
    from graphc.nn.applications import VGG16
    from graphc.nn.datasets import cifar10, fashion_mnist, imdb, mnist  # noqa: F401
    from graphc.nn.layers import Dense, TextVectorization
    from graphc.nn.preprocessing.sequence import pad_sequences
    from graphc.nn.utils import plot_model, to_categorical  # noqa: F401
    assert Dense is layers.Dense and pad_sequences is ours.utils.pad_sequences
    for name, use in (("layers.TextVectorization", lambda: TextVectorization(max_tokens=3)),
                      ("applications.VGG16", VGG16), ("datasets.imdb", lambda: imdb.load_data()),
                      ("distribution", lambda: ours.distribution.DataParallel())):
        with pytest.raises(graphc.ArgumentError, match=f"graphc.nn.{name} is not there: "):
            use()


def test_a_class_of_what_is_absent_cannot_be_made():
    with pytest.raises(graphc.ArgumentError, match="place.Thing is not there: it never was"):
        class Mine(absent("place", {"Other Thing": "it never was"})("Thing")):
            pass


def test_names_that_are_not_even_keras():
    with pytest.raises(AttributeError, match="'Dens'; did you mean 'Dense'"):
        ours.layers.Dens  # noqa: B018
    with pytest.raises(AttributeError, match="no attribute 'mean': there is graphc.nn.ops.mean"):
        ours.backend.mean  # noqa: B018
    assert not hasattr(ours.layers.ConvLSTM2D, "__wrapped__") and "not there" in repr(ours.layers.ConvLSTM2D)


def test_tensors_are_told_from_weights():
    x = ours.Input((3,))
    assert isinstance(x, ours.KerasTensor) and isinstance(ours.layers.Dense(2)(x), ours.KerasTensor)
    assert not isinstance(ours.Variable(1.0), ours.KerasTensor) and not ours.backend.is_keras_tensor(3.0)
    assert ours.KerasTensor((None, 6), "int32").shape == (None, 6)
    assert ours.layers.Dense(2)(ours.KerasTensor((None, 6))).shape == (None, 2)


def test_places():
    with ours.device("cpu:0"), ours.name_scope("anything"):
        pass
    with pytest.raises(graphc.ArgumentError, match="'gpu:0'.*on the CPU"), ours.device("gpu:0"):
        pass
    assert [ours.backend.get_uid("x"), ours.backend.get_uid("x"), ours.backend.backend()] == [1, 2, "graphc"]
