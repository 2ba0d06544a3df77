"""``graphc train``: what it builds, says and leaves behind."""
from __future__ import annotations

import numpy as np
import pytest

from graphc.__main__ import main
from graphc.commands import train
from graphc.commands.networks import NETWORKS
from graphc.datasets import digits
from graphc.nn import models


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
    for epochs in ("1", "3"):
        main(["train", "--model", "linear", "--epochs", epochs, "--resume", str(tmp_path)])
    said = capsys.readouterr().out
    assert said.count("Epoch 1/") == 1 and "Epoch 3/3" in said


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
    main(["cache", "--clear"])
    assert "removed 0 entries" in capsys.readouterr().out
