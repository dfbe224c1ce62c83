"""The numbers of one entity as formulas read them, for a handful of keys at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.catalogue import Values
from features.entities import Wanted
from features.keyed import GONE, MISSING, Hashes, Ints, Stack, fold
from features.persons import Flags
from features.state import nothing_of

NOBODY = np.zeros(1, dtype="uint64")
"""The hash of a key that is unknown."""


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
        self._plain = len(self._layers) == 1 and not wanted.days
        """Sums are always known, and only an upper layer takes an entry out."""

    def find(self, folded: Hashes) -> Values:
        """The numbers of each row (rows, columns)."""
        values = np.empty((len(folded), len(self._nothing)))
        values[:] = self._nothing
        for there, numbers in self._layers:
            here, at = _where(there, folded)
            if len(here):
                values[here] = numbers[at] if self._plain else self._told(numbers[at])
        return values

    def has(self, folded: Hashes) -> Flags:
        """Whether each row has an entry."""
        entered = np.zeros(len(folded), dtype=bool)
        for there, numbers in self._layers:
            here, at = _where(there, folded)
            entered[here] = numbers[at, 0] != GONE
        return entered

    def _told(self, numbers: Ints) -> Values:
        return np.where((numbers[:, 0] == GONE)[:, None], self._nothing, _as_doubles(numbers))


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
        parts = every[:, first]
        return cls(group.astype("int64"), parts, folded, (parts == 0).any(axis=0))


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

    def find(self, own: Sequence[Hashes], folded: Hashes, rows: Ints) -> Values:
        """The numbers of each row's goods (rows, columns).

        Args:
            own: the hashes of the shopper's keys, each (1,); none of them is unknown.
            folded: the same in one.
            rows: of the skus.
        """
        alike, group = self._alike, self._alike.group[rows]
        few = len(alike.folded) <= len(rows)  # brands, say: each is looked up once
        if self._shopper_first:
            keys = fold(alike.parts if few else alike.parts[:, group], len(alike.folded) if few else len(rows), onto=folded)
        else:
            keys = fold(own, len(alike.folded) if few else len(rows), onto=alike.folded if few else alike.folded[group])
        numbers = self.table.find(keys)
        numbers[alike.unknown if few else alike.unknown[group]] = np.nan
        return numbers[group] if few else numbers


def _where(there: Hashes, folded: Hashes) -> tuple[Ints, Ints]:
    """Which rows are there, and where."""
    at = there.searchsorted(folded)
    here = np.flatnonzero(there.take(at, mode="clip") == folded)
    return here, at[here]


def _as_doubles(numbers: Ints) -> Values:
    return np.where(numbers == MISSING, np.nan, numbers.astype("float64"))
