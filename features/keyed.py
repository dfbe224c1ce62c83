"""Whole numbers by key, in files that are mapped into memory: sorted hashes of the keys, and a row of numbers for each.

A table is a stack of layers. A night writes a thin layer of the entries that changed and links the thick one below it, so that it
costs what the day brought; a layer is never changed once written, because a mapped file that changes kills its readers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import SnapshotRefused

Hashes = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]

MISSING = np.iinfo("int64").min
"""A number that is not known."""

GONE = MISSING + 1
"""In the first column: the entry has been taken out since the layer below was written."""

LAYER_FILES = ("keys.npy", "numbers.npy")

_NOBODY = np.uint64(0)
FOLD = np.uint64(0x9E3779B97F4A7C15)
MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))


def hash_texts(texts: Sequence[str | None] | npt.NDArray[np.object_]) -> Hashes:
    """A 64-bit hash of each text; 0 where it is missing."""
    codes, distinct = pd.factorize(np.asarray(texts, dtype=object))
    hashed = pd.util.hash_array(np.asarray(distinct, dtype=object), categorize=False).astype("uint64")
    hashed[hashed == _NOBODY] = 1
    return np.append(hashed, _NOBODY)[codes]


def hash_few(texts: Sequence[str | None]) -> Hashes:
    """The same as `hash_texts`, quicker where the texts are few or differ."""
    known = np.array([text is not None for text in texts], dtype=bool)
    if not known.any():
        return np.zeros(len(texts), dtype="uint64")
    hashed = np.zeros(len(texts), dtype="uint64")
    hashed[known] = pd.util.hash_array(np.array([text for text in texts if text is not None], dtype=object), categorize=False)
    hashed[known & (hashed == _NOBODY)] = 1
    return hashed


def fold(parts: Sequence[Hashes] | Hashes, rows: int, *, onto: Hashes | None = None) -> Hashes:
    """One hash for each row of keys (after Steele et al. 2014, SplitMix); the order of the parts matters.

    With 10 million entries the odds of two alike are 1 in 400,000; `Layer.of` refuses them.

    Args:
        parts: the hashes of each key, (rows,), or (1,) where all rows have the same.
        rows: how many.
        onto: parts that come before them, folded.
    """
    folded = np.full(1, FOLD) if onto is None else onto
    for part in parts:
        folded = _mixed((folded + FOLD) ^ part)
    return folded if len(folded) == rows else np.broadcast_to(folded, rows)


def _mixed(values: Hashes) -> Hashes:
    values = (values ^ (values >> SHIFTS[0])) * MIX[0]
    values = (values ^ (values >> SHIFTS[1])) * MIX[1]
    mixed: Hashes = values ^ (values >> SHIFTS[2])
    return mixed


@dataclass(frozen=True, eq=False)
class Layer:
    """Entries sorted by the hash of their key.

    Attributes:
        keys: (entries,) ascending, distinct.
        numbers: (entries, columns) whole numbers.
    """

    keys: Hashes
    numbers: Ints

    def __len__(self) -> int:
        return len(self.keys)

    @classmethod
    def of(cls, keys: Hashes, numbers: Ints) -> Layer:
        """Sort entries by key.

        Raises:
            SnapshotRefused: two keys have the same hash.
        """
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        if (ordered[1:] == ordered[:-1]).any():
            raise SnapshotRefused("two keys have the same 64-bit hash", advice="report it: the odds are below one in a hundred thousand")
        return cls(ordered, np.ascontiguousarray(numbers[order], dtype="int64"))

    @classmethod
    def load(cls, folder: Path) -> Layer:
        """Map what `write` wrote into memory."""
        keys, numbers = (np.load(folder / name, mmap_mode="r") for name in LAYER_FILES)
        return cls(keys, numbers)

    @property
    def folder(self) -> Path | None:
        """Where it lies on disk, if it does."""
        lies_at = getattr(self.keys, "filename", None)
        return None if lies_at is None else Path(lies_at).parent

    def write(self, folder: Path) -> None:
        """Write both arrays into a new folder."""
        folder.mkdir(parents=True)
        for name, array in zip(LAYER_FILES, (self.keys, self.numbers), strict=True):
            np.save(folder / name, array)

    def find(self, keys: Hashes) -> Ints:
        """The row of each key; -1 where it is not there."""
        if not len(self.keys):
            return np.full(len(keys), -1)
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[at] == keys, at, -1)

    def under(self, above: Layer) -> Layer:
        """Both as one layer: where both have an entry, that of `above` holds."""
        kept = above.find(self.keys) < 0
        keys = np.concatenate([self.keys[kept], above.keys])
        return Layer.of(keys, np.concatenate([self.numbers[kept], above.numbers]))

    def without_gone(self) -> Layer:
        """Without the entries that have been taken out."""
        there = self.numbers[:, 0] != GONE if self.numbers.shape[1] else np.ones(len(self), dtype=bool)
        return self if there.all() else Layer(self.keys[there], self.numbers[there])


@dataclass(frozen=True, eq=False)
class Stack:
    """A table: its layers, the thickest and oldest first."""

    layers: tuple[Layer, ...]

    def look_up(self, keys: Hashes, nothing: Ints) -> Ints:
        """The numbers of each key (rows, columns); `nothing` where it has no entry."""
        found = np.tile(nothing, (len(keys), 1))
        for layer in self.layers:
            at = layer.find(keys)
            here = at >= 0
            found[here] = layer.numbers[at[here]]
        found[found[:, 0] == GONE] = nothing
        return found

    def whole(self) -> Layer:
        """All entries as one layer."""
        base, *above = self.layers
        for layer in above:
            base = base.under(layer)
        return base.without_gone()
