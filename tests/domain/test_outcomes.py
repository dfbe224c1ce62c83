from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.outcomes import arrivals, outcomes
from tests.support.moments import LATE, line, moment, product, sent_back, shop_tables

WINDOWS = {"": 30, "GB": 14, "XX": 0}
DELIVERED = "2024-01-01 12:00"
ENDS = "2024-01-31 12:00"


def became(lines: list[dict[str, Any]], returns: list[dict[str, Any]], *, now: str | dt.datetime = LATE) -> pd.DataFrame:
    tables = shop_tables(products=[product("s1-38")], order_lines=lines, returns=returns)
    return outcomes(tables["order_lines"], tables["returns"], WINDOWS, now=_moment(now))


def came_back(lines: list[dict[str, Any]], returns: list[dict[str, Any]], *, now: str | dt.datetime = LATE) -> pd.DataFrame:
    tables = shop_tables(products=[product("s1-38")], order_lines=lines, returns=returns)
    return arrivals(tables["order_lines"], tables["returns"], WINDOWS, now=_moment(now))


def _moment(now: str | dt.datetime) -> dt.datetime:
    return moment(now).to_pydatetime() if isinstance(now, str) else now


def delivered(**columns: object) -> list[dict[str, Any]]:
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


@pytest.mark.parametrize(
    ("now", "outcome", "asked_back", "label_known_at"),
    [
        ("2024-01-30", "pending", False, ENDS),
        (ENDS, "kept", False, ENDS),
        ("2024-02-09 23:59:59.999999", "kept", False, ENDS),
        ("2024-02-10", "pending", True, "2024-02-10"),
        ("2024-02-11 23:59:59.999999", "pending", True, "2024-02-10"),
        ("2024-02-12", "returned", True, "2024-02-10"),
    ],
)
def test_a_request_that_is_told_late_counts_from_then_on(now: str, outcome: str, asked_back: bool, label_known_at: str) -> None:
    row = became(delivered(), [sent_back("l", "2024-01-30", "2024-02-12", known_at="2024-02-10")], now=now).iloc[0]
    assert (outcome, asked_back, moment(label_known_at)) == (row["outcome"], row["asked_back"], row["label_known_at"])


def test_a_request_that_is_told_inside_the_window_changes_no_label_time() -> None:
    returns = [sent_back("l", "2024-01-10", None, known_at="2024-01-20"), sent_back("l", "2024-02-01", None, return_id="r2")]
    assert [moment(ENDS)] == became(delivered(quantity=2), returns)["label_known_at"].tolist()


def test_the_first_known_of_several_requests_gives_the_label_time() -> None:
    returns = [
        sent_back("l", "2024-01-10", None, known_at="2024-02-20"),
        sent_back("l", "2024-01-30", None, known_at="2024-02-10", return_id="r2"),
    ]
    assert [moment("2024-02-10")] == became(delivered(quantity=2), returns)["label_known_at"].tolist()


@pytest.mark.parametrize(
    ("known_at", "matured_at"),
    [(None, "2024-01-12"), ("2024-01-11", "2024-01-12"), ("2024-01-15", "2024-01-15"), ("2024-03-01", "2024-03-01")],
)
def test_an_arrival_that_is_told_late_matures_the_line_only_then(known_at: str | None, matured_at: str) -> None:
    row = became(delivered(), [sent_back("l", "2024-01-10", "2024-01-12", known_at=known_at)]).iloc[0]
    assert ("returned", moment(matured_at)) == (row["outcome"], row["matured_at"])


def test_a_correction_changes_no_outcome_and_counts_no_unit_twice() -> None:
    first = sent_back("l", "2024-01-10", "2024-01-12", reason="size")
    corrected = [{**first, "reason": "quality", "quantity": 2, "known_at": "2024-01-14"}, first]
    pd.testing.assert_frame_equal(became(delivered(quantity=2), [first]), became(delivered(quantity=2), corrected))
    assert [(1, True)] == list(came_back(delivered(quantity=2), corrected)[["quantity", "size_related"]].itertuples(index=False, name=None))


def test_a_correction_may_be_the_first_to_tell_of_the_arrival() -> None:
    first = sent_back("l", "2024-01-10", None)
    row = became(delivered(), [first, {**first, "received_at": "2024-01-12", "known_at": "2024-01-14"}]).iloc[0]
    assert ("returned", moment("2024-01-14")) == (row["outcome"], row["matured_at"])


def _hours(largest: int) -> st.SearchStrategy[int]:
    return st.integers(0, largest)


_TOLD_LATE = st.none() | _hours(30 * 24)
_RETURN = st.fixed_dictionaries(
    {
        "asked": _hours(60 * 24),
        "travelled": st.none() | _hours(20 * 24),
        "told": _TOLD_LATE,
        "corrected": st.none() | _hours(30 * 24),
        "reason": st.sampled_from(["size", "quality", None]),
    }
)
_LINE = st.fixed_dictionaries(
    {
        "ordered": _hours(10 * 24),
        "taken": st.none() | _hours(10 * 24),
        "country": st.sampled_from(["GB", "DE", "XX", None]),
        "returns": st.lists(_RETURN, max_size=3),
    }
)
Drawn = list[dict[str, Any]]


def at(hours: int) -> pd.Timestamp:
    return moment("2024-01-01") + pd.Timedelta(hours=hours)


def _versions(drawn: dict[str, Any], line_id: str, return_id: str, ordered: int) -> Drawn:
    """A return as it was first told, and perhaps its correction, which may be the first to tell of the arrival."""
    asked, told = ordered + drawn["asked"], drawn["told"]
    times = {"requested_at": at(asked), "received_at": None if drawn["travelled"] is None else at(asked + drawn["travelled"])}
    first = {**sent_back(line_id, "", None, reason=drawn["reason"], return_id=return_id), **times}
    first["known_at"] = None if told is None else at(asked + told)
    if drawn["corrected"] is None:
        return [first]
    later = {**first, "reason": "quality", "known_at": at(asked + (told or 0) + drawn["corrected"] + 1)}
    return [later, {**first, "received_at": None} if drawn["corrected"] % 2 else first]


def _rows(drawn: Drawn) -> tuple[Drawn, Drawn]:
    lines, returns = [], []
    for number, one in enumerate(drawn):
        delivered_at = None if one["taken"] is None else at(one["ordered"] + one["taken"])
        placed = line(f"l{number}", "", delivered_at=delivered_at, country=one["country"], quantity=3)
        lines.append({**placed, "ordered_at": at(one["ordered"])})
        for which, back in enumerate(one["returns"]):
            returns += _versions(back, f"l{number}", f"r{number}-{which}", one["ordered"])
    return lines, returns


def _told_by(returns: Drawn, now: pd.Timestamp) -> Drawn:
    """What the shop could have handed over at `now`."""
    told = [row for row in returns if row["requested_at"] <= now and (row["known_at"] or now) <= now]
    return [{**row, "received_at": row["received_at"] if (row["received_at"] or now) <= now else None} for row in told]


_SHOPS = st.lists(_LINE, min_size=1, max_size=4).map(_rows)


@given(shop=_SHOPS, hours=_hours(120 * 24))
@settings(max_examples=30, deadline=None)
def test_what_is_told_later_is_not_known_yet(shop: tuple[Drawn, Drawn], hours: int) -> None:
    lines, returns = shop
    pd.testing.assert_frame_equal(became(lines, _told_by(returns, at(hours)), now=at(hours)), became(lines, returns, now=at(hours)))


@given(shop=_SHOPS, first=_hours(120 * 24), later=_hours(60 * 24))
@settings(max_examples=30, deadline=None)
def test_what_was_known_earlier_changes_later_only_where_a_request_was_told_late(shop: tuple[Drawn, Drawn], first: int, later: int) -> None:
    before, after = (became(*shop, now=at(hours)) for hours in (first, first + later))
    told_late = after["asked_back"] & (after["label_known_at"] > at(first))
    known = (before["outcome"] == "returned") | ((before["outcome"] == "kept") & ~told_late)
    stable = ["line_id", "outcome", "matured_at", "window_ends", "asked_back", "label_known_at"]
    pd.testing.assert_frame_equal(before.loc[known, stable], after.loc[known, stable])
    assert (before["matured_at"].dropna() <= at(first)).all()
    parcels, parcels_later = (came_back(*shop, now=at(hours)) for hours in (first, first + later))
    pd.testing.assert_frame_equal(parcels, parcels_later.head(len(parcels)))


@given(shop=_SHOPS, hours=_hours(120 * 24))
@settings(max_examples=30, deadline=None)
def test_a_label_is_the_same_from_the_time_it_is_known(shop: tuple[Drawn, Drawn], hours: int) -> None:
    then, at_last = (became(*shop, now=now) for now in (at(hours), LATE))
    known = at_last["label_known_at"] <= at(hours)
    assert at_last.loc[known, "asked_back"].tolist() == then.loc[known, "asked_back"].tolist()
    assert (at_last["label_known_at"] >= at_last["window_ends"]).all()
