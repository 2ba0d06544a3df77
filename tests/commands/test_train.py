"""``graphc train``: what it builds, says and leaves behind."""
from __future__ import annotations

import sys

import numpy as np
import pytest

from graphc.__main__ import main
from graphc.commands import train
from graphc.commands.networks import NETWORKS
from graphc.datasets import digits
from graphc.nn import models
from graphc.nn.callbacks import History
from graphc.nn.callbacks.backup import FILE


@pytest.fixture
def few_digits(monkeypatch):
    """The digits, but fewer of them."""
    (x, y), (x_test, y_test) = digits.load_data()
    monkeypatch.setattr(digits, "load_data", lambda: ((x[:64], y[:64]), (x_test[:20], y_test[:20])))


@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (32, 32, 3)])
@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "lstm"])
def test_networks_fit_images_of_all_sizes(name, shape):
    model = NETWORKS[name](shape, 10)
    assert model.name == name
    assert model.output_shape == (None, *(shape if name == "autoencoder" else (10,)))


def test_resnet20_has_the_weights_of_its_paper():
    assert round(NETWORKS["resnet20"]((32, 32, 3), 10).count_params(), -4) == 270_000


def test_it_says_what_it_does_and_saves_it(few_digits, capsys, tmp_path):
    main(["train", "--model", "linear", "--epochs", "2", "--lr", "0.01", "--save", str(tmp_path / "m.keras")])
    said = capsys.readouterr().out
    assert "64 images to learn from, 20 held out" in said
    assert "Epoch 2/2" in said and "flatten" in said and "held out: loss" in said
    model = models.load_model(tmp_path / "m.keras")
    images = train.load("digits", None)
    _, accuracy = model.evaluate(images.x_test, images.y_test, verbose=0)
    assert f"accuracy {accuracy:.4f}" in said


def test_it_goes_on_where_it_was(few_digits, capsys, tmp_path):
    said = []
    for epochs in ("2", "3", "3"):
        main(["train", "--model", "linear", "--epochs", epochs, "--resume", str(tmp_path)])
        said.append(capsys.readouterr().out)
    assert "keeps its checkpoint in" in said[0] and "Epoch 1/2" in said[0]
    assert "goes on from" in said[1] and "Epoch 3/3" in said[1] and "Epoch 2/3" not in said[1]
    assert "Epoch" not in said[2] and said[2].split("held out: ")[1].split(";")[0] in said[1]


def test_it_draws_what_came_of_it(few_digits, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    main(["train", "--model", "linear", "--epochs", "2", "--plot", str(tmp_path / "plots")])
    for name in ("training.png", "misclassified.png"):
        assert (tmp_path / "plots" / name).read_bytes().startswith(b"\x89PNG")


def test_an_autoencoder_learns_images(few_digits):
    images = train.load("digits", None)
    target, held_out = train.targets("autoencoder", images)
    assert target is images.x and held_out is images.x_test
    assert (images.x.shape[1:], images.x.dtype, images.x.max()) == ((8, 8, 1), np.float32, 1)


@pytest.mark.parametrize("arguments, message", [
    (["--data", "mnist", "--data-dir", "/nowhere"], "graphc train: mnist is not in /nowhere"),
    (["--data-dir", "/nowhere"], "come with graphc"),
    (["--optimizer", "rmspropp", "--epochs", "1"], "did you mean 'rmsprop'"),
    (["--device", "gpu", "--model", "linear", "--epochs", "1"], "expected 'cpu'"),
])
def test_mistakes_end_in_one_line(arguments, message, few_digits):
    with pytest.raises(SystemExit) as exit:
        main(["train", *arguments])
    assert message in str(exit.value)


def test_the_cache_is_shown_and_cleared(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("GRAPHC_CACHE", str(tmp_path))
    main(["cache"])
    assert "entries  0" in capsys.readouterr().out
    (tmp_path / "ab").mkdir()
    (tmp_path / "ab" / "cd.o").write_bytes(b"x" * 200_000)
    main(["cache"])
    assert "entries  1\nsize     0.2 MB" in capsys.readouterr().out
    main(["cache", "--clear"])
    assert capsys.readouterr().out == f"removed 1 entries, 0.2 MB, from {tmp_path}\n"
    assert not (tmp_path / "ab" / "cd.o").exists()
    monkeypatch.setenv("GRAPHC_CACHE", "off")
    main(["cache", "--clear"])
    assert capsys.readouterr().out == "removed 0 entries, 0.0 MB, from off\n"


@pytest.mark.parametrize("arguments, message", [
    (["--model", "lenett"], "argument --model: there is no 'lenett'; did you mean 'lenet'?"),
    (["--data", "minst"], "argument --data: there is no 'minst'; did you mean"),
    *[([option, value], f"argument {option}: expected a whole number from 1 to") for option in
      ("--epochs", "--batch-size", "--threads") for value in ("0", "-1", "nan", "1.5", "x", "", "9" * 400)],
    (["--threads", "256"], "argument --threads: expected a whole number from 1 to 255, got '256'"),
    (["--seed", "4294967296"], "argument --seed: expected a whole number from 0"),
    *[(["--lr", value], "argument --lr: expected a number above 0, got") for value in ("0", "-1", "nan", "inf", "x")],
])
def test_options_that_make_no_sense_are_refused(arguments, message, capsys):
    with pytest.raises(SystemExit) as exit:
        main(["train", *arguments])
    assert exit.value.code == 2 and message in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--save", "--resume", "--plot"])
def test_what_cannot_be_written_is_said_before_the_training(option, tmp_path, few_digits, capsys):
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit) as exit:
        main(["train", option, str(tmp_path / "file" / "x")])
    assert f"{option}: nothing can be written into {tmp_path / 'file'}" in str(exit.value)
    assert not capsys.readouterr().out


def test_a_folder_is_no_file_to_save_to(tmp_path, capsys):
    with pytest.raises(SystemExit, match="is a folder"):
        main(["train", "--save", str(tmp_path)])
    assert not capsys.readouterr().out


@pytest.mark.parametrize("option", ["--resume", "--plot"])
def test_a_file_is_no_folder(option, tmp_path, capsys):
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match=f"{option} .*file: this is a file"):
        main(["train", option, str(tmp_path / "file")])
    assert not capsys.readouterr().out


def test_the_lack_of_matplotlib_is_said_before_the_training(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(SystemExit, match="need matplotlib"):
        main(["train", "--plot", str(tmp_path)])
    assert not capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"x" * 100])
def test_a_damaged_checkpoint_is_refused(content, tmp_path, few_digits):
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(SystemExit, match="is no safetensors file, or a damaged one"):
        main(["train", "--model", "linear", "--resume", str(tmp_path)])
    assert (tmp_path / FILE).read_bytes() == content


def test_a_checkpoint_of_another_network_is_refused(tmp_path, few_digits):
    main(["train", "--model", "linear", "--epochs", "1", "--resume", str(tmp_path)])
    with pytest.raises(SystemExit, match="belongs to another model: .*model/dense/kernel"):
        main(["train", "--model", "mlp", "--epochs", "1", "--resume", str(tmp_path)])


def test_a_training_that_is_done_is_drawn_as_a_whole(few_digits, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(train, "draw", lambda model, history, images, folder: drawn.append(history))
    for epochs in ("2", "3", "3"):
        main(["train", "--model", "linear", "--epochs", epochs, "--resume", str(tmp_path), "--plot", str(tmp_path)])
    assert [len(history["val_loss"]) for history in drawn] == [2, 3, 3]


@pytest.mark.parametrize("epochs, kept", [(0, False), (1, True)])
def test_an_interrupt_ends_with_a_line(epochs, kept, few_digits, tmp_path, capsys, monkeypatch):
    def interrupt(self, epoch, logs=None):
        if epoch == epochs:
            raise KeyboardInterrupt
    monkeypatch.setattr(History, "on_epoch_begin", interrupt)
    with pytest.raises(SystemExit) as exit:
        main(["train", "--model", "linear", "--epochs", "3", "--resume", str(tmp_path)])
    said = capsys.readouterr().err
    assert exit.value.code == 130 and "graphc train: interrupted" in said
    assert ("goes on from" in said) == kept == (tmp_path / FILE).exists()


def test_a_batch_may_be_larger_than_the_data(few_digits, capsys):
    main(["train", "--model", "linear", "--epochs", "1", "--batch-size", str(2**31 - 1)])
    assert "1/1" in capsys.readouterr().out


def test_the_options_reach_the_training(few_digits, tmp_path, monkeypatch):
    compiled, compile_model = [], models.Model.compile

    def recorded(self, **options):
        compiled.append(options)
        compile_model(self, **options)

    monkeypatch.setattr(models.Model, "compile", recorded)
    seeds = {"one": 5, "again": 5, "other": 6}
    for name, seed in seeds.items():
        main(["train", "--model", "linear", "--epochs", "3", "--batch-size", "16", "--optimizer", "sgd", "--lr", "0.02",
              "--threads", "1", "--seed", str(seed), "--save", str(tmp_path / name)])
    one, again, other = (models.load_model(tmp_path / name, compile=False).get_weights() for name in seeds)
    assert (one[0] == again[0]).all() and (one[0] != other[0]).any()
    assert (compiled[0]["threads"], compiled[0]["device"]) == (1, "cpu")
    optimizer = compiled[0]["optimizer"]
    rate = optimizer.get_config()["learning_rate"]["config"]
    assert type(optimizer).__name__ == "SGD" and (rate["initial_learning_rate"], rate["decay_steps"]) == (0.02, 12)
    assert optimizer.iterations.numpy() == 12
