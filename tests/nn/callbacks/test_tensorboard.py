"""What TensorBoard reads of a training, by its own reader; and beside what Keras writes of the same one."""
from __future__ import annotations

import io
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import graphc.nn as keras
from graphc.ir.errors import ArgumentError
from graphc.nn import layers
from graphc.nn.callbacks import BackupAndRestore, LambdaCallback, TensorBoard
from graphc.nn.callbacks.tensorboard import as_images

pytest.importorskip("tensorboard", reason="tensorboard is not installed")
from google.protobuf import text_format  # noqa: E402
from PIL import Image  # noqa: E402
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: E402
from tensorboard.plugins.graph.keras_util import keras_model_to_graph_def  # noqa: E402
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig  # noqa: E402
from tensorboard.util.tensor_util import make_ndarray  # noqa: E402

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 4)).astype("float32")
Y = (X.sum(axis=1) > 0).astype("int64")
FIT = {"batch_size": 4, "epochs": 3, "shuffle": False, "verbose": 0}


class Run:
    """What TensorBoard reads in one folder: by tags the steps and the values."""

    def __init__(self, folder):
        self.reader = EventAccumulator(str(folder), size_guidance={"tensors": 0})
        self.reader.Reload()
        self.tags = self.reader.Tags()["tensors"]

    def steps(self, tag):
        return [event.step for event in self.reader.Tensors(tag)]

    def values(self, tag):
        return [make_ndarray(event.tensor_proto) for event in self.reader.Tensors(tag)]

    def plugin(self, tag):
        return self.reader.SummaryMetadata(tag).plugin_data.plugin_name


def network(k=keras, rate=0.1):
    """The same network, with the same weights, of graphc's `keras` or of Keras."""
    model = k.Sequential([k.Input((4,), name="given"), k.layers.Dense(3, "relu", name="hidden"),
                          k.layers.Dense(2, "softmax", name="scores")], name="net")
    rng = np.random.default_rng(1)
    model.set_weights([rng.normal(size=w.shape).astype("float32") for w in model.get_weights()])
    model.compile(k.optimizers.SGD(rate, momentum=0.5), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fitted(folder, model=None, **options):
    model = model or network()
    history = model.fit(X, Y, validation_data=(X[:8], Y[:8]), callbacks=[TensorBoard(folder, **options)], **FIT)
    return history.history, Run(f"{folder}/train"), Run(f"{folder}/validation")


# ---- curves ---------------------------------------------------------------------------------------------------------
def test_curves_are_the_history(tmp_path):
    history, train, held_out = fitted(tmp_path)
    assert set(train.tags) == {"keras", "epoch_loss", "epoch_accuracy", "epoch_learning_rate"}
    assert set(held_out.tags) == {"epoch_loss", "epoch_accuracy", "evaluation_loss_vs_iterations",
                                  "evaluation_accuracy_vs_iterations"}
    for run, prefix in ((train, ""), (held_out, "val_")):
        for name in ("loss", "accuracy"):
            tag = f"epoch_{name}"
            assert run.plugin(tag) == "scalars" and run.steps(tag) == [0, 1, 2]
            assert run.values(tag) == [np.float32(v) for v in history[prefix + name]]
    assert train.values("epoch_learning_rate") == [np.float32(0.1)] * 3
    assert held_out.steps("evaluation_loss_vs_iterations") == [5, 10, 15]
    assert held_out.values("evaluation_loss_vs_iterations") == held_out.values("epoch_loss")


@pytest.mark.parametrize("frequency, steps", [("batch", range(1, 16)), (1, range(1, 16)), (4, [4, 8, 12])])
def test_curves_of_batches(frequency, steps, tmp_path):
    seen = []
    model = network()
    board = TensorBoard(str(tmp_path), update_freq=frequency, write_steps_per_second=True)
    keep = LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(logs["loss"]))
    model.fit(X, Y, callbacks=[board, keep], **FIT)
    train = Run(tmp_path / "train")
    assert train.steps("batch_loss") == train.steps("batch_steps_per_second") == list(steps)
    assert train.values("batch_loss") == [np.float32(seen[k - 1]) for k in steps]
    assert train.steps("epoch_loss") == train.steps("epoch_steps_per_second") == [0, 1, 2]
    assert all(value > 0 for tag in ("batch", "epoch") for value in train.values(f"{tag}_steps_per_second"))


def test_an_evaluation_alone_is_written(tmp_path):
    model = network()
    loss, _ = model.evaluate(X, Y, verbose=0, callbacks=[TensorBoard(tmp_path)])
    assert Run(tmp_path / "validation").values("evaluation_loss_vs_iterations") == [np.float32(loss)]
    assert not (tmp_path / "train").exists()


def test_what_is_no_number_is_told(tmp_path):
    more = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(several=np.ones(3), one=2.0))
    with pytest.warns(UserWarning, match=r"'several' is no number but an array of shape \(3,\)") as found:
        network().fit(X, Y, callbacks=[more, TensorBoard(tmp_path)], **FIT)
    assert len(found) == 1 and Run(tmp_path / "train").values("epoch_one") == [2, 2, 2]


# ---- weights --------------------------------------------------------------------------------------------------------
def test_weights_are_shown(tmp_path):
    model = network()
    _, train, _ = fitted(tmp_path, model, histogram_freq=2, write_images=True)
    for variable in model.weights:
        path, weight = variable.path, variable.numpy()
        tag = f"{path}/histogram"
        assert train.plugin(tag) == "histograms" and train.steps(tag) == [0, 2]
        counts, edges = np.histogram(weight.astype(np.float64), 30)
        found = train.values(tag)[-1]
        np.testing.assert_array_equal(found[:, 2], counts)
        np.testing.assert_allclose(found[:, :2], np.stack([edges[:-1], edges[1:]], axis=1))
        tag = f"{path}/image"
        assert train.plugin(tag) == "images" and train.steps(tag) == [0, 2]
        width, height, *images = train.values(tag)[-1]
        picture = weight.T if weight.ndim == 2 else weight[:, None]
        assert (int(height), int(width)) == picture.shape and len(images) == 1
        shown = np.asarray(Image.open(io.BytesIO(images[0])))
        np.testing.assert_allclose(shown, np.clip(picture, 0, 1) * 255, atol=1)


def test_histograms_of_all_kinds(tmp_path):
    model = network()
    model.set_weights([np.full((4, 3), 2.0), np.array([np.nan, 1, 3]), np.zeros((3, 2)), np.array([1, -np.inf])])
    model.optimizer.learning_rate = 0.0
    board = TensorBoard(tmp_path, histogram_freq=1)
    with pytest.warns(UserWarning, match="bias holds NaN or infinities: its histograms leave them out"):
        model.fit(X, Y, callbacks=[LambdaCallback(on_epoch_end=lambda epoch, logs: model.set_weights(
            [np.full((4, 3), 2.0), np.array([np.nan, 1, 3]), np.zeros((3, 2)), np.array([1, -np.inf])])), board], **FIT)
    train = Run(tmp_path / "train")
    equal, some = train.values("net/hidden/kernel/histogram")[0], train.values("net/hidden/bias/histogram")[0]
    assert (equal[:, :2] == 2).all() and equal[-1, 2] == 12 == equal[:, 2].sum()
    assert some[0, 0] == 1 and some[-1, 1] == 3 and some[0, 2] == some[-1, 2] == 1 and some[:, 2].sum() == 2


@pytest.mark.parametrize("shape, shown", [((5,), (1, 5, 1, 1)), ((5, 2), (1, 2, 5, 1)), ((2, 5), (1, 2, 5, 1)), ((1,), None),
                                          ((3, 4, 1, 6), (6, 3, 4, 1)), ((3, 4, 2, 3), (3, 4, 2, 3)), ((3, 4, 2, 5), None)])
def test_what_looks_like_a_picture(shape, shown):
    weight = np.arange(np.prod(shape), dtype="float32").reshape(shape)
    found = as_images(weight)
    assert (None if found is None else found.shape) == shown
    if len(shape) == 4 and shown and shape[2] == 1:
        np.testing.assert_array_equal(found[2, :, :, 0], weight[:, :, 0, 2])


# ---- graphs ---------------------------------------------------------------------------------------------------------
def test_graphs_are_drawn(tmp_path):
    model = network()
    _, train, _ = fitted(tmp_path, model)
    assert train.plugin("keras") == "graph_keras_model" and train.steps("keras") == [0]
    architecture = json.loads(train.values("keras")[0].item())
    assert [(node.name, list(node.input)) for node in keras_model_to_graph_def(architecture).node] == [
        ("net/given", []), ("net/hidden", ["net/given"]), ("net/scores", ["net/hidden"])]
    nodes = {node.name: node for node in train.reader.Graph().node}
    assert len(nodes) == len(train.reader.Graph().node) and all(name in nodes for n in nodes.values() for name in n.input)
    product = nodes["net/scores/matmul"]
    assert product.op == "matmul" and list(product.input) == ["net/hidden/relu", "net/scores/kernel"]
    assert [d.size for d in product.attr["_output_shapes"].list.shape[0].dim] == [-1, 2]
    assert any(name.startswith("gradients/net/hidden/matmul") for name in nodes)
    assigned = {node.input[0] for node in nodes.values() if node.op == "assign"}
    assert {"net/hidden/kernel", "net/scores/bias", f"{model.optimizer.name}/iteration"} <= assigned


def test_layers_of_a_functional_model_are_drawn(tmp_path):
    x = keras.Input((4,), name="given")
    y = layers.Add(name="sum")([layers.Dense(3, name="a")(x), layers.Dense(3, name="b")(x)])
    model = keras.Model(x, y, name="net")
    model.compile("sgd", "mse")
    model.fit(X, X[:, :3], callbacks=[TensorBoard(tmp_path)], **FIT)
    graph = keras_model_to_graph_def(json.loads(Run(tmp_path / "train").values("keras")[0].item()))
    assert {node.name: set(node.input) for node in graph.node} == {
        "net/given": set(), "net/a": {"net/given"}, "net/b": {"net/given"}, "net/sum": {"net/a", "net/b"}}


def test_a_model_with_a_call_of_its_own_is_drawn_by_its_step(tmp_path):
    class Own(keras.Model):
        def __init__(self):
            super().__init__(name="own")
            self.dense = layers.Dense(3, name="dense")

        def call(self, x):
            return self.dense(x)

    model = Own()
    model.compile("sgd", "mse", check_nan=True)
    model.fit(X, X[:, :3], callbacks=[TensorBoard(tmp_path)], **FIT)
    train = Run(tmp_path / "train")
    assert "keras" not in train.tags and "own/dense/matmul" in {node.name for node in train.reader.Graph().node}


def test_no_graph_is_drawn_unless_wanted(tmp_path):
    _, train, _ = fitted(tmp_path, write_graph=False)
    assert "keras" not in train.tags and not train.reader.Tags()["graph"]


def test_what_json_cannot_describe_is_told(tmp_path):
    model = keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: x * 2), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.get_config = lambda: {"layers": [object()]}
    with pytest.warns(UserWarning, match="the layers of sequential.* are not drawn, as JSON cannot describe it"):
        model.fit(X, X[:, :1], callbacks=[TensorBoard(tmp_path)], **FIT)


# ---- embeddings -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("metadata, files", [(None, ["", ""]), ("words.tsv", ["words.tsv"] * 2),
                                             ({"b": "b.tsv"}, ["", "b.tsv"])])
def test_embeddings_are_kept_for_the_projector(metadata, files, tmp_path):
    x = keras.Input((3,), dtype="int32")
    model = keras.Model(x, layers.Add()([layers.Embedding(5, 2, name="a")(x), layers.Embedding(5, 2, name="b")(x)]))
    model.compile("sgd", "mse")
    board = TensorBoard(tmp_path, embeddings_freq=2, embeddings_metadata=metadata)
    numbers = RNG.integers(0, 5, (20, 3))
    seen = []
    keep = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(model.get_weights()))
    model.fit(numbers, np.ones((20, 3, 2), "float32"), callbacks=[board, keep], **{**FIT, "epochs": 4})
    config = text_format.Parse((tmp_path / "projector_config.pbtxt").read_text(), ProjectorConfig())
    assert [e.metadata_path for e in config.embeddings] == files
    for embedding, table, last in zip(config.embeddings, seen[2], seen[3], strict=True):
        rows = np.loadtxt(tmp_path / embedding.tensor_path, delimiter="\t", dtype="float32")
        np.testing.assert_array_equal(rows, table)
        assert not np.array_equal(rows, last)
    with pytest.raises(ArgumentError, match=r"no Embedding layer is named 'bb'; did you mean 'b'"):
        model.fit(numbers, np.ones((20, 3, 2), "float32"), verbose=0,
                  callbacks=[TensorBoard(tmp_path, embeddings_freq=1, embeddings_metadata={"bb": "b.tsv"})])


# ---- what is asked for ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("options, message", [
    ({"profile_batch": 5}, "profile_batch must be 0, not 5.*GRAPHC_DEBUG=6"),
    ({"profile_batch": (2, 4)}, "profile_batch must be 0"),
    ({"update_freq": "epochs"}, 'update_freq is "epoch", "batch" or a number of batches, not \'epochs\''),
    ({"update_freq": 0}, "update_freq"),
    ({"histogram_freq": -1}, "histogram_freq is a number of epochs, or 0 for none, not -1"),
    ({"embeddings_freq": 1.5}, "embeddings_freq"),
])
def test_what_makes_no_sense_is_refused(options, message):
    with pytest.raises(ArgumentError, match=message):
        TensorBoard(**options)


def test_what_would_do_nothing_is_told(tmp_path):
    with pytest.warns(UserWarning, match="write_images=True.*without histogram_freq"):
        TensorBoard(tmp_path, write_images=True)
    with pytest.warns(UserWarning, match="embeddings_metadata is of no use"):
        TensorBoard(tmp_path, embeddings_metadata="words.tsv")
    with pytest.warns(UserWarning, match="net has no Embedding layers"):
        fitted(tmp_path, embeddings_freq=1)


def test_tensorflow_is_not_needed(tmp_path):
    script = f"""
import sys
sys.modules["tensorflow"] = None
import numpy as np, graphc.nn as keras
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
board = keras.callbacks.TensorBoard({str(tmp_path)!r}, histogram_freq=1, write_images=True, update_freq=1)
model.fit(np.ones((4, 4), "float32"), np.ones((4, 1), "float32"), verbose=0, callbacks=[board])
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=300, cwd=Path(keras.__file__).parents[2])
    assert {"epoch_loss", "batch_loss"} <= set(Run(tmp_path / "train").tags)


@pytest.mark.parametrize("kind", [TensorBoard, BackupAndRestore])
def test_a_subclass_hears_what_its_base_does_not(kind, tmp_path):
    heard = []

    class Own(kind):
        def on_train_batch_end(self, batch, logs=None):
            heard.append(batch)

    network().fit(X, Y, callbacks=[Own(tmp_path)], **FIT)
    assert heard == [0, 1, 2, 3, 4] * 3


# ---- beside Keras ---------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def theirs():
    for name in ("keras", "tensorflow"):
        if find_spec(name) is None:
            pytest.skip(f"{name} is not installed: Keras' own TensorBoard callback needs it")
    return pytest.importorskip("keras")


def both(theirs, folder, rate, **options):
    runs = []
    for k, name in ((theirs, "theirs"), (keras, "mine")):
        board = k.callbacks.TensorBoard(str(folder / name), **options)
        network(k, rate).fit(X, Y, validation_data=(X[:8], Y[:8]), callbacks=[board], **FIT)
        runs.append([Run(folder / name / part) for part in ("train", "validation")])
    return zip(*runs, strict=True)


@pytest.mark.parametrize("frequency", ["epoch", "batch", 5])
def test_curves_are_those_of_keras(theirs, frequency, tmp_path):
    for expected, found in both(theirs, tmp_path, 0.1, update_freq=frequency, write_steps_per_second=True):
        assert set(found.tags) >= set(expected.tags) and (frequency == 5 or set(found.tags) == set(expected.tags))
        for tag in set(expected.tags) - {"keras"}:
            assert found.steps(tag) == expected.steps(tag) and found.plugin(tag) == expected.plugin(tag)
            if not tag.endswith("per_second"):
                np.testing.assert_allclose(found.values(tag), expected.values(tag), rtol=1e-5, atol=1e-6)


def test_pictures_of_weights_are_those_of_keras(theirs, tmp_path):
    expected, found = next(iter(both(theirs, tmp_path, 0.0, histogram_freq=2, write_images=True)))
    tags = [tag for tag in expected.tags if tag.endswith(("histogram", "image"))]
    assert len(tags) == 8 and set(tags) <= set(found.tags)
    for tag in tags:
        assert found.steps(tag) == expected.steps(tag) and found.plugin(tag) == expected.plugin(tag)
        for mine, other in zip(found.values(tag), expected.values(tag), strict=True):
            if tag.endswith("histogram"):
                np.testing.assert_array_equal(mine, other)
            else:
                assert [int(n) for n in mine[:2]] == [int(n) for n in other[:2]]
                np.testing.assert_array_equal(*(np.asarray(Image.open(io.BytesIO(image[2]))) for image in (mine, other)))
