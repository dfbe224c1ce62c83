"""The shop's days as whole numbers, so that every engine counts them alike.

A day begins at its first moment on the shop's clock, whatever the clock then shows: some zones have put it forward over midnight.
Where one was put back over midnight, the day that had begun goes on, so that no moment belongs to a day before an earlier one's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

Ints: TypeAlias = npt.NDArray[np.int64]

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_US = dt.timedelta(microseconds=1)
_US_PER_SECOND = 1_000_000
_US_PER_DAY = 86_400_000_000
_MARGIN_US = 3 * _US_PER_DAY
"""A day may begin that much before or after its midnight in UTC; what was put back over midnight has long passed by then."""


def days(moments: pd.Series, zone: str) -> Ints:
    """Days since 1970-01-01 in a time zone (IANA).

    Raises:
        ValueError: a moment is missing.
    """
    if moments.isna().any():
        raise ValueError("a missing moment has no day")
    micros = np.asarray(moments.dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[us]").to_numpy().astype("int64"))
    if not len(micros):
        return micros
    starts, shifts = _spans(zone, int(micros.min()), int(micros.max()))
    return np.asarray((micros + shifts[np.searchsorted(starts, micros, side="right") - 1]) // _US_PER_DAY)


def midnight(day: int, zone: str) -> pd.Timestamp:
    """The first moment (UTC) of a day; where a zone has skipped the day, of the next one.

    >>> midnight(0, "Europe/Berlin").isoformat()
    '1969-12-31T23:00:00+00:00'
    """
    return pd.Timestamp(int(day_starts(day, day, zone)[0]), unit="us", tz="UTC").as_unit("us")


def day_starts(first: int, last: int, zone: str) -> Ints:
    """The first moments of the days `first` to `last`, in UTC microseconds since 1970; a skipped day begins with the next one."""
    numbers = np.arange(first, last + 1, dtype="int64")
    starts, shifts = _spans(zone, first * _US_PER_DAY - _MARGIN_US, last * _US_PER_DAY + _MARGIN_US)
    span = np.searchsorted((starts + shifts) // _US_PER_DAY, numbers, side="left") - 1
    next_span = np.append(starts[1:], np.iinfo("int64").max)[span]
    return np.asarray(np.minimum(numbers * _US_PER_DAY - shifts[span], next_span))


def day_sql(micros: str, zone: str, first_us: int, last_us: int) -> str:
    """Portable SQL that gives the day of a BIGINT of UTC microseconds, as `days` does, for moments from `first_us` to `last_us`.

    The text repeats `micros`, which should be the name of a column.

    >>> day_sql("at_us", "UTC", 0, 1)
    'CAST((at_us - MOD(MOD(at_us, 86400000000) + 86400000000, 86400000000)) / 86400000000 AS BIGINT)'
    """
    starts, shifts = _spans(zone, first_us, last_us)
    shift = _shift_sql(micros, starts.tolist(), shifts.tolist())
    local = micros if shift == "0" else f"({micros} + {shift})"
    into_day = f"MOD(MOD({local}, {_US_PER_DAY}) + {_US_PER_DAY}, {_US_PER_DAY})"  # MOD has the sign of what is divided
    return f"CAST(({local} - {into_day}) / {_US_PER_DAY} AS BIGINT)"


def _shift_sql(micros: str, starts: list[int], shifts: list[int]) -> str:
    """A tree of comparisons, as flat as it can be: every row passes a handful of them."""
    if len(shifts) == 1:
        return str(shifts[0])
    half = len(shifts) // 2
    before, after = (_shift_sql(micros, starts[part], shifts[part]) for part in (slice(half), slice(half, None)))
    return f"CASE WHEN {micros} < {starts[half]} THEN {before} ELSE {after} END"


def _spans(zone: str, first_us: int, last_us: int) -> tuple[Ints, Ints]:
    """Since when (UTC microseconds) which shift from UTC to the shop's clock holds, for moments from `first_us` to `last_us`."""
    earlier = int(first_us) - _MARGIN_US
    offset = _offset_us(zone, earlier)
    starts, shifts = [earlier], [offset]
    for at, later in _changes(zone, earlier, int(last_us)):
        begun = (at - 1 + offset) // _US_PER_DAY
        back_over_midnight = (at + later) // _US_PER_DAY < begun
        starts.append(begun * _US_PER_DAY - later if back_over_midnight else at)
        shifts.append(later)
        offset = later
    holds = max(0, int(np.searchsorted(starts, first_us, side="right")) - 1)
    return np.array(starts[holds:], dtype="int64"), np.array(shifts[holds:], dtype="int64")


def _changes(zone: str, first_us: int, last_us: int) -> Iterator[tuple[int, int]]:
    """When the clock was put forward or back after `first_us` and until `last_us`, and its shift from then on."""
    first, last = ((_EPOCH + at * _US).year for at in (first_us, last_us))
    for year in range(first, last + 1):
        yield from (change for change in _changes_of_year(zone, year) if first_us < change[0] <= last_us)


@lru_cache(maxsize=4096)
def _changes_of_year(zone: str, year: int) -> tuple[tuple[int, int], ...]:
    """No zone has ever changed twice within a day."""
    start, end = (int((dt.datetime(one, 1, 1, tzinfo=dt.UTC) - _EPOCH) / _US) for one in (year, year + 1))
    probes = [*range(start, end, _US_PER_DAY), end]
    offsets = [_offset_us(zone, at) for at in probes]
    changed = [number for number in range(1, len(probes)) if offsets[number] != offsets[number - 1]]
    return tuple((_changed_at(zone, probes[number - 1], probes[number]), offsets[number]) for number in changed)


def _changed_at(zone: str, before: int, after: int) -> int:
    """The second at which the clock was changed between two moments."""
    old = _offset_us(zone, before)
    while after - before > _US_PER_SECOND:
        middle = before + (after - before) // (2 * _US_PER_SECOND) * _US_PER_SECOND
        before, after = (middle, after) if _offset_us(zone, middle) == old else (before, middle)
    return after


def _offset_us(zone: str, at_us: int) -> int:
    offset = (_EPOCH + at_us * _US).astimezone(ZoneInfo(zone)).utcoffset() or dt.timedelta()
    return offset // _US


def micros(moments: pd.Series) -> Ints:
    """Microseconds since 1970-01-01 in UTC.

    Raises:
        ValueError: a moment is missing.
    """
    if moments.isna().any():
        raise ValueError("a missing moment has no number")
    return np.asarray(moments.dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[us]").to_numpy().astype("int64"))
