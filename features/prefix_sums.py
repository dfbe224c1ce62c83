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
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from features.catalogue import Values
from features.coded import UNKNOWN, Coded, NumberedFacts
from features.entities import FIRST_DAY, LAST_DAY, Wanted
from features.fact_text import OF_A_PRODUCT

Places: TypeAlias = npt.NDArray[np.int64]

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


def summed(wanted: Wanted, told: Coded) -> Summed:
    """The histories of one entity for every asked-for row; NaN where a row lacks one of its keys."""
    distinct, rows = _distinct(told.places(told.asked, wanted.entity))
    sums = {one.name: np.zeros(len(distinct), dtype="int64") for one in wanted.sums}
    days = {name: np.full(len(distinct), np.nan) for name in ((FIRST_DAY, LAST_DAY) if wanted.days else ())}
    for facts in told.facts:
        if _concerns(wanted, facts):
            found = _Sorted.of(facts, told, wanted)
            _add_sums(sums, wanted, found, distinct)
            _tell_days(days, found, distinct)
    numbers = {**{name: column.astype("float64") for name, column in sums.items()}, **days}
    if len(distinct) and distinct[0] == UNKNOWN:
        for column in numbers.values():
            column[0] = np.nan
    return Summed(rows, numbers)


@contextmanager
def summing(
    plan: Sequence[Wanted], told: Coded, *, keep: Callable[[Wanted, Summed], Summed] | None = None
) -> Iterator[Callable[[Wanted], Summed]]:
    """Sum up several entities at a time, in the background.

    Args:
        plan: what to sum.
        told: the facts and asked-for rows.
        keep: what is done with each result in the background, such as writing it to disk.
    """

    def of(one: Wanted) -> Summed:
        found = summed(one, told)
        return found if keep is None else keep(one, found)

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
    order: npt.NDArray[np.int64]
    places: Places
    days: int
    first_day: int

    @classmethod
    def of(cls, facts: NumberedFacts, told: Coded, wanted: Wanted) -> _Sorted:
        places = told.places(facts, wanted.entity)
        order = np.argsort(places, kind="stable" if _nearly_sorted(places) else None)
        places = places[order]
        unknown = int(np.searchsorted(places, 0))
        return cls(facts, order[unknown:], places[unknown:], told.days, told.first_day)

    def before(self, places: Places) -> npt.NDArray[np.int64]:
        """How many facts lie before each place; places have to ascend."""
        return np.searchsorted(self.places, places)

    def back(self, places: Places, days: int | None) -> Places:
        """The places so many days earlier, or at the start of their entry."""
        into_entry = places % self.days
        return places - (into_entry if days is None else np.minimum(days, into_entry))

    def running(self, measure: str) -> npt.NDArray[np.int64]:
        """The sums of a measure over the facts before the first, the second, ... and after the last."""
        sums = np.zeros(len(self.order) + 1, dtype="int64")
        np.cumsum(self.facts.measures[measure][self.order], dtype="int64", out=sums[1:])
        return sums

    @cached_property
    def day(self) -> npt.NDArray[np.int64]:
        """The day of each fact."""
        return self.places % self.days + self.first_day


def _add_sums(sums: Mapping[str, Places], wanted: Wanted, facts: _Sorted, distinct: Places) -> None:
    """Add the sums of one kind of facts to those of the kinds before."""
    read = [one for one in wanted.sums if one.measure in facts.facts.measures]
    end = facts.before(distinct)
    begins = {days: facts.before(facts.back(distinct, days)) for days in {one.days for one in read}}
    for measure in sorted({one.measure for one in read}):
        running = facts.running(measure)
        for one in (one for one in read if one.measure == measure):
            sums[one.name][:] += running[end] - running[begins[one.days]]


def _tell_days(days: Mapping[str, Values], facts: _Sorted, distinct: Places) -> None:
    """Tell the days of the first and the latest order."""
    if days and _ORDERS in facts.facts.measures:
        begin, end = facts.before(facts.back(distinct, None)), facts.before(distinct)
        known = end > begin
        days[FIRST_DAY][known] = facts.day[begin[known]]
        days[LAST_DAY][known] = facts.day[end[known] - 1]


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
