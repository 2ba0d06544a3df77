"""Trainings for TensorBoard to show."""
from __future__ import annotations

import io
import os
import time
import warnings
from pathlib import Path

import numpy as np

from ...ir.errors import ArgumentError, GraphcError
from ...ir.registry import nearest
from ...runtime.checked import finite
from ..layers.embedding import Embedding
from ..saving.weights import write_whole
from .callback import Callback, unheard
from .events import EventFile, part
from .rates import rate_of


class TensorBoard(Callback):
    """Writes files for TensorBoard, which shows them: ``tensorboard --logdir logs``. Needs the extra "tensorboard".

    In the folders `log_dir`/train and `log_dir`/validation there are then, with tags such as Keras gives them:

    - ``epoch_*``, the logs of each epoch and its learning rate; ``evaluation_*_vs_iterations``, what each evaluation came
      to; with `update_freq` "batch", or an int, ``batch_*``, the logs after every batch, or every so many; with
      `write_steps_per_second` also the steps a second;
    - every `histogram_freq` epochs histograms of all weights, and with `write_images` the weights as images;
    - with `write_graph` the layers of the model, where it is a graph of layers, and the graph of the first training step,
      with all gradients and updates;
    - every `embeddings_freq` epochs the tables of Embedding layers, for the projector. `embeddings_metadata` is a file that
      says what their rows are, or a dict of such files by the layers' names. Paths are relative to `log_dir`.

    There are no traces of the profiler: `profile_batch` must be 0."""

    kept = ("_batches",)

    def __init__(self, log_dir: str | os.PathLike = "logs", histogram_freq: int = 0, write_graph: bool = True,
                 write_images: bool = False, write_steps_per_second: bool = False, update_freq: str | int = "epoch",
                 profile_batch=0, embeddings_freq: int = 0, embeddings_metadata: str | dict[str, str] | None = None):
        part("compat.proto.event_pb2")
        if profile_batch:
            raise ArgumentError(f"TensorBoard: profile_batch must be 0, not {profile_batch!r}: graphc writes no traces; "
                                "with GRAPHC_DEBUG=6 in the environment it prints the time of every kernel")
        for name, value in (("histogram_freq", histogram_freq), ("embeddings_freq", embeddings_freq)):
            _check_count(name, value, 0, "a number of epochs, or 0 for none")
        if update_freq not in ("batch", "epoch"):
            _check_count("update_freq", update_freq, 1, '"epoch", "batch" or a number of batches')
        if write_images and not histogram_freq:
            warnings.warn("TensorBoard: write_images=True shows weights together with their histograms: without "
                          "histogram_freq there are none", stacklevel=2)
        if embeddings_metadata is not None and not embeddings_freq:
            warnings.warn("TensorBoard: embeddings_metadata is of no use without embeddings_freq", stacklevel=2)
        self.log_dir, self.histogram_freq, self.write_graph = os.fspath(log_dir), histogram_freq, write_graph
        self.write_images, self.write_steps_per_second = write_images, write_steps_per_second
        self.update_freq = 1 if update_freq == "batch" else update_freq
        self.embeddings_freq, self.embeddings_metadata = embeddings_freq, embeddings_metadata
        self._files: dict[str, EventFile] = {}
        self._warned: set[str] = set()
        self._in_fit, self._batches, self._drawn = False, 0, True
        if update_freq == "epoch":
            unheard(self, TensorBoard, "on_train_batch_begin", "on_train_batch_end")

    # ---- events
    def on_train_begin(self, logs=None):
        self._close()
        self._in_fit, self._batches, self._drawn = True, 0, not self.write_graph
        if self.write_graph:
            self._draw_layers()
        if self.embeddings_freq:
            self._configure_projector()

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch_start = time.perf_counter(), self._iterations()

    def on_train_batch_begin(self, batch, logs=None):
        self._batches += 1
        self._batch_start = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        if self._batches % self.update_freq == 0:
            speed = 1 / (time.perf_counter() - self._batch_start)
            rate = {"steps_per_second": speed} if self.write_steps_per_second else {}
            self._scalars("train", "batch_{}", {**rate, **(logs or {})}, self._batches)

    def on_test_end(self, logs=None):
        if self.model.optimizer is not None:
            self._scalars("validation", "evaluation_{}_vs_iterations", logs or {}, self._iterations())
        if not self._in_fit:
            self._close()

    def on_epoch_end(self, epoch, logs=None):
        if not self._drawn:
            self._draw_step()
        self._log_epoch(epoch, logs or {})
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._log_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            self._log_embeddings()
        for file in self._files.values():
            file.flush()

    def on_train_end(self, logs=None):
        self._in_fit = False
        self._close()

    # ---- files
    def _file(self, run: str) -> EventFile:
        if run not in self._files:
            self._files[run] = EventFile(os.path.join(self.log_dir, run))
        return self._files[run]

    def _close(self) -> None:
        while self._files:
            self._files.popitem()[1].close()

    def _warn(self, message: str) -> None:
        if message not in self._warned:
            self._warned.add(message)
            warnings.warn(f"TensorBoard: {message}", stacklevel=4)

    # ---- curves
    def _iterations(self) -> int:
        return 0 if self.model.optimizer is None else int(self.model.optimizer.iterations)

    def _scalars(self, run: str, tag: str, logs: dict, step: int) -> None:
        for name, value in logs.items():
            if np.ndim(value):
                self._warn(f"{name!r} is no number but an array of shape {np.shape(value)}, which is not written")
            else:
                self._file(run).scalar(tag.format(name), value, step)

    def _log_epoch(self, epoch: int, logs: dict) -> None:
        if not logs:
            return
        train = {name: value for name, value in logs.items() if not name.startswith("val_")}
        if self.model.optimizer is not None:
            train["learning_rate"] = rate_of(self.model.optimizer)
        if self.write_steps_per_second:
            start, before = self._epoch_start
            train["steps_per_second"] = (self._iterations() - before) / (time.perf_counter() - start)
        self._scalars("train", "epoch_{}", train, epoch)
        held_out = {name.removeprefix("val_"): value for name, value in logs.items() if name.startswith("val_")}
        self._scalars("validation", "epoch_{}", held_out, epoch)

    # ---- weights
    def _log_weights(self, epoch: int) -> None:
        for weight in dict.fromkeys(weight for layer in self.model.layers for weight in layer.weights):
            name, value = weight.path.replace(":", "_"), weight.numpy()
            if not finite(value):
                self._warn(f"{name} holds NaN or infinities: its histograms leave them out")
            self._file("train").histogram(f"{name}/histogram", value, epoch)
            images = as_images(value) if self.write_images else None
            if images is not None:
                self._file("train").images(f"{name}/image", images, epoch)

    # ---- graphs
    def _draw_layers(self) -> None:
        try:
            if "layers" in self.model.get_config():
                self._file("train").layers("keras", self.model.to_json())
        except (GraphcError, NotImplementedError, TypeError, ValueError) as error:
            self._warn(f"the layers of {self.model.name} are not drawn, as JSON cannot describe it: {error}")

    def _draw_step(self) -> None:
        self._drawn = True
        step = self.model._steps.get("train_step")
        if step is None:
            self._warn(f"the training step of {self.model.name} is not drawn: fit did not compile it")
        else:
            self._file("train").graph(step.graph)

    # ---- embeddings
    def _embeddings(self) -> list[Embedding]:
        return [layer for layer in self.model._flattened() if isinstance(layer, Embedding)]

    def _configure_projector(self) -> None:
        names = [layer.name for layer in self._embeddings()]
        if not names:
            self._warn(f"embeddings_freq={self.embeddings_freq}, but {self.model.name} has no Embedding layers")
        metadata = self.embeddings_metadata or {}
        for name in () if isinstance(metadata, str) else metadata:
            if name not in names:
                raise ArgumentError(f"TensorBoard: embeddings_metadata: no Embedding layer is named {name!r}"
                                    f"{nearest(name, names)}; there are {names}")
        config = part("plugins.projector.projector_config_pb2").ProjectorConfig()
        for name in names:
            added = config.embeddings.add(tensor_name=name, tensor_path=f"train/{name}.tsv")
            added.metadata_path = metadata if isinstance(metadata, str) else metadata.get(name, "")
        Path(self.log_dir).mkdir(parents=True, exist_ok=True)
        Path(self.log_dir, "projector_config.pbtxt").write_text(str(config), encoding="utf-8")

    def _log_embeddings(self) -> None:
        for layer in self._embeddings():
            rows = io.BytesIO()
            np.savetxt(rows, layer.embeddings.numpy(), "%.9g", "\t")
            os.makedirs(os.path.join(self.log_dir, "train"), exist_ok=True)
            write_whole(Path(self.log_dir, "train", f"{layer.name}.tsv"), rows.getvalue())


def _check_count(name: str, value, least: int, wanted: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ArgumentError(f"TensorBoard: {name} is {wanted}, not {value!r}")


def as_images(weight: np.ndarray) -> np.ndarray | None:
    """A weight as pictures of shape (count, height, width, channels), as Keras makes them: a matrix is one, lying; of three
    axes the last counts the pictures. None for what does not look like a picture."""
    weight = np.squeeze(weight)
    if weight.ndim == 1:
        weight = weight.reshape(1, -1, 1, 1)
    elif weight.ndim == 2:
        weight = (weight.T if weight.shape[0] > weight.shape[1] else weight)[None, :, :, None]
    elif weight.ndim == 3:
        weight = weight.transpose(2, 0, 1)[..., None]
    return weight if weight.ndim == 4 and weight.shape[-1] in (1, 3, 4) else None


__all__ = ["TensorBoard", "as_images"]
