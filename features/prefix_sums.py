"""The histories of `features.histories` in memory: facts sorted by entry and day, running sums, two look-ups for each asked-for row.

A sum over [day - w, day - 1] is the running sum at the entry's `day` less that at its `day - w`. Facts of different kinds are never brought
together, and no window is ever scanned. The facts are those of the portable SQL, and every number is whole, so the sums are the same,
bit for bit (tested); they take a fraction of the time, and the memory to hold the facts.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from features.catalogue import Values
from features.coded import UNKNOWN, Coded, NumberedFacts
from features.entities import FIRST_DAY, LAST_DAY, Sum, Wanted
from features.fact_text import OF_A_PRODUCT

Places: TypeAlias = npt.NDArray[np.int64]
Keep: TypeAlias = Callable[[str, Values], Values]

_ORDERS = "ordered_lines"
"""The measure that tells on which days something was ordered."""

THREADS = min(4, os.cpu_count() or 1)
"""Entities summed at a time: each holds a few arrays as long as the asked-for rows."""


@dataclass(frozen=True, eq=False)
class Summed:
    """The histories of one entity.

    Attributes:
        rows: for each asked-for row, where its numbers stand.
        numbers: by name, as in `Wanted.names`; NaN for what has no number.
    """

    rows: npt.NDArray[np.int32]
    numbers: Mapping[str, Values]

    def column(self, name: str) -> Values:
        """One number for each asked-for row."""
        return np.asarray(self.numbers[name])[self.rows]


def summed(wanted: Wanted, told: Coded, keep: Keep = lambda _, column: column) -> Summed:
    """The histories of one entity for every asked-for row; NaN where a row lacks one of its keys.

    Args:
        wanted: of what.
        told: the facts and asked-for rows.
        keep: what becomes of each column as soon as it is known, such as a file; so one column is in memory at a time.
    """
    distinct, rows = _distinct(told.places(told.asked, wanted.entity))
    lacking = bool(len(distinct) and distinct[0] == UNKNOWN)
    kinds = [facts for facts in told.facts if _concerns(wanted, facts)]
    numbers: dict[str, Values] = {}
    carried: dict[str, Places] = {}
    for number, facts in enumerate(kinds):
        found = _Sorted.of(facts, told, wanted)
        later = {measure for kind in kinds[number + 1 :] for measure in kind.measures}
        for one, sums in found.sums(wanted, distinct):
            total = sums + carried.pop(one.name, 0)
            if one.measure in later:
                carried[one.name] = total
            else:
                numbers[one.name] = keep(one.name, _column(total, lacking))
        if wanted.days and _ORDERS in facts.measures:
            numbers |= {name: keep(name, _column(days, lacking)) for name, days in found.order_days(distinct).items()}
    nothing = {one.name: np.zeros(len(distinct)) for one in wanted.sums}
    nothing |= {name: np.full(len(distinct), np.nan) for name in (FIRST_DAY, LAST_DAY) if wanted.days}
    untold = {name: keep(name, _column(column, lacking)) for name, column in nothing.items() if name not in numbers}
    return Summed(rows, {**numbers, **untold})


@contextmanager
def summing(plan: Sequence[Wanted], of: Callable[[Wanted], Summed]) -> Iterator[Callable[[Wanted], Summed]]:
    """Sum up several entities at a time, in the background.

    Args:
        plan: what to sum.
        of: sums up one.
    """
    with ThreadPoolExecutor(THREADS, thread_name_prefix="summing") as pool:
        futures = {one.entity.name: pool.submit(of, one) for one in plan}
        try:
            yield lambda one: futures[one.entity.name].result()
        finally:
            pool.shutdown(cancel_futures=True)


@dataclass(frozen=True, eq=False)
class _Sorted:
    """The facts of one kind by entry and day.

    Attributes:
        facts: as they came.
        order: their order.
        places: of the facts in that order.
        days: how many days an entry's places span.
        first_day: the day of an entry's first place.
    """

    facts: NumberedFacts
    order: npt.NDArray[np.int32]
    places: Places
    days: int
    first_day: int

    @classmethod
    def of(cls, facts: NumberedFacts, told: Coded, wanted: Wanted) -> _Sorted:
        places = told.places(facts, wanted.entity)
        order = np.argsort(places, kind="stable" if _nearly_sorted(places) else None)
        places = places[order]
        unknown = int(np.searchsorted(places, 0))
        return cls(facts, order[unknown:].astype("int32"), places[unknown:], told.days, told.first_day)

    def before(self, places: Places) -> npt.NDArray[np.int32]:
        """How many facts lie before each place; places have to ascend."""
        return np.searchsorted(self.places, places).astype("int32")

    def back(self, places: Places, days: int | None) -> Places:
        """The places so many days earlier, or at the start of their entry."""
        into_entry = places % self.days
        return places - (into_entry if days is None else np.minimum(days, into_entry))

    def running(self, measure: str) -> npt.NDArray[np.int64]:
        """The sums of a measure over the facts before the first, the second, ... and after the last."""
        sums = np.zeros(len(self.order) + 1, dtype="int64")
        np.cumsum(self.facts.measures[measure][self.order], dtype="int64", out=sums[1:])
        return sums

    def sums(self, wanted: Wanted, distinct: Places) -> Iterator[tuple[Sum, Places]]:
        """The sums of this kind at some places, which have to ascend; those of one measure follow each other."""
        read = [one for one in wanted.sums if one.measure in self.facts.measures]
        end = self.before(distinct)
        begins = {days: self.before(self.back(distinct, days)) for days in {one.days for one in read}}
        for measure in sorted({one.measure for one in read}):
            running = self.running(measure)
            for one in (one for one in read if one.measure == measure):
                yield one, running[end] - running[begins[one.days]]

    def order_days(self, distinct: Places) -> dict[str, Values]:
        """The days of the first and the latest order; NaN where there was none."""
        begin, end = self.before(self.back(distinct, None)), self.before(distinct)
        known = end > begin
        found = {FIRST_DAY: np.full(len(distinct), np.nan), LAST_DAY: np.full(len(distinct), np.nan)}
        found[FIRST_DAY][known] = self.places[begin[known]] % self.days + self.first_day
        found[LAST_DAY][known] = self.places[end[known] - 1] % self.days + self.first_day
        return found


def _column(numbers: Places | Values, lacking: bool) -> Values:
    """Numbers as doubles; the first is missing where rows lack a key."""
    column = numbers.astype("float64")
    if lacking:
        column[0] = np.nan
    return column


def _distinct(places: Places) -> tuple[Places, npt.NDArray[np.int32]]:
    """The places that occur, ascending, and where each row's stands among them."""
    order = np.argsort(places)
    ordered = places[order]
    is_new = np.ones(len(ordered), dtype=bool)
    is_new[1:] = ordered[1:] != ordered[:-1]
    at = np.empty(len(places), dtype="int32")
    at[order] = np.cumsum(is_new, dtype="int32") - 1
    return ordered[is_new], at


def _concerns(wanted: Wanted, facts: NumberedFacts) -> bool:
    has = {*facts.keys, *(OF_A_PRODUCT if "sku" in facts.keys else ())}
    read = {*wanted.measures, *((_ORDERS,) if wanted.days else ())}
    return has.issuperset(wanted.entity.keys) and bool(read & {*facts.measures})


def _nearly_sorted(places: Places) -> bool:
    """Whether the rows come by entry and day already, as those of few entries do: then a merge sort is quicker."""
    return len(places) > 1 and bool(np.count_nonzero(places[1:] < places[:-1]) < len(places) // 16)
