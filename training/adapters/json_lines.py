"""Reads a file with one JSON object a line, packed (.gz) or not, or says in one message all that is wrong with it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from domain.errors import ImportRefused
from training.adapters.source_file import Field, refuse_missing, typed

_WANTED = "a file with one JSON object a line, in UTF-8, perhaps packed (.gz)"


def read_objects(path: Path, fields: Mapping[str, Field]) -> pd.DataFrame:
    """The asked-for keys of every object, one row a line, as their fields say; further keys are dropped at once.

    An object may lack a key, or hold null, where the field may be empty; a key that no object has is missing from the layout.

    Raises:
        ImportRefused: the file cannot be read, a line is no object, a key is in no line, or values are of another kind.
    """
    if not path.is_file():
        raise ImportRefused(f"{path} is no file", expected=_WANTED)
    try:
        objects = list(_objects(path))
    except (OSError, EOFError, ValueError) as error:
        raise ImportRefused(f"{path} cannot be read: {error}", expected=_WANTED) from error
    if objects:
        refuse_missing(path, set().union(*objects), fields)
    return typed(path, pd.DataFrame({name: _texts(objects, name) for name in fields}), fields)


def _objects(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                value = json.loads(line)
            except json.JSONDecodeError as error:
                raise ValueError(f"line {number:,} is no JSON: {error}") from error
            if not isinstance(value, dict):
                raise ValueError(f"line {number:,} is no JSON object")
            yield value


def _texts(objects: list[dict[str, Any]], name: str) -> pd.Series:
    """Values as text, as the sources write some numbers as numbers and some as text; null and NaN are missing."""
    found = (one.get(name) for one in objects)
    return pd.Series([None if value is None or value != value else str(value) for value in found], dtype="str")
