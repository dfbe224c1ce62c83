from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.outcomes import arrivals, outcomes
from tests.support.moments import LATE, line, moment, product, sent_back, shop_tables

WINDOWS = {"": 30, "GB": 14, "XX": 0}
DELIVERED = "2024-01-01 12:00"
ENDS = "2024-01-31 12:00"


def became(lines: list[dict[str, object]], returns: list[dict[str, object]], *, now: str | dt.datetime = LATE) -> pd.DataFrame:
    tables = shop_tables(products=[product("s1-38")], order_lines=lines, returns=returns)
    at = moment(now).to_pydatetime() if isinstance(now, str) else now
    return outcomes(tables["order_lines"], tables["returns"], WINDOWS, now=at)


def came_back(lines: list[dict[str, object]], returns: list[dict[str, object]], *, now: str = "2030-01-01") -> pd.DataFrame:
    tables = shop_tables(products=[product("s1-38")], order_lines=lines, returns=returns)
    return arrivals(tables["order_lines"], tables["returns"], WINDOWS, now=moment(now).to_pydatetime())


def delivered(**columns: object) -> list[dict[str, object]]:
    return [line("l", "2023-12-30", delivered_at=DELIVERED, **columns)]


@pytest.mark.parametrize(
    ("now", "outcome"),
    [("2024-01-31 11:59:59.999999", "pending"), (ENDS, "kept"), ("2024-01-31 12:00:00.000001", "kept")],
)
def test_a_line_is_kept_from_the_very_end_of_its_window(now: str, outcome: str) -> None:
    assert [outcome] == became(delivered(), [], now=now)["outcome"].tolist()


def test_a_kept_line_matures_when_its_window_ends() -> None:
    assert [moment(ENDS)] == became(delivered(), [])["matured_at"].tolist()


def test_a_pending_line_has_no_label_time() -> None:
    row = became(delivered(), [], now="2024-01-05").iloc[0]
    assert pd.isna(row["matured_at"])
    assert moment(ENDS) == row["window_ends"]


@pytest.mark.parametrize(
    ("requested", "outcome"),
    [("2024-01-31 12:00:00", "returned"), ("2024-01-31 12:00:00.000001", "kept"), ("2024-02-20", "kept"), ("2023-12-31", "returned")],
)
def test_a_return_counts_when_it_was_asked_for_until_the_window_ends(requested: str, outcome: str) -> None:
    assert [outcome] == became(delivered(), [sent_back("l", requested, "2024-03-01")])["outcome"].tolist()


@pytest.mark.parametrize(
    ("now", "outcome"),
    [
        ("2024-01-29", "pending"),
        ("2024-02-05", "pending"),
        ("2024-02-09 23:59:59.999999", "pending"),
        ("2024-02-10", "returned"),
        ("2025-01-01", "returned"),
    ],
)
def test_a_return_asked_for_inside_and_arriving_after_the_window_is_pending_until_it_arrives(now: str, outcome: str) -> None:
    assert [outcome] == became(delivered(), [sent_back("l", "2024-01-30", "2024-02-10")], now=now)["outcome"].tolist()


def test_a_return_that_never_arrives_leaves_the_line_pending() -> None:
    assert ["pending"] == became(delivered(), [sent_back("l", "2024-01-30", None)])["outcome"].tolist()


def test_a_returned_line_matures_when_its_first_return_arrives() -> None:
    returns = [sent_back("l", "2024-01-10", "2024-01-20"), {**sent_back("l", "2024-01-08", "2024-01-12"), "return_id": "r2"}]
    assert [moment("2024-01-12")] == became(delivered(quantity=3), returns)["matured_at"].tolist()
    assert 2 == came_back(delivered(quantity=3), returns)["quantity"].sum()


def test_units_count_once_they_have_arrived() -> None:
    returns = [sent_back("l", "2024-01-10", "2024-01-20"), {**sent_back("l", "2024-01-08", "2024-01-12"), "return_id": "r2"}]
    assert [1] == came_back(delivered(quantity=3), returns, now="2024-01-15")["quantity"].tolist()


def test_units_asked_back_after_the_window_are_goodwill() -> None:
    returns = [sent_back("l", "2024-01-10", "2024-01-12"), {**sent_back("l", "2024-02-10", "2024-02-12"), "return_id": "r2"}]
    assert [1] == came_back(delivered(quantity=3), returns)["quantity"].tolist()


@pytest.mark.parametrize(
    ("reasons", "related"),
    [(["quality"], False), (["too_small"], True), (["size"], True), (["quality", "too_large"], True), ([None], False)],
)
def test_a_line_is_size_related_when_one_of_its_returns_is(reasons: list[str | None], related: bool) -> None:
    returns = [{**sent_back("l", "2024-01-10", "2024-01-12", reason=reason), "return_id": f"r{i}"} for i, reason in enumerate(reasons)]
    assert related == came_back(delivered(quantity=2), returns)["size_related"].any()


@pytest.mark.parametrize(
    ("times", "ends"),
    [
        ({"delivered_at": "2024-01-04", "promised_at": "2024-01-02"}, "2024-02-03"),
        ({"promised_at": "2024-01-02"}, "2024-02-01"),
        ({}, "2024-01-31"),
    ],
)
def test_the_window_opens_with_the_delivery_else_the_promise_else_the_order(times: dict[str, str], ends: str) -> None:
    assert [moment(ends)] == became([line("l", "2024-01-01", **times)], [])["window_ends"].tolist()


@pytest.mark.parametrize(("country", "ends"), [("GB", "2024-01-15"), ("DE", "2024-01-31"), (None, "2024-01-31"), ("XX", "2024-01-01")])
def test_each_country_has_its_window(country: str | None, ends: str) -> None:
    assert [moment(ends)] == became([line("l", "2024-01-01", country=country)], [])["window_ends"].tolist()


def test_outcomes_come_in_the_order_of_the_lines() -> None:
    lines = [line("b", "2024-01-01"), line("a", "2024-01-01"), line("c", "2024-01-01")]
    rows = became(lines, [sent_back("a", "2024-01-05", "2024-01-06")])
    assert [("b", "kept"), ("a", "returned"), ("c", "kept")] == list(zip(rows["line_id"], rows["outcome"], strict=True))


def test_a_shop_without_lines_has_no_outcomes() -> None:
    assert [] == became([], [])["outcome"].tolist()


def test_arrivals_are_the_returns_inside_the_window_in_the_order_of_their_arrival() -> None:
    lines = [line("a", "2024-01-01"), line("b", "2024-01-01"), line("c", "2024-01-01")]
    returns = [
        sent_back("a", "2024-01-05", "2024-01-09", reason="size"),
        sent_back("b", "2024-01-05", "2024-01-07"),
        sent_back("c", "2024-03-05", "2024-03-07"),
    ]
    tables = shop_tables(products=[product("s1-38")], order_lines=lines, returns=returns)
    arrived = arrivals(tables["order_lines"], tables["returns"], WINDOWS, now=LATE)
    assert [("b", False), ("a", True)] == list(zip(arrived["line_id"], arrived["size_related"], strict=True))


def _hours(largest: int) -> st.SearchStrategy[int]:
    return st.integers(0, largest)


_RETURN = st.tuples(_hours(60 * 24), st.none() | _hours(20 * 24), st.sampled_from(["size", "quality", None]))
_LINE = st.tuples(_hours(10 * 24), st.none() | _hours(10 * 24), st.sampled_from(["GB", "DE", "XX", None]), st.lists(_RETURN, max_size=3))


@given(drawn=st.lists(_LINE, min_size=1, max_size=4), first=_hours(120 * 24), later=_hours(60 * 24))
@settings(max_examples=30, deadline=None)
def test_what_was_known_earlier_never_changes_later(
    drawn: list[tuple[int, int | None, str | None, list[tuple[int, int | None, str | None]]]], first: int, later: int
) -> None:
    start = moment("2024-01-01")

    def at(hours: int) -> pd.Timestamp:
        return start + pd.Timedelta(hours=hours)

    lines, returns = [], []
    for number, (ordered, taken, country, back) in enumerate(drawn):
        delivered_at = None if taken is None else str(at(ordered + taken))
        lines.append(line(f"l{number}", str(at(ordered)), delivered_at=delivered_at, country=country, quantity=3))
        for which, (asked, travelled, reason) in enumerate(back):
            arrived = None if travelled is None else str(at(ordered + asked + travelled))
            row = sent_back(f"l{number}", str(at(ordered + asked)), arrived, reason=reason)
            returns.append({**row, "return_id": f"r{number}-{which}"})
    tables = shop_tables(products=[product("s1-38")], order_lines=lines, returns=returns)
    facts, moments = (tables["order_lines"], tables["returns"], WINDOWS), [at(hours).to_pydatetime() for hours in (first, first + later)]
    before, after = (outcomes(*facts, now=now) for now in moments)
    parcels, parcels_later = (arrivals(*facts, now=now) for now in moments)
    known = before["outcome"] != "pending"
    stable = ["line_id", "outcome", "matured_at", "window_ends"]
    pd.testing.assert_frame_equal(before.loc[known, stable], after.loc[known, stable])
    assert (before.loc[known, "matured_at"] <= at(first)).all()
    pd.testing.assert_frame_equal(parcels, parcels_later.head(len(parcels)))
