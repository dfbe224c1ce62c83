from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from domain.contract import check, checked
from domain.errors import TablesRefused
from domain.tables import MAX_AMOUNT, TABLES
from domain.violations import ContractBroken, Violation
from tests.support.moments import LATE, line, product, sent_back, table

Raw = dict[str, pd.DataFrame]


def raw_tables(**rows: list[dict[str, object]]) -> Raw:
    return {"returns": table("returns"), **{name: table(name, *given) for name, given in rows.items()}}


def sound() -> Raw:
    return {
        "products": table("products", product("s1-38")),
        "order_lines": table("order_lines", line("a", "2024-01-01", quantity=2, delivered_at="2024-01-03")),
        "returns": table("returns", sent_back("a", "2024-01-05", "2024-01-07", refund=2000)),
    }


def found(tables: Raw, *, now: dt.datetime = LATE) -> list[Violation]:
    return check(tables, now=now)[1]


def test_a_sound_shop_has_no_violation() -> None:
    assert [] == found(sound())


def test_checked_tables_hold_every_column() -> None:
    tables = checked(sound(), now=LATE)
    assert {name: list(TABLES[name].schema.columns) for name in tables} == {name: frame.columns.tolist() for name, frame in tables.items()}


def test_a_table_without_rows_is_sound() -> None:
    empty = {name: table(name) for name in TABLES}
    assert [] == found(empty)


_LINES: list[tuple[str, str, Any, str]] = [
    ("returns", "line_id", ["zzz"], "is not in order_lines"),
    ("order_lines", "sku", ["zzz"], "is not in products"),
    ("returns", "requested_at", pd.to_datetime(["2023-12-31"], utc=True), "lies before the line was ordered"),
    ("returns", "received_at", pd.to_datetime(["2024-01-04"], utc=True), "lies before requested_at"),
    ("returns", "refund", [2001], "adds up to more than was paid"),
    ("returns", "quantity", [3], "adds up to more units than were ordered"),
    ("order_lines", "delivered_at", pd.to_datetime(["2023-12-31"], utc=True), "lies before ordered_at"),
    ("products", "currency", ["USD"], "differs from the shop's EUR"),
    ("products", "currency", ["euro"], "must be an ISO 4217 code such as EUR"),
    ("order_lines", "country", ["Germany"], "must be an ISO 3166-1 alpha-2 code such as DE"),
    ("order_lines", "quantity", [0], "must be at least 1"),
    ("order_lines", "quantity", [10**6 + 1], "must be at most 1,000,000"),
    ("order_lines", "unit_price", [-1], "must be at least 0"),
    ("order_lines", "unit_price", [MAX_AMOUNT + 1], "must be at most 1,000,000,000,000"),
    ("order_lines", "discount", [MAX_AMOUNT + 1], "must be at most 1,000,000,000,000"),
    ("products", "price", [MAX_AMOUNT + 1], "must be at most 1,000,000,000,000"),
    ("products", "unit_cost", [MAX_AMOUNT + 1], "must be at most 1,000,000,000,000"),
    ("returns", "recovered_value", [MAX_AMOUNT + 1], "must be at most 1,000,000,000,000"),
    ("products", "style_id", [""], "must not be empty"),
    ("products", "style_id", [None], "must not be empty"),
    *(("products", "looks", [looks], "must be 1 to 8 numbers between -100 and 100") for looks in ("", "1,2", "0 100.1", "nan", "1 " * 9)),
    ("returns", "reason", ["ugly"], "must be one of: too_small"),
]


@pytest.mark.parametrize(("name", "column", "value", "rule"), _LINES, ids=[f"{case[0]}.{case[1]} {case[3]}" for case in _LINES])
def test_a_breach_names_table_column_row_and_advice(name: str, column: str, value: Any, rule: str) -> None:
    tables = sound()
    tables[name] = tables[name].assign(**{column: value})
    breach = next(violation for violation in found(tables) if violation.rule.startswith(rule))
    assert (name, column, (1,), 1) == (breach.table, breach.column, breach.rows, breach.count)
    assert breach.advice


def test_the_largest_amount_is_allowed() -> None:
    tables = sound()
    tables["order_lines"]["unit_price"] = MAX_AMOUNT
    assert [] == found(tables)


@pytest.mark.parametrize("looks", ["0.31 -1.2 5e-2", "-100", "+.5  1.", " ".join(["100"] * 8), None])
def test_up_to_eight_numbers_are_looks(looks: str | None) -> None:
    tables = sound()
    tables["products"] = tables["products"].assign(looks=pd.Series([looks], dtype="str"))
    assert [] == found(tables)


def test_all_looks_have_as_many_coordinates() -> None:
    products = [product(f"s{number}", looks=looks) for number, looks in enumerate(("1 2", None, "3 4", "5", "6 7 8"))]
    breach = next(iter(found(raw_tables(products=products, order_lines=[]))))
    assert ("looks", "holds another number of coordinates than the usual 2", (4, 5)) == (breach.column, breach.rule, breach.rows)


@pytest.mark.parametrize("twice", ["products", "order_lines", "returns"])
def test_an_id_that_is_there_twice_is_a_breach_of_both_rows(twice: str) -> None:
    tables = sound()
    tables[twice] = pd.concat([tables[twice]] * 2)
    breach = next(violation for violation in found(tables) if violation.rule == "must be unique")
    assert (twice, ", ".join(TABLES[twice].key), (1, 2)) == (breach.table, breach.column, breach.rows)


def test_several_returns_of_a_line_are_added_up() -> None:
    tables = sound()
    second = tables["returns"].assign(return_id="r2", refund=1)
    tables["returns"] = pd.concat([tables["returns"], second], ignore_index=True)
    assert [("refund", (1, 2))] == [(violation.column, violation.rows) for violation in found(tables)]


def test_refunds_of_a_line_without_a_price_are_not_judged() -> None:
    tables = sound()
    tables["order_lines"]["unit_price"] = None
    assert [] == found(tables)


@pytest.mark.parametrize(("name", "column"), [("order_lines", "ordered_at"), ("returns", "requested_at"), ("returns", "received_at")])
def test_a_fact_cannot_lie_in_the_future(name: str, column: str) -> None:
    at = sound()[name][column][0].to_pydatetime()
    assert column in {v.column for v in found(sound(), now=at - dt.timedelta(microseconds=1)) if v.rule.startswith("lies after")}
    assert column not in {v.column for v in found(sound(), now=at)}


def test_plans_may_lie_in_the_future() -> None:
    tables = sound()
    tables["order_lines"]["promised_at"] = pd.Timestamp("2099-01-01", tz="UTC")
    assert [] == found(tables)


def test_unknown_and_missing_tables_are_breaches() -> None:
    tables = {"lines": sound()["order_lines"], "products": sound()["products"]}
    expected = [("lines", "is no table of the contract"), ("order_lines", "is missing"), ("returns", "is missing")]
    assert expected == [(violation.table, violation.rule) for violation in found(tables)]


def test_every_breach_is_told_at_once() -> None:
    tables = sound()
    tables["products"] = tables["products"].assign(shelf="7", currency="euro")
    tables["order_lines"] = tables["order_lines"].assign(quantity=0, unit_price=-1)
    tables["returns"] = tables["returns"].assign(line_id="zzz")
    with pytest.raises(ContractBroken) as refused:
        checked(tables, now=LATE)
    told = {(violation.table, violation.column) for violation in refused.value.violations}
    assert {("products", "shelf"), ("order_lines", "quantity"), ("order_lines", "unit_price"), ("returns", "line_id")} <= told
    for named in ("products.shelf", "order_lines.quantity", "order_lines.unit_price", "returns.line_id", "docs/data-contract.md"):
        assert named in str(refused.value)
    assert isinstance(refused.value, TablesRefused)


def test_a_thousand_breaches_are_counted_and_five_named() -> None:
    lines = [line(f"l{number}", "2024-01-01", sku="zzz", quantity=0) for number in range(1000)]
    tables = {**sound(), "order_lines": table("order_lines", *lines), "returns": table("returns")}
    counts = {(violation.column, violation.count, violation.rows) for violation in found(tables)}
    assert {("sku", 1000, (1, 2, 3, 4, 5)), ("quantity", 1000, (1, 2, 3, 4, 5))} == counts
    assert any("(1,000 rows: 1, 2, 3, 4, 5, …)" in str(violation) for violation in found(tables))


_AS_READ: list[Callable[[pd.DataFrame], pd.DataFrame]] = [
    lambda frame: frame.set_index(pd.Index(range(7, 7 + len(frame)))),
    lambda frame: frame[frame.columns[::-1]],
]


@pytest.mark.parametrize("as_read", _AS_READ)
def test_neither_the_index_nor_the_order_of_columns_matters(as_read: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    expected = checked(sound(), now=LATE)
    read = checked({name: as_read(frame) for name, frame in sound().items()}, now=LATE)
    for name, frame in expected.items():
        pd.testing.assert_frame_equal(frame, read[name])


def test_a_verdict_is_about_its_own_line_and_comes_after_its_order() -> None:
    said: dict[str, object] = {"customer_id": "c1", "sku": "s1-38", "verdict": "fits"}
    verdicts: list[dict[str, object]] = [
        {**said, "line_id": "a", "given_at": "2023-12-01"},
        {**said, "line_id": "a", "given_at": "2024-01-05", "customer_id": "c2"},
        {**said, "line_id": "a", "given_at": "2024-01-06"},
        {**said, "line_id": None, "given_at": "2023-11-01"},
    ]
    tables = raw_tables(products=[product("s1-38")], order_lines=[line("a", "2024-01-01")], fit_feedback=verdicts)
    _, found = check(tables, now=LATE)
    assert [("given_at", (1,)), ("line_id", (2,))] == sorted((violation.column, violation.rows) for violation in found)


def test_empty_columns_of_another_kind_are_no_crash() -> None:
    tables = raw_tables(products=[product("s1-38")], order_lines=[line("a", "2024-01-01")])
    naive = tables["order_lines"].assign(promised_at=pd.Series([pd.NaT], dtype="datetime64[us]"))
    nobodys = pd.DataFrame({"return_id": ["r"], "line_id": pd.Series([None], dtype="str"), "quantity": [1], "requested_at": [LATE]})
    _, found = check({**tables, "order_lines": naive, "returns": nobodys}, now=LATE)
    assert ["returns.line_id: must not be empty (1 rows: 1): fill it in, or leave the rows out"] == [str(violation) for violation in found]
