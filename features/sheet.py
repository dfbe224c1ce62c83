"""The numbers of one request in their places, from what it tells and what is looked up to its features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.catalogue import Values
from features.goods import Goods
from features.keyed import Hashes, Ints
from features.lookups import Entered, Lookups
from features.machine import Machine
from features.stages import GOODS, ROW, SHOP, SHOPPER, Program, Stages
from features.tape import Number

TODAY = "today."
"""Begins the name of what a shopper did since the snapshot's moment."""


@dataclass(frozen=True, eq=False)
class Entry:
    """Where an entity's numbers go.

    Attributes:
        name: the entity's.
        by_row: whether they differ by row, and go into lines of the cells; otherwise into places of what all rows have in common.
        entered: which of them are read, and the lines or places.
    """

    name: str
    by_row: bool
    entered: Entered


class Prepared:
    """A program with a place for everything: what differs by row has a line of cells, everything else its number's place.

    Attributes:
        reads: inputs that a request tells, or that are looked up for it.
        entries: whose histories it reads.
    """

    def __init__(self, program: Program, stages: Stages, goods: Goods, tables: Mapping[str, Lookups], common: Values) -> None:
        """Find the places.

        Args:
            program: what to do.
            stages: the features on tape.
            goods: what is told of them.
            tables: of the entities, by name.
            common: by number, what is the same for all shoppers and goods.
        """
        self.reads = program.reads
        self.common = common
        self.lines = {number: line for line, number in enumerate((*program.goods, *program.by_row))}
        self.goods_columns = np.array([goods.column[number] for number in program.goods], dtype="int64")
        names = dict.fromkeys(name.partition(".")[0] for name in program.reads if "." in name and not name.startswith(TODAY))
        self.entries = [self._entry(name, tables[name].columns) for name in names]
        everywhere = range(len(common))
        constants = stages.tape.constants
        self.once = Machine(program.once, {number: number for number in everywhere}, constants)
        self.each = Machine(program.each, {number: self.lines.get(number, ~number) for number in everywhere}, constants)
        self.width = len(stages.features)
        told, shared, own = program.outputs[GOODS], [*program.outputs[SHOP], *program.outputs[SHOPPER]], program.outputs[ROW]
        self.told = _pairs([(place, goods.column[number]) for place, number in told])
        self.shared = _pairs(shared)
        self.own = _pairs([(place, self.lines[number]) for place, number in own])

    def _entry(self, name: str, columns: Sequence[str]) -> Entry:
        read = [(column, self.reads[one]) for column, one in enumerate(columns) if one in self.reads]
        by_row = read[0][1] in self.lines
        lines = [self.lines[number] if by_row else number for _, number in read]
        return Entry(name, by_row, Entered(np.array([column for column, _ in read]), np.array(lines)))


class Sheet:
    """One request's numbers."""

    def __init__(self, prepared: Prepared, told: Values) -> None:
        """Begin with what is told of the goods (rows, columns)."""
        self._prepared, self._told = prepared, told.T
        self._common = prepared.common.copy()
        self._cells = np.empty((max(1, len(prepared.lines)), len(told)))
        self._cells[: len(prepared.goods_columns)] = self._told[prepared.goods_columns]

    def put(self, name: str, values: Values | float) -> None:
        """Put an input into its place, if it is read: (rows,), or one number for all rows."""
        number = self._prepared.reads.get(name)
        if number is None:
            return
        if (line := self._prepared.lines.get(number)) is None:
            self._common[number] = values
        else:
            self._cells[line] = values

    def enter(self, entry: Entry, table: Lookups, keys: Hashes) -> None:
        """Look up an entity's numbers and put them into their places; `keys` is (rows,), or (1,) where all rows have the same."""
        table.enter(keys, entry.entered, self._cells if entry.by_row else self._common.reshape(-1, 1))

    def lack(self, entry: Entry) -> None:
        """Nothing is known of an entity."""
        (self._cells if entry.by_row else self._common)[entry.entered.lines] = np.nan

    def features(self) -> Values:
        """The features (rows, features), each of them side by side in memory."""
        prepared, cells, common = self._prepared, self._cells, self._common
        prepared.once.run(common, common.reshape(-1, 1))
        prepared.each.run(common, cells)
        result = np.empty((prepared.width, cells.shape[1]))
        result.fill(np.nan)
        result[prepared.told[0]] = self._told[prepared.told[1]]
        result[prepared.shared[0]] = common[prepared.shared[1], None]
        result[prepared.own[0]] = cells[prepared.own[1]]
        return result.T


def _pairs(pairs: Sequence[tuple[int, Number]]) -> tuple[Ints, Ints]:
    """Places in the features, and where they come from."""
    both = np.array(pairs, dtype="int64").reshape(-1, 2)
    return both[:, 0].copy(), both[:, 1].copy()
