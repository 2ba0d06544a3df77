"""A whole model in one file: a zip archive of JSON and safetensors. Reading it makes objects of known classes only, and runs
nothing that is in it."""
from __future__ import annotations

import io
import json
import os
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..layers.layer import REGISTRY, Layer
from ..registry import custom_object_scope
from .weights import SavingError, named_variables, packed, read, restore, understood, write_whole

METADATA, CONFIGURATION, WEIGHTS, OPTIMIZER = "metadata.json", "config.json", "model.safetensors", "optimizer.safetensors"
FORMAT = 2


def save_model(model: Layer, filepath: str | os.PathLike, overwrite: bool = True, include_optimizer: bool = True) -> None:
    """Write a built model: its architecture, its weights and, if it is compiled, how, with the optimizer's state.

    Raises FileExistsError unless `overwrite`, SavingError for a model that JSON cannot describe."""
    if not overwrite and Path(filepath).exists():
        raise FileExistsError(f"{os.fspath(filepath)} exists; overwrite=True replaces it")
    compiled = include_optimizer and getattr(model, "compiled", False)
    described = {"model": REGISTRY.serialized(model), "build": _build_config(model),
                 "compile": model.get_compile_config() if compiled else None}
    try:
        configuration = json.dumps(described, indent=1)
    except TypeError as error:
        raise SavingError(f"{model.name} cannot be described in JSON: {error}. save_weights keeps its weights") from error
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_member(METADATA), json.dumps({"format": FORMAT, "writer": "graphc"}))
        archive.writestr(_member(CONFIGURATION), configuration)
        archive.writestr(_member(WEIGHTS), packed(_values(named_variables(model))))
        if compiled:
            archive.writestr(_member(OPTIMIZER), packed(_values(optimizer_variables(model.optimizer))))
    write_whole(filepath, content.getvalue())


def _member(name: str) -> zipfile.ZipInfo:
    """An entry without a date: equal models make equal files."""
    return zipfile.ZipInfo(name)


def _values(variables: Mapping) -> dict[str, np.ndarray]:
    return {name: v.numpy() for name, v in variables.items()}


def optimizer_variables(optimizer) -> dict[str, Any]:
    """The state of an optimizer by names that do not depend on the process: places, and the last word of a
    name."""
    return {f"{k}/{re.split('[/_]', v.name)[-1]}": v for k, v in enumerate(optimizer.variables)}


def _build_config(model: Layer):
    if not model.built:
        raise SavingError(f"{model.name} is not built: call it, or give it an Input, before it is saved")
    return model.get_build_config()


def load_model(filepath: str | os.PathLike, custom_objects: Mapping[str, Any] | None = None, compile: bool = True,
               safe_mode: bool = True):
    """The model in a file that `save_model` wrote, compiled as it was unless ``compile=False``.

    `custom_objects` are classes and functions of yours, by the names in the file. Nothing in it is ever executed, whatever
    `safe_mode` says. Raises SavingError for a file that is damaged or no such file, or that names what is not known."""
    members, origin = _members(filepath), os.fspath(filepath)
    with understood(origin), custom_object_scope(custom_objects or {}):
        described = json.loads(members[CONFIGURATION])
        model = REGISTRY.restored(described["model"])
        model.build_from_config(described["build"])
        if compile and described["compile"] is not None:
            model.compile_from_config(described["compile"])
    restore(named_variables(model), read(members[WEIGHTS], origin)[0], origin)
    if compile and described["compile"] is not None and OPTIMIZER in members:
        _restore_optimizer(model, read(members[OPTIMIZER], origin)[0], origin)
    return model


def _restore_optimizer(model, arrays: Mapping[str, np.ndarray], origin: str) -> None:
    """Set the optimizer's state. One that has not trained yet has none for the weights, nor is any made for it."""
    if not model.optimizer.built and len(arrays) > len(model.optimizer.variables):
        model.optimizer.build(model.trainable_weights)
    restore(optimizer_variables(model.optimizer), arrays, origin)


def _members(filepath) -> dict[str, bytes]:
    """What is in the archive, of what belongs there: nothing is unpacked, so that nothing grows."""
    try:
        with zipfile.ZipFile(filepath) as archive:
            known = {info.filename: info for info in archive.infolist()}
            if any(known[name].compress_type != zipfile.ZIP_STORED for name in known):
                raise SavingError(f"{os.fspath(filepath)} is no model file of graphc: its entries are compressed")
            members = {name: archive.read(known[name]) for name in (METADATA, CONFIGURATION, WEIGHTS, OPTIMIZER)
                       if name in known}
        written = json.loads(members[METADATA])
    except FileNotFoundError:
        raise
    except (zipfile.BadZipFile, KeyError, OSError, ValueError, EOFError, RuntimeError) as error:
        raise SavingError(f"{os.fspath(filepath)} is no model file of graphc, or a damaged one: {error}") from error
    if not isinstance(written, dict) or written.get("writer") != "graphc" or written.get("format") != FORMAT:
        raise SavingError(f"{os.fspath(filepath)} is no model file of this version of graphc: {written}")
    missing = [name for name in (CONFIGURATION, WEIGHTS) if name not in members]
    if missing:
        raise SavingError(f"{os.fspath(filepath)} is damaged: it has no {missing[0]}")
    return members


__all__ = ["load_model", "optimizer_variables", "save_model"]
