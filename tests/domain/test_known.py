from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest

from domain.contract import check
from domain.known import first_told, holds, known_since
from domain.tables import TABLES
from domain.violations import Violation
from tests.support.moments import LATE, line, moment, product, sent_back, shop_tables, table

Row = dict[str, Any]


def told(requested: str, received: str | None, known: str | None = None, **columns: object) -> Row:
    """A row of the return r-a."""
    return {**sent_back("a", requested, received, **columns), "known_at": known}


ASKED = told("2024-01-05", "2024-01-07", reason="size")
CORRECTED = told("2024-01-05", "2024-01-07", "2024-01-09", reason="quality")


def found(returns: list[Row], *, now: dt.datetime = LATE, **tables: list[Row]) -> list[Violation]:
    lines = [line("a", "2024-01-01", quantity=2), line("b", "2024-01-01")]
    rows = {"products": [product("s1-38")], "order_lines": lines, "returns": returns, **tables}
    return check({name: table(name, *given) for name, given in rows.items()}, now=now)[1]


def returns_of(*rows: Row) -> pd.DataFrame:
    lines = [line("a", "2024-01-01", quantity=2), line("b", "2024-01-01")]
    return shop_tables(products=[product("s1-38")], order_lines=lines, returns=rows)["returns"]


@pytest.mark.parametrize(
    ("received", "known", "since"),
    [
        ("2024-01-07", None, "2024-01-07"),
        ("2024-01-07", "2024-01-06", "2024-01-07"),
        ("2024-01-07", "2024-01-08", "2024-01-08"),
        (None, "2024-01-08", None),
    ],
)
def test_a_moment_is_known_when_it_comes_or_when_it_is_told_if_that_is_later(received: str | None, known: str | None, since: str) -> None:
    assert [moment(since) if since else pd.NaT] == known_since(returns_of(told("2024-01-05", received, known)), "received_at").tolist()


def test_what_was_told_at_once_is_the_first_of_a_return_and_the_latest_holds_wherever_they_lie() -> None:
    rows = returns_of(CORRECTED, sent_back("b", "2024-01-06", None), ASKED, {**CORRECTED, "known_at": "2024-01-08"})
    assert ["r-b", "r-a"] == first_told(rows)["return_id"].tolist()
    assert [None, "size"] == first_told(rows)["reason"].astype(object).where(lambda reason: reason.notna(), None).tolist()
    assert [True, True, False, False] == holds(rows).tolist()


def test_a_correction_is_sound() -> None:
    assert [] == found([ASKED, CORRECTED])


def test_a_correction_may_leave_the_arrival_empty_or_be_the_first_to_tell_it() -> None:
    assert [] == found([ASKED, {**CORRECTED, "received_at": None}])
    assert [] == found([{**ASKED, "received_at": None}, CORRECTED])


@pytest.mark.parametrize("known", [None, "2024-01-09"])
def test_two_rows_of_a_return_that_were_told_at_once_or_at_the_same_time_are_a_breach(known: str | None) -> None:
    breach = next(violation for violation in found([told("2024-01-05", "2024-01-07", known)] * 2) if violation.rule == "must be unique")
    assert ("returns", "return_id, known_at", (1, 2)) == (breach.table, breach.column, breach.rows)


@pytest.mark.parametrize(
    ("column", "value"), [("line_id", "b"), ("requested_at", "2024-01-04"), ("received_at", "2024-01-08")], ids=lambda value: str(value)
)
def test_a_correction_changes_neither_line_nor_times(column: str, value: str) -> None:
    breaches = found([ASKED, {**CORRECTED, column: value}])
    assert [("returns", column, "differs between the rows of one return", (2,))] == [(v.table, v.column, v.rule, v.rows) for v in breaches]
    assert "another parcel is another return" in breaches[0].advice


def test_rows_without_a_return_id_are_not_one_return() -> None:
    nobodys = [{**ASKED, "return_id": None}, {**CORRECTED, "line_id": "b", "return_id": None}]
    assert ["must not be empty"] == [violation.rule for violation in found(nobodys)]


def test_only_what_holds_is_added_up() -> None:
    corrected = {**CORRECTED, "quantity": 2, "refund": 2000}
    assert [] == found([{**ASKED, "quantity": 2, "refund": 2000}, corrected])
    assert [("quantity", (2,)), ("refund", (2,))] == [
        (violation.column, violation.rows) for violation in found([ASKED, {**corrected, "quantity": 3, "refund": 2001}])
    ]
    assert [] == found([{**ASKED, "quantity": 3, "refund": 2001}, corrected])


_LATE: list[tuple[str, Row, str]] = [
    ("returns", told("2024-01-05", "2024-01-07"), "requested_at"),
    ("fit_feedback", {"customer_id": "c1", "sku": "s1-38", "given_at": "2024-01-05", "verdict": "fits"}, "given_at"),
    ("events", {"event_id": "e", "kind": "view", "at": "2024-01-05"}, "at"),
    ("tickets", {"ticket_id": "t", "topic": "size", "opened_at": "2024-01-05"}, "opened_at"),
]
each_late = pytest.mark.parametrize(("name", "row", "happened"), _LATE, ids=[case[0] for case in _LATE])


@each_late
def test_nothing_is_known_before_it_happened(name: str, row: Row, happened: str) -> None:
    tables: dict[str, list[Row]] = {name: [{**row, "known_at": "2024-01-04 23:59"}, {**row, "known_at": "2024-01-05"}]}
    breaches = [violation for violation in found(tables.pop("returns", []), now=LATE, **tables) if violation.column == "known_at"]
    assert [(name, f"lies before {happened}", (1,))] == [(violation.table, violation.rule, violation.rows) for violation in breaches]


@each_late
def test_nothing_becomes_known_in_the_future(name: str, row: Row, happened: str) -> None:
    assert happened in TABLES[name].schema.columns
    tables: dict[str, list[Row]] = {name: [{**row, "known_at": "2024-02-01"}]}
    returns = tables.pop("returns", [])
    assert [] == found(returns, now=moment("2024-02-01").to_pydatetime(), **tables)
    early = found(returns, now=moment("2024-01-31").to_pydatetime(), **tables)
    assert [(name, "known_at", "lies after 2024-01-31 00:00 UTC")] == [(v.table, v.column, v.rule) for v in early]


def _event(event_id: str, sku: str | None = None, **columns: object) -> Row:
    return {"event_id": event_id, "sku": sku, "kind": "view", "at": "2024-01-05", **columns}


def _checked_events(*rows: Row) -> tuple[pd.DataFrame, list[Violation]]:
    raw = {"products": table("products", product("s1-38")), "order_lines": table("order_lines"), "returns": table("returns")}
    tables, violations = check({**raw, "events": table("events", *rows)}, now=LATE)
    return tables["events"], violations


def test_an_event_that_is_told_twice_is_one() -> None:
    events, violations = _checked_events(_event("b"), _event("a", "s1-38"), _event("b"), _event("c"), _event("b"))
    assert [] == violations
    assert [(0, "b"), (1, "a"), (2, "c")] == list(zip(events.index, events["event_id"], strict=True))


@pytest.mark.parametrize("other", [{"sku": "s1-38"}, {"at": "2024-01-06"}, {"known_at": "2024-01-06"}], ids=lambda other: next(iter(other)))
def test_two_events_of_one_id_are_a_breach_where_they_differ(other: Row) -> None:
    _, violations = _checked_events(_event("a"), _event("b"), _event("b"), _event("b", **other))
    assert ["events.event_id: must be unique (2 rows: 2, 4): remove the duplicates, or give each row its own id"] == [
        str(violation) for violation in violations
    ]


def test_breaches_are_named_by_the_rows_as_they_were_told() -> None:
    _, violations = _checked_events(_event("a"), _event("a"), _event("b", "zzz"))
    assert [("sku", (3,))] == [(violation.column, violation.rows) for violation in violations]


def test_only_events_may_be_told_twice() -> None:
    assert ["events"] == [name for name, declared in TABLES.items() if declared.repeats]
