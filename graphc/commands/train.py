"""``graphc train``: a network, a data set, and what comes of them."""
from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..datasets import cifar10, digits, fashion_mnist, mnist
from ..ir.errors import ArgumentError
from ..ir.registry import nearest
from ..nn import models, optimizers, set_random_seed
from ..nn.callbacks import BackupAndRestore
from ..runtime.device import device
from ..runtime.threads import MOST
from ..viz.training import curves, misread, needed
from .networks import NETWORKS

DATA = {"digits": digits, "mnist": mnist, "fashion_mnist": fashion_mnist, "cifar10": cifar10}
EPOCHS = {"digits": 20, "mnist": 6, "fashion_mnist": 10, "cifar10": 20}


@dataclass
class Images:
    """A data set: images as float32 in [0, 1] with a channel axis, labels as int64."""

    name: str
    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray

    @property
    def classes(self) -> int:
        """How many kinds of things there are."""
        return int(self.y.max()) + 1


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--model", type=_one_of(NETWORKS), default="lenet", metavar="NAME",
                        help=f"the network (lenet): {', '.join(NETWORKS)}")
    parser.add_argument("--data", type=_one_of(DATA), default="digits", metavar="NAME",
                        help=f"the data set (digits, which comes with graphc): {', '.join(DATA)}")
    parser.add_argument("--data-dir", metavar="DIR", help="a folder that holds the data set's files")
    parser.add_argument("--device", default="cpu", help="what to run on (cpu)")
    parser.add_argument("--threads", type=_whole(1, MOST), help="how many threads a step may use (all cores)")
    parser.add_argument("--epochs", type=_whole(1), help="how often to go through the data")
    parser.add_argument("--batch-size", type=_whole(1), default=32, help="images in a step (32)")
    parser.add_argument("--optimizer", default="rmsprop", help="by its name (rmsprop)")
    parser.add_argument("--lr", type=_rate, help="the learning rate to begin with (the optimizer's own)")
    parser.add_argument("--seed", type=_whole(0, 2**32 - 1), default=0, help="of weights, order and dropout (0)")
    parser.add_argument("--save", type=Path, metavar="FILE", help="write the trained model there")
    parser.add_argument("--resume", type=Path, metavar="DIR", help="keep checkpoints there, and go on from the last one")
    parser.add_argument("--plot", type=Path, metavar="DIR", help="draw the training's curves and the images misread")


def _one_of(names: Iterable[str]) -> Callable[[str], str]:
    def chosen(text: str) -> str:
        if text not in names:
            raise argparse.ArgumentTypeError(f"there is no {text!r}{nearest(text, names)} (there are {', '.join(names)})")
        return text
    return chosen


def _whole(least: int, most: int = 2**31 - 1) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"expected a whole number from {least} to {most}, got {text!r}")
        return int(text)
    return number


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not 0 < rate < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text!r}")
    return rate


def run(options: argparse.Namespace) -> None:
    """Train as the options say, and tell how it goes."""
    start = time.perf_counter()
    check(options)
    set_random_seed(options.seed)
    images = load(options.data, options.data_dir)
    model = NETWORKS[options.model](images.x.shape[1:], images.classes)
    epochs = options.epochs or EPOCHS[options.data]
    compile_model(model, options, epochs * -(-len(images.x) // options.batch_size))
    model.summary()
    print(f"{images.name}: {len(images.x):,} images to learn from, {len(images.x_test):,} held out")
    history = fit(model, images, options, epochs)
    logs = model.evaluate(images.x_test, targets(options.model, images)[1], verbose=0, return_dict=True)
    first = sorted(logs.items(), key=lambda log: log[0] != "loss")
    print("held out: " + ", ".join(f"{name} {value:.4f}" for name, value in first)
          + f"; {time.perf_counter() - start:.1f} s in all")
    if options.save:
        model.save(options.save)
        print(f"saved as {options.save}")
    if options.plot:
        draw(model, history, images, options.plot)


def check(options: argparse.Namespace) -> None:
    """Raise what would else be found after the training: what cannot be written, what is not there."""
    device(options.device)
    if options.save and options.save.is_dir():
        raise ArgumentError(f"--save {options.save}: this is a folder; give the name of a file")
    for name in ("resume", "plot"):
        folder = getattr(options, name)
        if folder and folder.is_file():
            raise ArgumentError(f"--{name} {folder}: this is a file; give the name of a folder")
        if folder:
            _written(f"--{name}", folder, lambda folder: folder.mkdir(parents=True, exist_ok=True))
    if options.save:
        _written("--save", options.save.parent)
    if options.plot:
        needed()


def _written(option: str, folder: Path, make: Callable[[Path], None] = lambda folder: None) -> None:
    try:
        make(folder)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise ArgumentError(f"{option}: nothing can be written into {folder.absolute()}: {error.strerror}") from error


def fit(model: models.Model, images: Images, options: argparse.Namespace, epochs: int) -> dict:
    """Train the model, from the last checkpoint on; what each epoch came to."""
    target, held_out = targets(options.model, images)
    backup = BackupAndRestore(options.resume, delete_checkpoint=False) if options.resume else None
    if backup:
        print(f"goes on from {backup.path}" if backup.path.exists() else f"keeps its checkpoint in {backup.path}")
    try:
        return model.fit(images.x, target, batch_size=options.batch_size, epochs=epochs,
                         validation_data=(images.x_test, held_out), callbacks=[backup]).history
    except KeyboardInterrupt as stop:
        if backup and backup.path.exists():
            raise KeyboardInterrupt(f"; the same command goes on from {backup.path}") from stop
        raise


def load(name: str, folder: str | None) -> Images:
    """The data set of that name."""
    if name == "digits" and folder:
        raise ArgumentError("--data-dir: the digits come with graphc, they need no folder")
    module = DATA[name]
    (x, y), (x_test, y_test) = module.load_data(folder) if folder else module.load_data()
    scale = 1 / x.max()
    return Images(name, _floats(x, scale), _labels(y), _floats(x_test, scale), _labels(y_test))


def _floats(images: np.ndarray, scale: float) -> np.ndarray:
    images = images.astype(np.float32) * np.float32(scale)
    return images if images.ndim == 4 else images[..., None]


def _labels(labels: np.ndarray) -> np.ndarray:
    return labels.reshape(-1).astype(np.int64)


def compile_model(model: models.Model, options: argparse.Namespace, steps: int) -> None:
    """Compile the model for its task, reading classes or drawing its inputs, for so many steps: the learning rate falls to
    zero along a cosine."""
    optimizer = optimizers.get(options.optimizer)
    start = options.lr or float(optimizer.learning_rate.numpy())
    decay = optimizers.schedules.CosineDecay(start, steps)
    optimizer = type(optimizer).from_config({**optimizer.get_config(), "learning_rate": decay})
    task = {"loss": "mse"} if options.model == "autoencoder" else {
        "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
    model.compile(optimizer=optimizer, device=options.device, threads=options.threads, **task)


def targets(model: str, images: Images) -> tuple[np.ndarray, np.ndarray]:
    """What the network should say of the images, and of those held out."""
    return (images.x, images.x_test) if model == "autoencoder" else (images.y, images.y_test)


def draw(model: models.Model, history: dict, images: Images, folder: Path) -> None:
    """The curves of the training, and, of a classifier, the held-out images that it misread, as PNG files."""
    written = [curves(history, folder / "training.png")]
    if model.name != "autoencoder":
        read = model.predict(images.x_test, verbose=0).argmax(-1)
        written.append(misread(images.x_test, images.y_test, read, folder / "misclassified.png"))
    print("drawn: " + ", ".join(map(str, written)))


__all__ = ["arguments", "run"]
