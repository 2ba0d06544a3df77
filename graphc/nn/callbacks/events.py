"""Files of events, as TensorBoard reads them: numbers, histograms, images and graphs by tag and step. They need the extra
"tensorboard"."""
from __future__ import annotations

import importlib
import io
import os
import re
import socket
import time
from collections import Counter
from itertools import count
from pathlib import Path
from types import ModuleType

import numpy as np

from ...ir.errors import GraphcError
from ...ir.expr import Expr
from ...ir.graph import Graph

BUCKETS, SHOWN = 30, 3
"""The buckets of a histogram; how many images of a weight are shown at most."""
_serial = count()


def part(name: str) -> ModuleType:
    """A module of the package tensorboard."""
    try:
        return importlib.import_module(f"tensorboard.{name}")
    except ImportError as error:
        raise GraphcError(f'files for TensorBoard need its package: python -m pip install "graphc[tensorboard]" ({error})'
                          ) from error


class EventFile:
    """A new file of events in a folder, which is made if need be."""

    def __init__(self, folder: str | os.PathLike):
        self._summaries, self._tensor = part("compat.proto.summary_pb2"), part("util.tensor_util").make_tensor_proto
        Path(folder).mkdir(parents=True, exist_ok=True)
        name = f"events.out.tfevents.{time.time():010.0f}.{socket.gethostname()}.{os.getpid()}.{next(_serial)}"
        self._file = open(Path(folder, name), "xb")  # noqa: SIM115
        self._records = part("summary.writer.record_writer").RecordWriter(self._file)
        self.flush, self.close = self._file.flush, self._file.close
        self._event(file_version="brain.Event:2")

    def scalar(self, tag: str, value: float, step: int) -> None:
        """A point of a curve."""
        self._of_plugin("scalar", tag, np.float32(value), step)

    def histogram(self, tag: str, values: np.ndarray, step: int) -> None:
        """How the finite ones of some values are spread."""
        self._of_plugin("histogram", tag, buckets(values), step)

    def images(self, tag: str, images: np.ndarray, step: int) -> None:
        """Pictures of shape (count, height, width, channels): 1, 3 or 4 channels of numbers from 0 to 1."""
        pixels = np.clip(images[:SHOWN] * 255.5, 0, 255).astype(np.uint8)
        sizes = [str(size).encode() for size in (images.shape[2], images.shape[1])]
        self._of_plugin("image", tag, np.array([*sizes, *map(png, pixels)], object), step)

    def layers(self, tag: str, architecture: str) -> None:
        """The layers of a model and how they are connected, as `Model.to_json` has them."""
        data = self._summaries.SummaryMetadata.PluginData(plugin_name="graph_keras_model", content=b"1")
        metadata = self._summaries.SummaryMetadata(plugin_data=data)
        self._add(tag, metadata, np.array(architecture.encode(), object), 0)

    def graph(self, graph: Graph) -> None:
        """A graph of ops."""
        self._event(graph_def=graph_def(graph).SerializeToString())

    def _of_plugin(self, plugin: str, tag: str, value: np.ndarray, step: int) -> None:
        metadata = part(f"plugins.{plugin}.metadata").create_summary_metadata(display_name=None, description=None)
        self._add(tag, metadata, value, step)

    def _add(self, tag: str, metadata, value: np.ndarray, step: int) -> None:
        summary = self._summaries.Summary()
        summary.value.add(tag=tag, metadata=metadata, tensor=self._tensor(value))
        self._event(step=step, summary=summary)

    def _event(self, **content) -> None:
        event = part("compat.proto.event_pb2").Event(wall_time=time.time(), **content)
        self._records.write(event.SerializeToString())


def buckets(values: np.ndarray) -> np.ndarray:
    """Rows of (left edge, right edge, count). Where all values are equal, they are counted in the last one."""
    values = values.astype(np.float64).ravel()
    values = values[np.isfinite(values)]
    if not values.size:
        return np.zeros((BUCKETS, 3))
    least, most = values.min(), values.max()
    edges = np.append(np.linspace(least, most, BUCKETS + 1)[:-1], most)
    width = (most - least) / BUCKETS
    places = np.minimum((values - least) / width, BUCKETS - 1) if width else np.full(values.size, BUCKETS - 1)
    return np.stack([edges[:-1], edges[1:], np.bincount(places.astype(np.int64), minlength=BUCKETS)], axis=1)


def png(image: np.ndarray) -> bytes:
    """An image of bytes, (height, width, channels), as a PNG file."""
    file = io.BytesIO()
    importlib.import_module("PIL.Image").fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(file, "png")
    return file.getvalue()


# ---- graphs ---------------------------------------------------------------------------------------------------------
def graph_def(graph: Graph):
    """A graph as TensorBoard draws it: each node under the name of the layer that it is part of, what came of
    differentiating under ``gradients``, and the next values of Variables as nodes ``assign``."""
    drawing = _Drawing()
    for node in graph.order:
        name = node.full_name or f"{_scope(node)}{node.op.name}"
        drawing.names[node] = drawing.add(name, node.op.name, node, node.inputs)
    for variable, new in graph.updates:
        drawing.add(f"{_scope(new)}assign", "assign", variable, (variable, new))
    return drawing.made


class _Drawing:
    """The nodes that are drawn, each under a name of its own."""

    def __init__(self):
        self.made, self.names, self.times = part("compat.proto.graph_pb2").GraphDef(), {}, Counter()

    def add(self, name: str, op: str, node: Expr, operands: tuple[Expr, ...]) -> str:
        """A node of the type of `node`; its name, which may have got a number."""
        name = re.sub(r"[^A-Za-z0-9_.\-/]", "_", name)
        self.times[name] += 1
        if self.times[name] > 1:
            return self.add(f"{name}_{self.times[name] - 1}", op, node, operands)
        added = self.made.node.add(name=name, op=op, input=[self.names[x] for x in operands if x in self.names])
        added.attr["dtype"].s = str(node.dtype).encode()
        shape = added.attr["_output_shapes"].list.shape.add()
        for size in node.shape:
            shape.dim.add(size=-1 if size is None else size)
        return name


def _scope(node: Expr) -> str:
    line = node.line
    if line is None:
        return ""
    names = [*["gradients"] * line.gradient, *([line.part.removeprefix("layer ")] if line.part else [])]
    return "".join(f"{name}/" for name in names)


__all__ = ["BUCKETS", "SHOWN", "EventFile", "buckets", "graph_def", "part", "png"]
