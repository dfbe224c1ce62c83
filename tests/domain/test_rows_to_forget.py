from __future__ import annotations

import datetime as dt

import pandas as pd

from domain.forgetting import OF_LINES, OF_SESSIONS, PERSONAL, Traces, customers_in, follow, stays
from domain.tables import TABLES

ANEW = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
BEFORE, AFTER = "2026-11-24T23:59:59Z", "2026-11-25T00:00:00Z"
ANN: dict[str, dt.datetime | None] = {"ann": None}


def kept(name: str, rows: dict[str, list[object]], erased: dict[str, dt.datetime | None] = ANN, traces: Traces | None = None) -> list[bool]:
    return stays(name, pd.DataFrame(rows), erased, traces or Traces()).tolist()


def test_every_table_that_names_a_customer_a_line_or_a_session_is_known() -> None:
    columns = {name: set(table.schema.columns) for name, table in TABLES.items()}

    assert {name for name in columns if "customer_id" in columns[name]} == set(PERSONAL)
    assert {name for name in columns if "line_id" in columns[name]} == {*OF_LINES, "order_lines"}
    assert {name for name in columns if "session_id" in columns[name]} == set(OF_SESSIONS)
    assert all(moment in columns[name] for name, moment in PERSONAL.items())


def test_rows_that_name_somebody_erased_go() -> None:
    assert [False, True, True] == kept("events", {"customer_id": ["ann", "bob", None], "at": [BEFORE] * 3})
    assert [False, True] == kept("customers", {"customer_id": ["ann", "bob"], "joined_at": [BEFORE] * 2})


def test_a_table_that_names_nobody_stays() -> None:
    assert [True] == kept("products", {"sku": ["ann"]})
    assert [] == list(customers_in("products", pd.DataFrame({"sku": ["ann"]})))


def test_what_is_about_their_order_lines_goes_with_them() -> None:
    traces = Traces()
    follow("order_lines", pd.DataFrame({"customer_id": ["ann", "bob"], "line_id": ["l1", "l2"], "ordered_at": [BEFORE] * 2}), ANN, traces)

    assert {"l1"} == traces.lines
    assert [False, True] == kept("returns", {"line_id": ["l1", "l2"]}, traces=traces)
    assert [False, True, True] == kept("tickets", {"line_id": ["l1", "l2", None]}, traces=traces)


def test_a_session_that_was_theirs_goes_where_it_names_nobody() -> None:
    traces = Traces()
    events: dict[str, list[object]] = {
        "customer_id": ["ann", None, "bob", None],
        "session_id": ["s1", "s1", "s1", "s2"],
        "at": [BEFORE] * 4,
    }
    follow("events", pd.DataFrame(events), ANN, traces)

    assert [False, False, True, True] == kept("events", events, traces=traces)
    assert [False, True] == kept("impressions", {"session_id": ["s1", "s2"]}, traces=traces)


def test_what_happened_after_somebody_joined_anew_stays() -> None:
    rows: dict[str, list[object]] = {"customer_id": ["ann"] * 3, "line_id": ["l1", "l2", "l3"], "ordered_at": [BEFORE, AFTER, None]}
    traces = Traces()
    follow("order_lines", pd.DataFrame(rows), {"ann": ANEW}, traces)

    assert [False, True, False] == kept("order_lines", rows, {"ann": ANEW})
    assert {"l1", "l3"} == traces.lines


def test_times_as_parquet_has_them_do_as_well() -> None:
    moments = pd.to_datetime(pd.Series([BEFORE, AFTER]), utc=True)

    assert [False, True] == stays("events", pd.DataFrame({"customer_id": ["ann"] * 2, "at": moments}), {"ann": ANEW}, Traces()).tolist()


def test_customers_are_read_off_the_tables() -> None:
    assert ["ann", "7"] == list(customers_in("events", pd.DataFrame({"customer_id": ["ann", None, 7, "ann"]})))
