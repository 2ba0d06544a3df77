"""Tables in CSV files."""
from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..ir.errors import ArgumentError
from ..ir.registry import nearest
from .files import DataError

MISSING = ("", "NA", "N/A", "nan", "NaN", "null", "?")
"""What stands in a field whose number is not known."""


class Table(NamedTuple):
    """`x`, float32 of shape (rows, columns); `y`, numbers, or class numbers as int64; what they are called."""

    x: np.ndarray
    y: np.ndarray | None
    columns: list[str]
    classes: list[str]


def read_csv(path, target: str | int | None = None, columns: Sequence[str] | None = None, header: bool = True,
             delimiter: str = ",", encoding: str = "utf-8-sig") -> Table:
    """The numbers in a CSV file, a row for each sample.

    `target` is the column of what is to be predicted, by name or place: if its fields are not all numbers, they are taken
    for classes, numbered in the order of their names. `columns` are those to read as inputs (default: all others).
    A missing number is NaN; what is to be predicted must not be missing. Raises DataError, with the line, for a field that
    is no number or a row of another length."""
    names, rows = _rows(path, header, delimiter, encoding)
    if isinstance(target, int):
        if not -len(names) <= target < len(names):
            raise ArgumentError(f"{path} has {len(names)} columns, none with number {target}; it has {names}")
        target = names[target]
    wanted = [columns] if isinstance(columns, str) else columns
    wanted = [name for name in names if name != target] if wanted is None else list(wanted)
    for name in [*wanted, *([] if target is None else [target])]:
        if name not in names:
            raise ArgumentError(f"{path} has no column {name!r}{nearest(str(name), names)}; it has {names}")
    x = np.empty((len(rows), len(wanted)), np.float32)
    for j, name in enumerate(wanted):
        k = names.index(name)
        for i, (line, row) in enumerate(rows):
            x[i, j] = _number(path, line, name, row[k])
    y, classes = (None, []) if target is None else _targets(path, target, names.index(target), rows)
    return Table(x, y, wanted, classes)


def _rows(path, header: bool, delimiter: str, encoding: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The names of the columns; the fields of each row and the line it ends on."""
    try:
        with open(path, newline="", encoding=encoding) as file:
            reader = csv.reader(file, delimiter=delimiter, skipinitialspace=True)
            rows = [(reader.line_num, row) for row in reader if row]
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(f"{os.fspath(path)} is no CSV file: {error}") from error
    except (TypeError, LookupError) as error:
        raise ArgumentError(f"delimiter={delimiter!r}, encoding={encoding!r}: {error}") from error
    if len(rows) <= header:
        raise DataError(f"{os.fspath(path)} holds no rows")
    names = [name.strip() for name in rows.pop(0)[1]] if header else [str(k) for k in range(len(rows[0][1]))]
    if len(set(names)) < len(names):
        raise DataError(f"{os.fspath(path)}: several columns have one name: {names}")
    for line, row in rows:
        if len(row) != len(names):
            raise DataError(f"{os.fspath(path)}, line {line}: {len(row)} fields in a table of {len(names)} columns")
    return names, rows


def _number(path, line: int, column: str, field: str) -> float:
    field = field.strip()
    if field in MISSING:
        return float("nan")
    if not _is_number(field):
        raise DataError(f"{os.fspath(path)}, line {line}: {field!r} in column {column!r} is no number")
    return float(field)


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return "_" not in field


def _targets(path, target: str, k: int, rows: list[tuple[int, list[str]]]) -> tuple[np.ndarray, list[str]]:
    """The numbers in column k, or numbers of classes, and what these are called."""
    fields = [row[k].strip() for _, row in rows]
    numeric = all(field in MISSING or _is_number(field) for field in fields) and not all(f in MISSING for f in fields)
    for (line, _), field in zip(rows, fields, strict=True):
        if field in MISSING if numeric else not field:
            raise DataError(f"{os.fspath(path)}, line {line}: {target!r}, which is to be predicted, is missing")
    if not numeric:
        classes = sorted(set(fields))
        return np.array([classes.index(field) for field in fields], np.int64), classes
    numbers = np.array([float(field) for field in fields])
    with np.errstate(invalid="ignore"):
        whole = numbers.astype(np.int64)
    return (whole if (whole == numbers).all() else numbers.astype(np.float32)), []


__all__ = ["Table", "read_csv"]
