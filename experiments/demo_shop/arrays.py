"""Small helpers that turn the shop's numbers into the ids, times and texts of the data contract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from domain.tables import UTC

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Texts: TypeAlias = npt.NDArray[np.object_]

DAY = 86_400
"""Seconds in a day; all moments are whole seconds since 1970, UTC."""


def ids(prefix: str, count: int, width: int) -> Texts:
    """`prefix` and a running number, such as c000123."""
    return np.array([f"{prefix}{number:0{width}d}" for number in range(1, count + 1)], dtype=object)


def numbered(prefix: str, numbers: Ints, width: int, known: Flags | None = None) -> pd.Series:
    """`prefix` and each number, zero-filled to `width` digits: l0000012; empty where not `known`."""
    shown = pa.array(numbers, mask=None if known is None else ~known)
    digits = pc.utf8_lpad(pc.cast(shown, pa.large_string()), width, "0")
    before, between = (pa.scalar(text, pa.large_string()) for text in (prefix, ""))
    return pd.Series(pd.array(pc.binary_join_element_wise(before, digits, between), dtype="str"))


def named(names: tuple[str, ...], index: Ints) -> Texts:
    """`names[index]`, element by element."""
    return np.asarray(np.array(names, dtype=object)[index])


def picked(texts: Sequence[str] | Texts, index: Ints, known: Flags | None = None) -> pd.Series:
    """`texts[index]`, element by element; empty where not `known`."""
    chosen = pa.array(index, mask=None if known is None else ~known)
    return pd.Series(pd.array(pa.array(texts, pa.large_string()).take(chosen), dtype="str"))


def moments(seconds: Ints | Floats, known: Flags | None = None) -> pd.Series:
    """UTC times; empty where not `known`."""
    times = pd.Series(seconds.astype("int64").astype("datetime64[s]")).dt.tz_localize("UTC").astype(UTC)
    return times if known is None else times.where(pd.Series(known))


def blank_unless(known: Flags, texts: Texts) -> Texts:
    """`texts`, empty where not `known`."""
    filled = texts.astype(object)
    filled[~known] = None
    return filled


def draw(rng: np.random.Generator, shares: Floats) -> Ints:
    """One index per row of `shares` (rows sum to 1), drawn with those probabilities."""
    below = np.cumsum(shares, axis=1)
    passed: Ints = (rng.random((len(shares), 1)) >= below).sum(axis=1)
    return np.asarray(np.minimum(passed, shares.shape[1] - 1))
