from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.engine import Embedded, embedded
from features.entities import ENTITIES, WINDOWS, Wanted, wanted
from features.fact_text import KEYS
from features.feature_set import FEATURES, needed
from features.histories import change_sql, history_sql, state_sql
from features.measures import MEASURES
from tests.support.happened import KINDS, SKUS, Asked, Happened, given_to


@pytest.fixture(scope="module")
def engine() -> Iterator[Embedded]:
    with embedded(threads=1) as opened:
        yield opened


def found(engine: Embedded, read: str, asked: list[Asked], *happened: Happened) -> list[Any]:
    """One history for every asked-for row that has one."""
    given_to(engine, list(happened), asked)
    (one,) = wanted([read])
    rows = engine.fetch(history_sql(one, KINDS)).to_pylist()
    return [row[read.partition(".")[2]] for row in sorted(rows, key=lambda row: row["row_number"])]


def test_the_rows_own_day_is_excluded_and_the_day_before_counts(engine: Embedded) -> None:
    happened: list[Happened] = [("c", "a-1", 10, "ordered"), ("c", "a-2", 10, "ordered")]
    assert [0, 2] == found(engine, "style.ordered_lines", [(None, "a-1", 10), (None, "a-1", 11)], *happened)


@pytest.mark.parametrize("days", WINDOWS)
def test_a_window_reaches_back_its_length_and_no_day_further(engine: Embedded, days: int) -> None:
    asked: list[Asked] = [("c", "a-1", 10), ("c", "a-1", 10 + days), ("c", "a-1", 11 + days)]
    assert [0, 1, 0] == found(engine, f"style.ordered_lines_{days}d", asked, ("c", "a-1", 10, "ordered"))


def test_what_happens_after_the_day_does_not_count(engine: Embedded) -> None:
    assert [0] == found(engine, "shop.ordered_lines", [("c", "a-1", 10)], ("c", "a-1", 11, "ordered"))


def test_first_and_last_day_are_days_of_orders(engine: Embedded) -> None:
    happened: list[Happened] = [("c", "a-1", 1, "returned"), *(("c", "a-1", day, "ordered") for day in (3, 5)), ("c", "a-1", 7, "returned")]
    asked: list[Asked] = [*(("c", "a-1", day) for day in (2, 3, 4, 9)), ("c", "b-1", 9)]
    assert [None, None, 3, 3, None] == found(engine, "style.first_day", asked, *happened)
    assert [None, None, 3, 5, None] == found(engine, "style.last_day", asked, *happened)


def test_an_unknown_key_has_no_history_and_is_nobodys_history(engine: Embedded) -> None:
    happened: list[Happened] = [(None, "a-1", 1, "ordered"), ("c", "x", 1, "ordered"), ("c", "a-1", 1, "ordered")]
    assert [2] == found(engine, "customer.ordered_lines", [(None, "a-1", 9), ("c", "a-1", 9)], *happened)
    assert [2] == found(engine, "style.ordered_lines", [("c", "x", 9), ("c", "a-1", 9)], *happened)


def test_a_pair_needs_both_keys(engine: Embedded) -> None:
    asked: list[Asked] = [("c", "x", 9), (None, "a-1", 9), ("c", "a-2", 9), ("d", "a-2", 9)]
    assert [1, 0] == found(engine, "customer_style.ordered_lines", asked, ("c", "a-1", 1, "ordered"), ("c", "b-1", 1, "ordered"))


def test_the_shop_counts_everything_even_without_keys(engine: Embedded) -> None:
    happened: list[Happened] = [(None, None, 1, "ordered"), ("c", "x", 2, "ordered"), ("c", "a-1", 9, "ordered")]
    assert [2] == found(engine, "shop.ordered_lines", [(None, None, 9)], *happened)


def test_a_row_asked_for_twice_is_answered_twice_and_asking_counts_nothing(engine: Embedded) -> None:
    asked: list[Asked] = [("c", "a-1", 9), ("c", "a-1", 9), ("c", "a-1", 8)]
    assert [1, 1, 1] == found(engine, "style.ordered_lines", asked, ("c", "a-1", 1, "ordered"))


def test_without_facts_or_rows_there_is_nothing_to_sum(engine: Embedded) -> None:
    assert [0] == found(engine, "style.ordered_lines", [("c", "a-1", 9)])
    assert [] == found(engine, "style.ordered_lines", [], ("c", "a-1", 1, "ordered"))
    assert [0] == found(engine, "style.tickets", [("c", "a-1", 9)], ("c", "a-1", 1, "ordered"))


_HAPPENED = st.tuples(
    st.sampled_from(["c", "d", None]),
    st.sampled_from([*SKUS, "x", None]),
    st.sampled_from([1, 2, 3, 30, 31, 32, 33, 34, 60, 91, 92, 93, 94]),
    st.sampled_from(["ordered", "returned"]),
)
READ = wanted(f"{entity}.{name}" for entity in ("shop", "style", "customer_style") for name in ("returned_lines", "ordered_lines_30d"))
Sums = dict[tuple[Any, ...], list[int]]
"""Histories by the keys of an entity."""


def by_keys(engine: Embedded, one: Wanted, select: str) -> Sums:
    """The histories of an entity, but for those that are 0."""
    rows = [
        (tuple(row[key] for key in one.entity.keys), [row[name] or 0 for name in one.names]) for row in engine.fetch(select).to_pylist()
    ]
    return {keys: sums for keys, sums in rows if None not in keys and any(sums)}


@given(happened=st.lists(_HAPPENED, max_size=30), first=st.sampled_from([2, 33, 93]), days=st.sampled_from([0, 1, 31, 61]))
@settings(max_examples=10)
def test_a_state_says_what_rows_are_told_and_changes_by_what_the_days_bring(happened: list[Happened], first: int, days: int) -> None:
    last = first + days
    with embedded(threads=1) as engine:
        given_to(engine, happened, [(who, sku, last) for who in ("c", "d", "nobody") for sku in SKUS])
        for one in READ:
            rows = f"SELECT * FROM ({history_sql(one, KINDS)}) AS told JOIN asked_keys ON told.row_number = asked_keys.row_number"  # noqa: S608
            state, before = (by_keys(engine, one, state_sql(one, KINDS, day, "1 = 1")) for day in (last, first))
            change = by_keys(engine, one, change_sql(one, KINDS, first, last, "1 = 1"))
            assert by_keys(engine, one, rows) == state
            assert _added(before, change) == state


def _added(before: Sums, change: Sums) -> Sums:
    nothing = [0, 0]
    sums = {
        keys: [sum(both) for both in zip(before.get(keys, nothing), change.get(keys, nothing), strict=True)]
        for keys in {**before, **change}
    }
    return {keys: found for keys, found in sums.items() if any(found)}


@pytest.mark.parametrize("one", needed(FEATURES), ids=lambda one: one.entity.name)
def test_every_history_sums_known_measures_of_known_keys_in_portable_words(one: Wanted) -> None:
    assert set(one.entity.keys) <= set(KEYS)
    assert set(one.measures) <= set(MEASURES)
    assert "duckdb" not in history_sql(one, KINDS).lower()


def test_every_entity_is_wanted() -> None:
    assert list(ENTITIES) == [one.entity for one in needed(FEATURES)]
