from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.clock import day_sql, day_starts, days, midnight
from tests.support.moments import moment

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Asia/Beirut",
    "Africa/Cairo",
    "Asia/Gaza",
)
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
US = dt.timedelta(microseconds=1)
DAY_US = 86_400_000_000


def us(text: str) -> int:
    return (moment(text).to_pydatetime() - EPOCH) // US


FROM, UNTIL = us("1990-01-01"), us("2040-01-01")


def number(date: str | dt.date) -> int:
    """A date's days since 1970-01-01."""
    return ((date if isinstance(date, dt.date) else dt.date.fromisoformat(date)) - EPOCH.date()).days


def local(micros: int, zone: str) -> int:
    """The local date of a moment, as zoneinfo has it."""
    return number((EPOCH + micros * US).astimezone(ZoneInfo(zone)).date())


def days_of(micros: list[int], zone: str) -> list[int]:
    found: list[int] = days(pd.Series(np.array(micros, dtype="datetime64[us]")).dt.tz_localize("UTC"), zone).tolist()
    return found


def by_sql(micros: list[int], zone: str, first_us: int = FROM, last_us: int = UNTIL) -> list[int]:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE moments AS SELECT UNNEST(?::BIGINT[]) AS us", [micros])
        text = f"SELECT {day_sql('us', zone, first_us, last_us)} FROM moments"  # noqa: S608
        return [day for (day,) in connection.sql(text).fetchall()]


_ZONE = st.sampled_from(ZONES)
_NEAR_MIDNIGHT = st.builds(
    lambda day, off: day * DAY_US + off,
    st.integers(number("1990-01-03"), number("2039-12-29")),
    st.sampled_from([0, -1, 1]) | st.integers(-DAY_US, DAY_US),
)
_MOMENTS = st.lists(st.integers(FROM, UNTIL) | _NEAR_MIDNIGHT, min_size=1, max_size=20)


@given(zone=_ZONE, micros=_MOMENTS)
@settings(max_examples=25, deadline=None)
def test_a_moments_day_is_its_local_date(zone: str, micros: list[int]) -> None:
    assert [local(one, zone) for one in micros] == days_of(micros, zone)


@given(zone=_ZONE, micros=_MOMENTS)
@settings(max_examples=25, deadline=None)
def test_the_sql_counts_days_alike_in_a_long_range_and_in_a_short_one(zone: str, micros: list[int]) -> None:
    expected = days_of(micros, zone)
    assert expected == by_sql(micros, zone)
    assert expected == by_sql(micros, zone, min(micros), max(micros))


@given(zone=_ZONE, day=st.integers(number("1990-01-02"), number("2039-12-30")))
@settings(max_examples=100, deadline=None)
def test_midnight_is_the_first_moment_of_a_day(zone: str, day: int) -> None:
    begins = (midnight(day, zone).to_pydatetime() - EPOCH) // US
    before, after = days_of([begins - 1, begins], zone)
    skipped = zone == "Pacific/Apia" and day == number("2011-12-30")
    assert (day - 1, day + skipped) == (before, after) == (local(begins - 1, zone), local(begins, zone))


@given(zone=_ZONE, first=st.integers(number("1990-01-02"), number("2039-12-01")), more=st.integers(0, 400))
@settings(max_examples=30, deadline=None)
def test_the_starts_of_many_days_are_those_of_each(zone: str, first: int, more: int) -> None:
    starts = day_starts(first, first + more, zone)
    some = [first, first + more // 2, first + more]
    assert [midnight(day, zone) for day in some] == [pd.Timestamp(starts[day - first], unit="us", tz="UTC") for day in some]
    assert (np.diff(starts) >= 0).all()


@pytest.mark.parametrize(
    ("zone", "date", "begins"),
    [
        ("UTC", "2024-05-01", "2024-05-01"),
        ("Europe/Berlin", "2024-01-01", "2023-12-31 23:00"),
        ("Europe/Berlin", "2024-07-01", "2024-06-30 22:00"),
        ("Asia/Kathmandu", "2024-05-01", "2024-04-30 18:15"),
        ("America/Sao_Paulo", "2017-10-15", "2017-10-15 03:00"),  # clocks went from 00:00 to 01:00
        ("America/Sao_Paulo", "2018-02-18", "2018-02-18 03:00"),  # and from 00:00 back to 23:00
        ("Asia/Beirut", "2024-03-31", "2024-03-30 22:00"),  # 00:00 to 01:00
        ("America/Havana", "2024-11-03", "2024-11-03 04:00"),  # there were two midnights
        ("Africa/Cairo", "2024-04-26", "2024-04-25 22:00"),
        ("Pacific/Apia", "2011-12-29", "2011-12-29 10:00"),
        ("Pacific/Apia", "2011-12-30", "2011-12-30 10:00"),  # a day that never was
        ("Pacific/Apia", "2011-12-31", "2011-12-30 10:00"),
    ],
)
def test_a_day_begins_when_the_shops_clock_shows_its_date(zone: str, date: str, begins: str) -> None:
    assert moment(begins) == midnight(number(date), zone)
    assert "us" == midnight(number(date), zone).unit


def test_a_skipped_day_is_no_moments_day() -> None:
    hours = list(range(us("2011-12-28"), us("2012-01-02"), DAY_US // 24))
    assert number("2011-12-30") not in days_of(hours, "Pacific/Apia")
    assert number("2011-12-30") not in by_sql(hours, "Pacific/Apia")
    leap = us("2011-12-30 10:00")
    assert [number("2011-12-31")] == days_of([leap], "Pacific/Apia") == by_sql([leap], "Pacific/Apia", leap, leap)


def test_a_day_goes_on_where_the_clock_is_put_back_over_its_midnight() -> None:
    """In Newfoundland it was 00:01 of the 7th, and then 23:01 of the 6th again."""
    zone, turned = "America/St_Johns", us("2010-11-07 02:31")
    assert [number("2010-11-07"), number("2010-11-06")] == [local(turned - 1, zone), local(turned, zone)]
    moments = [us("2010-11-07 02:30") - 1, turned - 1, turned, us("2010-11-07 03:30"), us("2010-11-08 03:30") - 1, us("2010-11-08 03:30")]
    expected = [number(f"2010-11-0{day}") for day in (6, 7, 7, 7, 7, 8)]
    assert expected == days_of(moments, zone) == by_sql(moments, zone) == by_sql(moments, zone, min(moments), max(moments))
    assert expected[3:4] == by_sql(moments[3:4], zone, moments[3], moments[3]) == days_of(moments[3:4], zone)
    assert moment("2010-11-07 02:30") == midnight(number("2010-11-07"), zone)


@pytest.mark.parametrize(("at", "day"), [("1969-12-31 22:59:59.999999", -1), ("1969-12-31 23:00", 0), ("1969-12-30 23:00", -1)])
def test_days_before_1970_count_down(at: str, day: int) -> None:
    assert [day] == days_of([us(at)], "Europe/Berlin") == by_sql([us(at)], "Europe/Berlin", us("1960-01-01"), UNTIL)


def test_a_moment_that_is_missing_has_no_day_in_sql() -> None:
    with duckdb.connect() as connection:
        assert [(None,)] == connection.sql(f"SELECT {day_sql('CAST(NULL AS BIGINT)', 'Europe/Berlin', FROM, UNTIL)}").fetchall()


def test_a_missing_moment_is_refused_and_no_moments_have_no_days() -> None:
    with pytest.raises(ValueError, match="a missing moment has no day"):
        days(pd.Series([moment("2024-01-01"), pd.NaT]), "UTC")
    assert [] == days_of([], "Europe/Berlin")


def test_it_does_not_matter_in_which_zone_a_moment_is_written() -> None:
    written = pd.Series([pd.Timestamp("2024-01-01 00:30", tz="Asia/Kathmandu")])
    assert [number("2023-12-31")] == days(written, "Europe/Berlin").tolist()


def test_the_sql_of_a_zone_asks_only_for_the_changes_in_its_range() -> None:
    winter = day_sql("us", "Europe/Berlin", us("2024-01-01"), us("2024-02-01"))
    summer = day_sql("us", "Europe/Berlin", us("2024-04-01"), us("2024-05-01"))
    assert "(us + 3600000000)" in winter
    assert "(us + 7200000000)" in summer
    assert "CASE" not in winter + summer
    assert 2 == day_sql("us", "Europe/Berlin", us("2024-01-01"), us("2024-05-01")).count("CASE")
