from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.conform import conform
from domain.tables import MAX_AMOUNT, TABLES
from domain.violations import Violation
from tests.support.moments import moment

STOCK, CONSENTS, PRODUCTS = TABLES["stock"], TABLES["consents"], TABLES["products"]
COUNT: dict[str, Any] = {"sku": "a", "location": "x", "at": "2024-05-01T12:00:00Z", "available": "3"}


def conformed(**columns: Any) -> tuple[pd.Series, list[Violation]]:
    frame, violations = conform(STOCK, pd.DataFrame([COUNT | columns]))
    return frame.iloc[0], violations


@pytest.mark.parametrize(
    ("given_as", "expected"),
    [("3", 3), ("3.0", 3), (" 3 ", 3), ("+3", 3), ("-3", -3), (3, 3), (3.0, 3), (Decimal("3.00"), 3), ("9" * 18, int("9" * 18))],
)
def test_what_spells_a_whole_number_is_one(given_as: object, expected: int) -> None:
    row, violations = conformed(available=given_as)
    assert [] == violations
    assert expected == row["available"]


@pytest.mark.parametrize("given_as", ["3.5", "1e3", "three", "9" * 19, 3.5, 1e300, float("inf"), True, 2.0**53, "3,000"])
def test_what_is_no_exact_whole_number_is_a_violation(given_as: object) -> None:
    _, violations = conformed(available=given_as)
    assert [("available", "must be a whole number", (1,))] == [(v.column, v.rule, v.rows) for v in violations]


def test_unsigned_numbers_are_read_while_they_fit() -> None:
    frame = pd.DataFrame([COUNT] * 2).assign(available=pd.Series([7, 2**63 + 5], dtype="uint64"), location=["x", "y"])
    _, violations = conform(STOCK, frame)
    assert [(2,)] == [violation.rows for violation in violations]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-01T12:00:00Z", "2024-05-01 12:00"),
        ("2024-05-01 14:00:00+02:00", "2024-05-01 12:00"),
        ("2024-05-01T07:00:00-0500", "2024-05-01 12:00"),
        ("2024-05-01T12:00:00.123456Z", "2024-05-01 12:00:00.123456"),
    ],
)
def test_iso_times_with_an_offset_become_utc(text: str, expected: str) -> None:
    row, violations = conformed(at=text)
    assert [] == violations
    assert moment(expected) == row["at"]


@pytest.mark.parametrize("text", ["2024-05-01", "2024-05-01T12:00:00", "01-05-2024", "yesterday", 1714564800, pd.Timestamp("2024-05-01")])
def test_a_time_without_an_offset_is_a_violation(text: object) -> None:
    _, violations = conformed(at=text)
    assert [("at", "must be a UTC time")] == [(v.column, v.rule) for v in violations]


def test_a_zoned_column_is_converted_and_kept_to_the_microsecond() -> None:
    zoned = pd.Series(pd.to_datetime(["2024-05-01 14:00:00.123456789"])).dt.tz_localize("Europe/Berlin")
    frame, violations = conform(STOCK, pd.DataFrame([COUNT]).assign(at=zoned))
    assert [] == violations
    assert [moment("2024-05-01 12:00:00.123456")] == frame["at"].tolist()


@pytest.mark.parametrize(("text", "expected"), [("true", True), ("FALSE", False), (True, True), (np.True_, True)])
def test_what_spells_a_truth_value_is_one(text: object, expected: bool) -> None:
    frame, violations = conform(CONSENTS, pd.DataFrame([{"customer_id": "c", "purpose": "p", "granted": text, "at": COUNT["at"]}]))
    assert [] == violations
    assert [expected] == frame["granted"].tolist()


@pytest.mark.parametrize(("value", "rule"), [("yes", "must be true or false"), (1, "must be true or false"), (None, "must not be empty")])
def test_what_is_no_truth_value_is_a_violation(value: object, rule: str) -> None:
    _, violations = conform(CONSENTS, pd.DataFrame([{"customer_id": "c", "purpose": "p", "granted": value, "at": COUNT["at"]}]))
    assert [("granted", rule)] == [(v.column, v.rule) for v in violations]


@pytest.mark.parametrize("value", [7, 7.0, 0])
def test_an_id_that_is_a_number_is_a_violation(value: object) -> None:
    _, violations = conformed(sku=value)
    assert ["stock.sku: must be text (1 rows: 1): write ids and codes as text, so that leading zeros survive"] == [
        str(v) for v in violations
    ]


def test_leading_zeros_and_words_like_na_survive() -> None:
    row, _ = conformed(sku="007", location="NA")
    assert ("007", "NA") == (row["sku"], row["location"])


def test_a_needed_number_that_is_empty_is_a_violation() -> None:
    _, violations = conformed(available=None)
    assert [("available", "must not be empty")] == [(v.column, v.rule) for v in violations]


def test_absent_optional_columns_come_back_empty_and_of_their_kind() -> None:
    frame, _ = conform(PRODUCTS, pd.DataFrame([{"sku": "a", "style_id": "s", "category": "c", "currency": "EUR"}]))
    assert list(PRODUCTS.schema.columns) == frame.columns.tolist()
    assert [False] == frame["hidden"].tolist()
    assert frame[["price", "brand", "launched_at"]].isna().all(axis=None)
    assert ("Int64", "str", "datetime64[us, UTC]") == tuple(str(frame[name].dtype) for name in ("price", "brand", "launched_at"))


def test_missing_unknown_and_repeated_columns_are_violations() -> None:
    raw = pd.DataFrame([["a", "b", "x", "?"]], columns=["sku", "sku", "location", "shelf"])
    frame, violations = conform(STOCK, raw)
    expected = {("shelf", "is no column of the contract"), ("sku", "is there twice"), ("at", "is missing"), ("available", "is missing")}
    assert expected == {(v.column, v.rule) for v in violations}
    assert frame is raw


def test_dictionary_encoded_columns_are_read() -> None:
    frame, violations = conform(STOCK, pd.DataFrame([COUNT]).astype("category"))
    assert [] == violations
    assert ["a"] == frame["sku"].tolist()


@pytest.mark.parametrize("name", list(TABLES))
def test_an_empty_table_conforms(name: str) -> None:
    frame, violations = conform(TABLES[name], pd.DataFrame(columns=list(TABLES[name].schema.columns)))
    assert [] == violations
    assert frame.empty


_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=5)
_STOCK = st.fixed_dictionaries(
    {
        "sku": _TEXT,
        "location": _TEXT,
        "at": st.datetimes(min_value=pd.Timestamp("1971-01-01"), max_value=pd.Timestamp("2100-01-01")).map(lambda at: f"{at.isoformat()}Z"),
        "available": st.integers(0, MAX_AMOUNT),
        "inbound": st.none() | st.integers(0, MAX_AMOUNT),
    }
)


@given(rows=st.lists(_STOCK, min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_a_valid_table_survives_and_conforming_twice_changes_nothing(rows: list[dict[str, Any]]) -> None:
    once, violations = conform(STOCK, pd.DataFrame(rows))
    assert [] == violations
    assert [(row["sku"], row["available"]) for row in rows] == list(zip(once["sku"], once["available"], strict=True))
    assert [pd.Timestamp(row["at"]) for row in rows] == once["at"].tolist()
    twice, violations = conform(STOCK, once)
    assert [] == violations
    pd.testing.assert_frame_equal(once, twice)


@given(rows=st.lists(_STOCK, min_size=1, max_size=5))
@settings(max_examples=20, deadline=None)
def test_a_table_written_as_text_reads_the_same(rows: list[dict[str, Any]]) -> None:
    from_numbers, _ = conform(STOCK, pd.DataFrame(rows))
    texts = pd.DataFrame([{name: None if value is None else str(value) for name, value in row.items()} for row in rows])
    from_texts, violations = conform(STOCK, texts)
    assert [] == violations
    pd.testing.assert_frame_equal(from_numbers, from_texts)
