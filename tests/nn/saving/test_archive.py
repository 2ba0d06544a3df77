"""Whole models in files: what comes back, and what files may not do."""
from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest

import graphc.nn as keras
from graphc.nn import layers
from graphc.nn.saving import SavingError, archive, load_model, register_keras_serializable, save_model

X = np.random.default_rng(0).standard_normal((40, 6)).astype("float32")
Y = (X[:, 0] > 0).astype("int64")


def trained():
    keras.set_random_seed(3)
    model = keras.Sequential([keras.Input((6,)), layers.Dense(5, activation="relu"), layers.Dense(2, activation="softmax")])
    model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    return model


def test_a_loaded_model_goes_on_as_the_one_that_was_saved(tmp_path):
    model = trained()
    save_model(model, tmp_path / "m.keras")
    again = load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    histories = [m.fit(X, Y, epochs=2, shuffle=False, verbose=0).history for m in (model, again)]
    assert histories[0] == histories[1]
    assert [type(layer) for layer in again.layers] == [type(layer) for layer in model.layers]


def test_a_model_that_has_not_trained_yet_is_trained_once_loaded(tmp_path):
    keras.set_random_seed(3)
    model = keras.Sequential([keras.Input((6,)), layers.Dense(2, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.save(tmp_path / "m.keras")
    again = load_model(tmp_path / "m.keras")
    histories = [m.fit(X, Y, epochs=2, shuffle=False, verbose=0).history for m in (model, again)]
    assert histories[0] == histories[1] and again.optimizer.iterations.numpy() == 4


def test_a_functional_model_comes_back(tmp_path):
    keras.set_random_seed(3)
    x = keras.Input((6,), name="x")
    a = layers.Dense(4, activation="relu")(x)
    model = keras.Model(x, layers.Dense(3)(layers.Dropout(0.5)(a)))
    save_model(model, tmp_path / "m.keras")
    np.testing.assert_array_equal(load_model(tmp_path / "m.keras")(X), model(X))


class Tagger(keras.Model):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.embed, self.read, self.tell = layers.Embedding(9, units), layers.LSTM(units), layers.Dense(2)

    def call(self, tokens):
        return self.tell(self.read(self.embed(tokens)))

    def get_config(self):
        return super().get_config() | {"units": self.units}


def test_a_model_with_a_call_of_its_own_comes_back(tmp_path):
    model, tokens = Tagger(3), np.random.default_rng(0).integers(0, 9, (40, 5))
    model.compile("adam", "mse")
    model.fit(tokens, X[:, :2], verbose=0)
    model.save(tmp_path / "m.keras")
    again = load_model(tmp_path / "m.keras", custom_objects={"Tagger": Tagger})
    np.testing.assert_array_equal(again.predict(tokens, verbose=0), model.predict(tokens, verbose=0))
    histories = [m.fit(tokens, X[:, :2], shuffle=False, verbose=0).history for m in (model, again)]
    assert histories[0] == histories[1]


def scaled(x, by):
    return by * x


def relu(x):
    return -x


@pytest.mark.parametrize("function", [scaled, relu], ids=["scaled", "relu"])
def test_a_lambda_of_a_function_comes_back_by_its_name(tmp_path, function):
    arguments = {"by": 3.0} if function is scaled else {}
    model = keras.Sequential([keras.Input((6,)), layers.Lambda(function, arguments=arguments), layers.Dense(2)])
    model.save(tmp_path / "m.keras")
    again = load_model(tmp_path / "m.keras", custom_objects={function.__name__: function})
    np.testing.assert_array_equal(again(X), model(X))
    with pytest.raises(SavingError, match=f"a Lambda's function is named '{function.__name__}'; give it in custom_objects"):
        load_model(tmp_path / "m.keras")


def test_equal_models_make_equal_files(tmp_path):
    model = trained()
    for name in "ab":
        save_model(model, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_file_is_replaced_only_if_asked(tmp_path):
    model = trained()
    save_model(model, tmp_path / "m")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        save_model(model, tmp_path / "m", overwrite=False)


def test_a_model_without_weights_yet_is_refused(tmp_path):
    with pytest.raises(SavingError, match="is not built: call it"):
        save_model(keras.Sequential([layers.Dense(3)]), tmp_path / "m")


def test_a_model_without_weights_yet_has_none_to_write_or_read(tmp_path):
    model = keras.Sequential([layers.Dense(3)])
    for call, done in ((model.save_weights, "written"), (model.load_weights, "read")):
        with pytest.raises(SavingError, match=f"is not built: .*before its weights are {done}"):
            call(tmp_path / "w")
    assert not list(tmp_path.iterdir())


def rewritten(path, **members) -> None:
    """The archive with some of its members replaced (None: left out)."""
    with zipfile.ZipFile(path) as old:
        contents = {name: old.read(name) for name in old.namelist()} | members
    with zipfile.ZipFile(path, "w") as new:
        for name, content in contents.items():
            if content is not None:
                new.writestr(name, content)


def changed(path, **values) -> None:
    """The archive with entries of its configuration replaced."""
    with zipfile.ZipFile(path) as file:
        described = json.loads(file.read(archive.CONFIGURATION))
    described["model"]["config"] |= values.pop("config", {})
    rewritten(path, **{archive.CONFIGURATION: json.dumps(described | values)})


@pytest.fixture
def path(tmp_path):
    save_model(trained(), tmp_path / "m")
    return tmp_path / "m"


@pytest.mark.parametrize("members, message", [
    ({archive.WEIGHTS: None}, "it has no model.safetensors"),
    ({archive.CONFIGURATION: None}, "it has no config.json"),
    ({archive.METADATA: None}, "or a damaged one"),
    ({archive.METADATA: '{"format": 99, "writer": "graphc"}'}, "of this version"),
    ({archive.CONFIGURATION: "{"}, "cannot be understood"),
    ({archive.CONFIGURATION: "[" * 100_000}, "cannot be understood"),
    ({archive.CONFIGURATION: '{"model": {"class_name": 7}, "build": null, "compile": null}'}, "class_name"),
    ({archive.WEIGHTS: b"junk"}, "no safetensors file"),
])
def test_damage_is_an_error(path, members, message):
    rewritten(path, **members)
    with pytest.raises(SavingError, match=message):
        load_model(path)


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.9])
def test_a_truncated_file_is_an_error(path, keep):
    content = path.read_bytes()
    path.write_bytes(content[:int(len(content) * keep)])
    with pytest.raises(SavingError, match="no model file"):
        load_model(path)


def test_nothing_is_unpacked(path):
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr("bomb", b"\0" * 1_000_000)
    with pytest.raises(SavingError, match="compressed"):
        load_model(path)


@pytest.mark.parametrize("name", ["os.system", "builtins>eval", "__import__", "Evil"])
def test_a_file_names_known_classes_only(path, name):
    changed(path, model={"class_name": name, "config": {"x": "rm"}})
    with pytest.raises(SavingError, match=f"no layer is named '{name}'"):
        load_model(path)


def places(value, place=()):
    """The places in what JSON holds."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield (*place, key)
        yield from places(part, (*place, key))


JUNK = [None, 0, -1, 2.5, 10**30, float("nan"), float("inf"), "", "Lambda", "os.system", [], {}, [[]], [None], True,
        {"class_name": "os.system", "config": "x"}, {"class_name": "Dense", "config": {"units": 3}}]


@pytest.mark.filterwarnings("ignore")
def test_whatever_stands_in_a_configuration_it_is_understood_or_refused(tmp_path):
    """In each place of a functional model's configuration, in turn, stands something else."""
    x = keras.Input((4, 4, 1))
    a = layers.Flatten()(layers.Conv2D(2, 3, activation="relu")(x) * 2 + 1)
    model = keras.Model(x, layers.add([layers.Dense(3)(a), layers.Dense(3)(layers.Dropout(0.5)(a))]))
    model.compile("adam", "mse", metrics=["mae"])
    model.save(tmp_path / "m")
    with zipfile.ZipFile(tmp_path / "m") as file:
        text = file.read(archive.CONFIGURATION)
    refused = 0
    for k, place in enumerate(places(json.loads(text))):
        described = json.loads(text)
        inner = described
        for key in place[:-1]:
            inner = inner[key]
        inner[place[-1]] = JUNK[k % len(JUNK)]
        rewritten(tmp_path / "m", **{archive.CONFIGURATION: json.dumps(described)})
        try:
            load_model(tmp_path / "m")
        except SavingError:
            refused += 1
    assert refused > k / 2


@pytest.mark.parametrize("text", ["", "{", "7", "[]", "{}", '{"class_name": "Sequential", "config": 7}',
                                  '{"class_name": "Functional", "config": {"layers": [3]}}', "[" * 100_000])
def test_json_that_is_no_model_is_refused(text):
    with pytest.raises(SavingError, match="the JSON of a model cannot be understood"):
        keras.models.model_from_json(text)


def test_a_call_that_is_not_described_is_refused():
    x = keras.Input((2,))
    described = json.loads(keras.Model(x, layers.Dense(1)(layers.Dense(2)(x))).to_json())
    described["config"]["layers"][1]["inbound_nodes"] = [None]
    with pytest.raises(SavingError, match="cannot be understood"):
        keras.models.model_from_json(json.dumps(described))


def test_another_architecture_is_an_error_that_names_a_weight(path, tmp_path):
    save_model(keras.Sequential([keras.Input((6,)), layers.Dense(4), layers.Dense(2)]), tmp_path / "other")
    with zipfile.ZipFile(tmp_path / "other") as file:
        rewritten(path, **{archive.WEIGHTS: file.read(archive.WEIGHTS)})
    with pytest.raises(SavingError, match=r"its dense/kernel is float32\[6, 4\], the model's \S*/kernel is float32\[6, 5\]"):
        load_model(path)


@register_keras_serializable("tests")
class Doubled(layers.Layer):
    def call(self, inputs):
        return 2 * inputs


class Unknown(Doubled):
    pass


def test_a_layer_of_ones_own_is_named_by_its_package(tmp_path):
    save_model(keras.Sequential([keras.Input((6,)), Doubled()]), tmp_path / "m")
    assert b"tests>Doubled" in (tmp_path / "m").read_bytes()
    np.testing.assert_array_equal(load_model(tmp_path / "m")(X), 2 * X)


def test_an_unregistered_layer_is_given_when_it_is_loaded(tmp_path):
    save_model(keras.Sequential([keras.Input((6,)), Unknown()]), tmp_path / "m")
    with pytest.raises(SavingError, match="no layer is named 'Unknown'"):
        load_model(tmp_path / "m")
    np.testing.assert_array_equal(load_model(tmp_path / "m", {"Unknown": Unknown})(X), 2 * X)


def test_what_json_cannot_hold_is_named(tmp_path):
    class Odd(layers.Layer):
        def get_config(self):
            return {"stream": io.BytesIO()}

        def call(self, inputs):
            return inputs

    with pytest.raises(SavingError, match="cannot be described in JSON.*BytesIO"):
        save_model(keras.Sequential([keras.Input((6,)), Odd()]), tmp_path / "m")
    assert not list(tmp_path.iterdir())


def test_models_write_and_read_themselves(tmp_path):
    model = trained()
    model.save(tmp_path / "m.keras")
    model.save_weights(tmp_path / "w")
    again = keras.models.load_model(tmp_path / "m.keras", compile=False)
    assert not again.compiled
    again.set_weights([np.zeros_like(w) for w in again.get_weights()])
    again.load_weights(tmp_path / "w")
    np.testing.assert_array_equal(again(X), model(X))
