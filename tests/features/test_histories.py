from __future__ import annotations

from typing import Any

import duckdb
import pandas as pd
import pytest

from features.clock import days, midnight
from features.entities import ENTITIES, Entity
from features.facts import KEYS, MEASURES
from features.histories import history_columns, history_sql, run
from tests.support.moments import moment

STYLE = Entity("style", ("style_id",), ("ordered_lines", "returned_lines"), ("ordered_lines",))
SHOP = Entity("shop", (), ("ordered_lines",))
PAIR = Entity("pair", ("style_id", "brand"), ("ordered_lines",))


def found(entity: Entity, asked: list[tuple[str | None, int]], *facts: tuple[str | None, int, int]) -> pd.DataFrame:
    """Histories of (style, day) rows after facts (style, day, lines ordered); 0 lines is a return."""
    rows = [{"style_id": style, "day": day, "ordered_lines": lines, "returned_lines": int(lines == 0)} for style, day, lines in facts]
    happened = pd.DataFrame(rows, columns=[*KEYS, "day", *MEASURES])
    texts, counts = dict.fromkeys(KEYS, "str"), dict.fromkeys(MEASURES, "int64")
    happened = happened.fillna(dict.fromkeys(MEASURES, 0)).astype({**texts, **counts, "day": "int64"})
    spine = pd.DataFrame([{"style_id": style, "day": day} for style, day in asked], columns=[*KEYS, "day"]).astype(
        {**texts, "day": "int64"}
    )
    with duckdb.connect() as connection:
        connection.register("facts", happened)
        connection.register("asked", spine.assign(row_number=range(len(spine))))
        return run(entity, connection).sort_index()


def test_the_rows_own_day_is_excluded_and_the_day_before_counts() -> None:
    rows = found(STYLE, [("a", 10), ("a", 11)], ("a", 10, 2))
    assert [0.0, 2.0] == rows["style.ordered_lines"].tolist()


def test_ninety_days_before_still_counts_as_recent_and_ninety_one_does_not() -> None:
    rows = found(STYLE, [("a", 100), ("a", 101)], ("a", 10, 1))
    assert [1.0, 0.0] == rows["style.ordered_lines_90d"].tolist()
    assert [1.0, 1.0] == rows["style.ordered_lines"].tolist()


def test_first_and_last_day_are_days_of_orders() -> None:
    rows = found(STYLE, [("a", 2), ("a", 4), ("a", 9), ("b", 9)], ("a", 1, 0), ("a", 3, 1), ("a", 5, 1), ("a", 7, 0))
    assert [None, 3.0, 3.0, None] == rows["style.first_day"].astype(object).where(rows["style.first_day"].notna(), None).tolist()
    assert [None, 3.0, 5.0, None] == rows["style.last_day"].astype(object).where(rows["style.last_day"].notna(), None).tolist()
    assert [1.0, 1.0, 2.0, 0.0] == rows["style.returned_lines"].tolist()


def test_an_unknown_key_has_no_history_and_is_nobodys_history() -> None:
    rows = found(STYLE, [(None, 9), ("a", 9)], (None, 1, 5), ("a", 1, 1))
    assert [1] == rows.index.tolist()
    assert [1.0] == rows["style.ordered_lines"].tolist()


def test_a_pair_needs_both_keys() -> None:
    assert found(PAIR, [("a", 9)], ("a", 1, 1)).empty


def test_the_shop_counts_everything_even_without_keys() -> None:
    assert [6.0] == found(SHOP, [(None, 9)], (None, 1, 5), ("a", 1, 1), ("a", 9, 7))["shop.ordered_lines"].tolist()


def test_a_row_asked_for_twice_is_answered_twice_and_asking_counts_nothing() -> None:
    rows = found(STYLE, [("a", 9), ("a", 9), ("a", 8)], ("a", 1, 1))
    assert [1.0, 1.0, 1.0] == rows["style.ordered_lines"].tolist()


def test_without_facts_or_rows_there_is_nothing_to_sum() -> None:
    assert [0.0] == found(STYLE, [("a", 9)])["style.ordered_lines"].tolist()
    assert found(STYLE, [], ("a", 1, 1)).empty


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.name)
def test_every_entity_sums_known_measures_of_known_keys(entity: Entity) -> None:
    assert set(entity.keys) <= set(KEYS)
    assert set(entity.recent) <= set(entity.measures) <= set(MEASURES)
    assert len(history_columns(entity)) == len(set(history_columns(entity)))
    assert "duckdb" not in history_sql(entity).lower()


@pytest.mark.parametrize(
    ("at", "day"),
    [
        ("1970-01-01", 0),
        ("1970-01-01 23:59:59.999999", 0),
        ("1970-01-02", 1),
        ("1969-12-31 23:59:59.999999", -1),
        ("2024-02-29", 19782),
    ],
)
def test_a_day_begins_at_midnight_utc(at: str, day: int) -> None:
    assert [day] == days(pd.Series([moment(at)])).tolist()


def test_a_day_is_counted_in_utc_wherever_the_clock_hangs() -> None:
    berlin: Any = pd.Series(pd.to_datetime(["1970-01-02 00:30"])).dt.tz_localize("Europe/Berlin")
    assert [0] == days(berlin).tolist()
    assert moment("1970-01-02") == midnight(1)


def test_a_missing_moment_has_no_day() -> None:
    with pytest.raises(ValueError, match="missing moment"):
        days(pd.Series([moment("2024-01-01"), pd.NaT]))
