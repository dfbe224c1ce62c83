"""The numbers of one entity as formulas read them, for a handful of keys at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numba import types

from features.catalogue import Values
from features.entities import Wanted
from features.keyed import FOLD, GONE, MISSING, MIX, SHIFTS, Hashes, Ints, Stack, fold
from features.native import native, only_read
from features.persons import Flags
from features.state import nothing_of

NOBODY = np.zeros(1, dtype="uint64")
"""The hash of a key that is unknown."""

_UNKNOWN = np.uint64(0)
_HASHES, _INTS, _VALUES = (only_read(kind, 1) for kind in (types.uint64, types.int64, types.float64))


@dataclass(frozen=True, eq=False)
class Entered:
    """Which of an entity's numbers are read, and into which lines they are written."""

    columns: Ints
    lines: Ints


class Lookups:
    """Finds entries by the folded hashes of their keys: what `Stack.look_up` finds, as doubles.

    Attributes:
        keys: what identifies an entry.
        columns: what is known of it, as formulas name it.
    """

    def __init__(self, wanted: Wanted, stack: Stack) -> None:
        self.keys, self.columns = wanted.entity.keys, wanted.columns
        self._layers = [(np.asarray(layer.keys), np.asarray(layer.numbers)) for layer in stack.layers if len(layer)]
        self._nothing = _as_doubles(nothing_of(wanted))

    def find(self, folded: Hashes) -> Values:
        """The numbers of each row (columns, rows)."""
        columns = np.arange(len(self.columns))
        told = np.empty((len(columns), len(folded)))
        self.enter(folded, Entered(columns, columns), told)
        return told

    def enter(self, folded: Hashes, entered: Entered, told: Values) -> None:
        """Write some of the numbers of each row into lines of `told` (lines, rows); of a row whose key is not known (0), NaN."""
        _begin(self._nothing, folded, entered.columns, entered.lines, told)
        for there, numbers in self._layers:
            _enter(there, numbers, self._nothing, folded, entered.columns, entered.lines, told)

    def has(self, folded: Hashes) -> Flags:
        """Whether each row has an entry."""
        entered = np.zeros(len(folded), dtype=bool)
        for there, numbers in self._layers:
            here, at = _where(there, folded)
            entered[here] = numbers[at, 0] != GONE
        return entered


@dataclass(frozen=True, eq=False)
class Alike:
    """Goods in groups that are alike in some of their keys.

    Attributes:
        group: of each sku and, at the end, of an unknown one.
        parts: the hashes of each group's keys, (keys, groups).
        folded: the same in one, (groups,).
        unknown: of which groups a key is not known.
    """

    group: Ints
    parts: Hashes
    folded: Hashes
    unknown: Flags

    @classmethod
    def of(cls, keys: Sequence[Hashes]) -> Alike:
        """Group the goods by the hashes of keys, each (skus + 1,)."""
        every = np.stack(keys)
        folded, first, group = np.unique(fold(keys, every.shape[1]), return_index=True, return_inverse=True)
        parts = np.ascontiguousarray(every[:, first])
        return cls(np.ascontiguousarray(group.astype("int64")), parts, folded, (parts == 0).any(axis=0))


class Crosses:
    """Finds what is known of a shopper and the goods together."""

    def __init__(self, table: Lookups, goods: Mapping[str, Hashes]) -> None:
        self.table = table
        self.own = tuple(key for key in table.keys if key not in goods)
        """The keys that a request tells."""
        inherited = [key for key in table.keys if key in goods]
        self._shopper_first = table.keys == (*self.own, *inherited)
        if table.keys not in ((*self.own, *inherited), (*inherited, *self.own)):
            raise ValueError(f"keys of the shopper and of the goods take turns: {table.keys}")
        self._alike = Alike.of([goods[key] for key in inherited])

    def fold(self, own: Sequence[Hashes], folded: Hashes, rows: Ints) -> Hashes:
        """The key of each row's goods, as `Lookups.enter` takes it.

        Args:
            own: the hashes of the shopper's keys, each (1,); none of them is unknown.
            folded: the same in one.
            rows: of the skus.
        """
        alike, keys = self._alike, np.empty(len(rows), dtype="uint64")
        if self._shopper_first:
            _fold(folded, alike.parts, alike.group, alike.unknown, rows, keys)
        else:
            _fold(alike.folded, np.stack(own), alike.group, alike.unknown, rows, keys)
        return keys


@native(types.void(_HASHES, only_read(types.uint64, 2), _INTS, only_read(types.boolean, 1), _INTS, types.uint64[::1]))
def _fold(first: Hashes, then: Hashes, group: Ints, unknown: Flags, rows: Ints, into: Hashes) -> None:
    """`features.keyed.fold` of `then` (keys, groups or 1) onto `first` (groups or 1), for each row's group; 0 of an unknown one."""
    for row in range(into.size):
        goods = group[rows[row]]
        value = first[goods if first.size > 1 else 0]
        for key in range(len(then)):
            value = (value + FOLD) ^ then[key, goods if then.shape[1] > 1 else 0]
            value = (value ^ (value >> SHIFTS[0])) * MIX[0]
            value = (value ^ (value >> SHIFTS[1])) * MIX[1]
            value = value ^ (value >> SHIFTS[2])
        into[row] = _UNKNOWN if unknown[goods] else value


@native(types.void(_VALUES, _HASHES, _INTS, _INTS, types.float64[:, ::1]))
def _begin(nothing: Values, folded: Hashes, columns: Ints, lines: Ints, told: Values) -> None:
    for number in range(columns.size):
        for row in range(folded.size):
            told[lines[number], row] = nothing[columns[number]] if folded[row] else np.nan


@native(types.void(_HASHES, only_read(types.int64, 2), _VALUES, _HASHES, _INTS, _INTS, types.float64[:, ::1]))
def _enter(there: Hashes, numbers: Ints, nothing: Values, folded: Hashes, columns: Ints, lines: Ints, told: Values) -> None:
    """The numbers of the entries of one layer."""
    for row in range(folded.size):
        at = np.searchsorted(there, folded[row])
        if at == there.size or there[at] != folded[row]:
            continue
        gone = numbers[at, 0] == GONE
        for number in range(columns.size):
            found = numbers[at, columns[number]]
            told[lines[number], row] = nothing[columns[number]] if gone else np.nan if found == MISSING else float(found)


def _where(there: Hashes, folded: Hashes) -> tuple[Ints, Ints]:
    """Which rows are there, and where."""
    at = there.searchsorted(folded)
    here = np.flatnonzero(there.take(at, mode="clip") == folded)
    return here, at[here]


def _as_doubles(numbers: Ints) -> Values:
    return np.where(numbers == MISSING, np.nan, numbers.astype("float64"))
