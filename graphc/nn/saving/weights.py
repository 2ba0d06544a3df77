"""Weights in files: safetensors, by names that say where in a model a weight is.

Files are written whole or not at all, and read without running anything that is in them."""
from __future__ import annotations

import json
import os
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import ml_dtypes
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ...ir.errors import GraphcError
from ..layers.layer import Layer
from ..naming import snake_case
from ..variables import Variable

_NOT_NUMPY = {np.dtype(ml_dtypes.bfloat16): np.dtype(np.uint16)}
"""Dtypes that are written as others, and named in the file's metadata."""
_BY_NAME = {dtype.name: dtype for dtype in _NOT_NUMPY}


class SavingError(GraphcError, ValueError):
    """A file is not what it should be, or belongs to another model."""


@contextmanager
def understood(origin: str) -> Iterator[None]:
    """In here a description is read: whatever goes wrong is SavingError, for a description may say anything."""
    try:
        yield
    except Exception as error:
        reason = error if isinstance(error, GraphcError) else repr(error)
        raise SavingError(f"{origin} cannot be understood: {reason}") from error


# ---- names ----------------------------------------------------------------------------------------------------------
def named_variables(layer: Layer) -> dict[str, Variable]:
    """The Variables of a model by names that do not depend on the process: ``dense_1/kernel`` is the kernel of its second
    Dense layer, whatever that is called. What layers share has the name of its first place."""
    names: dict[Variable, str] = {}
    for name, variable in _named(layer, ""):
        names.setdefault(variable, name)
    return {name: variable for variable, name in names.items()}


def _named(layer: Layer, prefix: str) -> Iterator[tuple[str, Variable]]:
    taken: Counter[str] = Counter()
    for variable in (*layer._trainable_variables, *layer._non_trainable_variables):
        yield prefix + numbered(variable.name, taken), variable
    for inner in layer._layers:
        yield from _named(inner, f"{prefix}{numbered(snake_case(type(inner).__name__), taken)}/")


def numbered(stem: str, taken: Counter[str]) -> str:
    """The stem, with a number from the second time on."""
    taken[stem] += 1
    return stem if taken[stem] == 1 else f"{stem}_{taken[stem] - 1}"


# ---- files ----------------------------------------------------------------------------------------------------------
def write_whole(path: str | os.PathLike, content: bytes) -> None:
    """Put `content` under `path`: whoever looks, even after a crash, finds the old file or the new one, whole."""
    path = Path(path).resolve()  # a link goes on pointing there
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """Make the new name last, where folders can be flushed."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)


def packed(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None) -> bytes:
    """Arrays as the content of a safetensors file."""
    written = {name: np.asarray(a, order="C").view(_NOT_NUMPY.get(a.dtype, a.dtype)) for name, a in arrays.items()}
    kinds = {f"dtype:{name}": str(a.dtype) for name, a in arrays.items() if a.dtype in _NOT_NUMPY}
    return save(written, {"writer": "graphc", **(metadata or {}), **kinds})


def read(content: bytes, origin: str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays and the metadata in the content of a safetensors file. Raises SavingError, which names `origin`, for one
    that is damaged or none at all."""
    try:
        arrays = {name: np.array(a) for name, a in load(content).items()}
        metadata = dict(json.loads(content[8:8 + int.from_bytes(content[:8], "little")]).get("__metadata__", {}))
        for name in arrays:
            if f"dtype:{name}" in metadata:
                arrays[name] = arrays[name].view(_BY_NAME[metadata.pop(f"dtype:{name}")])
    except (SafetensorError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise SavingError(f"{origin} is no safetensors file, or a damaged one: {error}") from error
    return arrays, metadata


# ---- into Variables -------------------------------------------------------------------------------------------------
def restore(variables: Mapping[str, Variable], arrays: Mapping[str, np.ndarray], origin: str,
            skip_mismatch: bool = False) -> None:
    """Set the Variables to the arrays of their names. Nothing is set unless all fit: else SavingError names the first
    that differs. With `skip_mismatch`, those that do not fit keep their values."""
    wrong = [problem for name, v in variables.items() if (problem := _problem(name, v, arrays))]
    wrong += [f"it holds {name}, which the model has not" for name in arrays if name not in variables]
    if wrong and not skip_mismatch:
        raise SavingError(f"{origin} belongs to another model: {wrong[0]}"
                          + (f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""))
    for name, variable in variables.items():
        if not _problem(name, variable, arrays):
            variable.assign(arrays[name])


def _problem(name: str, variable: Variable, arrays: Mapping[str, np.ndarray]) -> str:
    if name not in arrays:
        return f"it has no {name}"
    array = arrays[name]
    if (array.shape, array.dtype) != (variable.shape, variable.dtype):
        return (f"its {name} is {array.dtype}{list(array.shape)}, the model's {variable.label} is "
                f"{variable.dtype}{list(variable.shape)}")
    return ""


def save_weights(model: Layer, filepath: str | os.PathLike, overwrite: bool = True) -> None:
    """Write all weights of a layer or model. Raises FileExistsError unless `overwrite`."""
    if not overwrite and Path(filepath).exists():
        raise FileExistsError(f"{os.fspath(filepath)} exists; overwrite=True replaces it")
    write_whole(filepath, packed({name: v.numpy() for name, v in named_variables(model).items()}))


def load_weights(model: Layer, filepath: str | os.PathLike, skip_mismatch: bool = False) -> None:
    """Read all weights of a layer or model that is built. Raises SavingError, and changes nothing, where one differs."""
    arrays, _ = read(Path(filepath).read_bytes(), os.fspath(filepath))
    restore(named_variables(model), arrays, os.fspath(filepath), skip_mismatch)


__all__ = ["SavingError", "load_weights", "named_variables", "numbered", "packed", "read", "restore", "save_weights",
           "understood", "write_whole"]
