"""What was known before a moment is never rewritten; everything else is."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import numpy as np
import pandas as pd
import pytest

from domain.known import known_since
from domain.tables import TABLES, UTC
from experiments.foresight import REWRITES
from experiments.future import Future, Rewrite, added, altered, dated, removed
from tests.support.moments import line, moment, product, sent_back, shop_tables
from tests.support.tiny_rows import drawn_rows
from tests.support.tiny_shops import tables_of

AT = moment("2024-01-10 12:00")
SOLD = [product("s1-38"), product("s2-38")]
ORDERED = [
    line("old", "2024-01-02", delivered_at="2024-01-05"),
    line("under-way", "2024-01-09", delivered_at="2024-01-12", sku="s2-38"),
    line("now", "2024-01-10 12:00", customer_id="c2"),
    line("later", "2024-01-20", customer_id="c3", sku="s2-38"),
]
SENT_BACK = [sent_back("old", "2024-01-09", "2024-01-11", reason="size", refund=900), sent_back("under-way", "2024-01-13", None)]


def future(seed: int = 1, rows: int = 10) -> Future:
    about = pd.DataFrame({"customer_id": ["c9"] * rows, "sku": ["s1-38"] * rows, "line_id": ["old"] * rows})
    return Future(AT, about.assign(ordered_at=pd.Series([moment("2024-01-02")] * rows, dtype=UTC)), np.random.default_rng(seed))


def rewritten(rewrite: Rewrite, name: str, **rows: list[dict[str, object]]) -> tuple[pd.DataFrame, int]:
    tables = shop_tables(products=SOLD, order_lines=ORDERED, returns=SENT_BACK, **rows)
    return rewrite(name, tables[name], future())


def test_what_is_taken_away_had_not_been_told() -> None:
    lines, facts = rewritten(removed, "order_lines")
    assert ["old", "under-way"] == lines["line_id"].tolist()
    assert [False, True] == lines["delivered_at"].isna().tolist()
    assert 3 == facts


def test_a_return_that_had_been_asked_for_has_not_arrived() -> None:
    returns, facts = rewritten(removed, "returns")
    assert [["old", True, True]] == returns[["line_id"]].join(returns[["received_at", "refund"]].isna()).to_numpy().tolist()
    assert 2 == facts


def test_a_row_told_late_belongs_to_the_future() -> None:
    said: dict[str, object] = {"customer_id": "c1", "sku": "s1-38", "verdict": "small", "given_at": "2024-01-02"}
    verdicts, facts = rewritten(removed, "fit_feedback", fit_feedback=[said, {**said, "sku": "s2-38", "known_at": "2024-01-10 12:00"}])
    assert (["s1-38"], 1) == (verdicts["sku"].tolist(), facts)


def test_what_is_altered_comes_sooner_and_is_about_others() -> None:
    lines, facts = rewritten(altered, "order_lines")
    by_id = lines.set_index("line_id")
    assert AT == by_id["delivered_at"]["under-way"]
    assert [AT, moment("2024-01-15 06:00")] == by_id["ordered_at"][["now", "later"]].tolist()
    assert {"c2", "c3"} == set(by_id["customer_id"][["now", "later"]])
    assert 3 == facts


def test_what_is_added_is_about_the_rows_under_audit_at_the_moment_and_later() -> None:
    lines, facts = rewritten(added, "order_lines")
    new = lines.iloc[4:]
    assert (10, {"c9"}, {"s1-38"}) == (facts, set(new["customer_id"]), set(new["sku"]))
    assert AT == new["ordered_at"].min()
    assert 5 == new["ordered_at"].nunique()


def test_added_returns_are_told_late_or_correct_old_ones() -> None:
    returns, _ = rewritten(added, "returns")
    new = returns.iloc[2:]
    late = new[new["return_id"].str.startswith("audit-late")]
    assert {moment("2024-01-02 01:00")} == set(late["requested_at"])
    assert AT == late["known_at"].min()
    corrections = new[new["return_id"] == "r-old"]
    assert ({"old"}, {2}) == (set(corrections["line_id"]), set(corrections["quantity"]))
    assert AT == corrections["known_at"].min()


def test_an_added_consent_says_the_opposite() -> None:
    consents, _ = rewritten(
        added, "consents", consents=[{"customer_id": "c1", "purpose": "personalisation", "granted": True, "at": "2024-01-01"}]
    )
    assert [True, *[False] * 5] == consents["granted"].tolist()  # one at each moment: a customer decides once at a time


def test_nothing_can_be_added_to_a_table_without_a_past() -> None:
    tables = shop_tables(products=SOLD, order_lines=ORDERED[2:])
    assert 0 == added("order_lines", tables["order_lines"], future())[1]


def test_master_data_has_no_future() -> None:
    assert ("order_lines", "returns") == dated(shop_tables(products=SOLD, order_lines=ORDERED, returns=SENT_BACK))


@pytest.mark.parametrize("how", REWRITES)
@pytest.mark.parametrize("seed", range(5))
def test_the_past_stays_as_it_was_known(how: str, seed: int) -> None:
    tables = tables_of(drawn_rows(Random(seed), "UTC", further=True)[0])  # noqa: S311
    lines = tables["order_lines"]
    at = lines["ordered_at"].sort_values().iloc[len(lines) // 2]
    about = lines[["customer_id", "sku", "line_id", "ordered_at"]]
    for name in dated(tables):
        ahead = Future(at, about, np.random.default_rng(seed))
        table = tables[name]
        for rewrite in REWRITES[how]:
            table, _ = rewrite(name, table, ahead)
        pd.testing.assert_frame_equal(_as_known(name, tables[name], at), _as_known(name, table, at))
        assert tables[name].dtypes.equals(table.dtypes)
        assert not table.duplicated(list(TABLES[name].key)).any()


_LATER: Mapping[str, str] = {"order_lines": "delivered_at", "returns": "received_at"}


def _as_known(name: str, table: pd.DataFrame, at: pd.Timestamp) -> pd.DataFrame:
    """The rows told before the moment, without what came to them later."""
    told = "requested_at" if name == "returns" else str(TABLES[name].known_at)
    known = table[(known_since(table, told) if "known_at" in table else table[told]) < at]
    later = _LATER.get(name)
    known = known.assign(**{later: known[later].where(known[later] < at)}) if later else known
    return known.sort_values(list(TABLES[name].key)).reset_index(drop=True)
