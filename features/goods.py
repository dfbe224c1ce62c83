"""What can be computed of every sku before anybody asks: once per snapshot, so that a request only takes its rows.

It needs about 1 KB for each sku: 100 MB for a shop of 100,000.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any

import numpy as np
import pandas as pd

from features.assortment import Assortment
from features.catalogue import Values
from features.keyed import Hashes, Ints, fold, hash_few
from features.lookups import Lookups
from features.moves import moves, today
from features.persons import Flags
from features.stages import GOODS, Stages
from features.tape import Number, run

_AT_ONCE = 8192
"""Skus that are computed at once: a few hundred doubles are in memory for each."""


class Goods:
    """The goods of a snapshot.

    Attributes:
        column: where each number of the tape stands in the rows, as `Stages.kept` says.
        flags: those of them that are true or false, told as 1 and 0.
    """

    def __init__(
        self, stages: Stages, assortment: Assortment, hashes: Mapping[str, Hashes], skus: Sequence[str], tables: Mapping[str, Lookups]
    ) -> None:
        self._stages, self._assortment, self._hashes, self._tables = stages, assortment, hashes, tables
        self._steps = stages.steps(GOODS)
        self._row = {sku: row for row, sku in enumerate(skus)}
        self.column: dict[Number, int] = {number: column for column, number in enumerate(stages.kept)}
        self.flags: frozenset[Number] = frozenset()
        self._told = np.empty((0, len(self.column)))
        self._known = np.empty(0, dtype=bool)

    def compute(self, constants: Sequence[Any], midnight_us: int) -> None:
        """Compute all of it.

        Args:
            constants: by number, what is the same for all goods.
            midnight_us: the snapshot's moment, UTC microseconds.
        """
        self._constants, self._midnight_us = constants, midnight_us
        skus = list(self._row)
        parts = [self._compute(skus[first : first + _AT_ONCE]) for first in range(0, len(skus), _AT_ONCE)]
        parts.append(self._compute([None], self._unheard_of()))
        self._told, self._known = (np.concatenate(columns) for columns in zip(*parts, strict=True))

    def rows(self, skus: Sequence[str]) -> Ints:
        """The row of each sku in the assortment; -1 when it is not there."""
        return np.fromiter(map(self._row.get, skus, repeat(-1)), dtype="int64", count=len(skus))

    def of(self, skus: Sequence[str], rows: Ints) -> tuple[Values, Flags]:
        """What is told of each sku (n, columns), and whether it has been ordered before."""
        told, known = self._told[rows], self._known[rows]
        strangers = np.flatnonzero(rows < 0)
        if len(strangers):
            ordered = self._ordered(hash_few([skus[number] for number in strangers.tolist()]))
            for number in strangers[ordered].tolist():  # sold once, and no longer in the assortment
                told[number], known[number] = (column[0] for column in self._compute([skus[number]]))
        return told, known

    def _ordered(self, hashed: Hashes) -> Flags:
        return self._tables["sku"].has(fold([hashed], len(hashed)))

    def _unheard_of(self) -> Hashes:
        """The hash of a sku that nobody has ever ordered."""
        tried = np.arange(1, len(self._row) + 1000, dtype="uint64")
        return tried[~self._ordered(tried)][:1]

    def _compute(self, skus: Sequence[str | None], hashed: Hashes | None = None) -> tuple[Values, Flags]:
        offers, count = self._assortment.look_up(skus), len(skus)
        keys = {key: column[offers.row] for key, column in self._hashes.items()}
        keys["sku"] = hash_few(skus) if hashed is None else hashed
        found: dict[str, Values] = {**offers.inputs}
        for table in self._tables.values():
            parts = [keys[key] for key in table.keys]
            numbers = table.find(np.ascontiguousarray(fold(parts, count)))
            numbers[:, np.any([part == 0 for part in parts], axis=0)] = np.nan
            found |= dict(zip(table.columns, numbers, strict=True))
        at = np.full(count, self._midnight_us)
        found |= today(moves({}), self._assortment, pd.Series(["somebody"] * count, dtype="str"), offers, at, at)
        values = list(self._constants)
        for name, number in self._stages.inputs(GOODS).items():
            values[number] = found[name]
        run(self._steps, values, count)
        self.flags = frozenset(number for number in self.column if values[number].dtype == bool)
        told = np.column_stack([np.broadcast_to(values[number], count) for number in self.column])
        return told, self._ordered(keys["sku"])
