from __future__ import annotations

import pytest

from tests.support.moments import line, sent_back
from tests.support.told_facts import Fact, days_of, facts_of, shop_of

BOUGHT = line("l", "2024-01-01", delivered_at="2024-01-03")
OTHER = sent_back("other", "2024-01-02", "2024-01-02")
"""A shop knows what is kept as soon as it has told of any return."""


def told(kind: str, *returns: dict[str, object], bought: dict[str, object] = BOUGHT) -> list[Fact]:
    """Facts of a line, while another one by somebody else comes back at once."""
    other = line("other", "2024-01-02", customer_id="c9")
    shop = shop_of(order_lines=[bought, other], returns=[OTHER, *returns])
    return [fact for fact in facts_of(shop)[kind] if fact["customer_id"] == "c1"]


def test_a_line_is_kept_when_its_window_has_closed() -> None:
    assert {"01-17": 1} == days_of(told("kept"), "kept_lines")
    assert {"01-17": 1000} == days_of(told("kept"), "kept_value")


def test_the_window_of_a_market_is_its_own_and_opens_with_the_delivery_the_promise_or_the_order() -> None:
    in_britain = line("l", "2024-01-01", promised_at="2024-01-02", country="GB")
    assert {"01-07": 1} == days_of(told("kept", bought=in_britain), "kept_lines")
    assert {"01-06": 1} == days_of(told("kept", bought={**in_britain, "promised_at": None}), "kept_lines")
    assert {"01-09": 1} == days_of(told("kept", bought={**in_britain, "delivered_at": "2024-01-04"}), "kept_lines")


def test_a_delivery_after_the_windows_supposed_end_opens_it_anew() -> None:
    late = line("l", "2024-01-01", promised_at="2024-01-02", country="GB", delivered_at="2024-01-20")
    assert {"01-07": 1, "01-20": -1, "01-25": 1} == days_of(told("kept", bought=late), "kept_lines")


def test_a_shop_that_records_no_return_keeps_nothing() -> None:
    assert {"ordered"} == set(facts_of(shop_of(order_lines=[line("l", "2024-01-01")])))


def test_a_line_asked_back_in_time_is_pending_until_the_parcel_has_come() -> None:
    assert [] == told("kept", sent_back("l", "2024-01-17", None))
    assert [] == told("returned", sent_back("l", "2024-01-17", None))
    assert {"01-22": 1} == days_of(told("returned", sent_back("l", "2024-01-17", "2024-01-22")), "returned_lines")


def test_what_is_asked_for_after_the_window_is_goodwill_and_the_line_kept() -> None:
    goodwill = sent_back("l", "2024-01-17 00:00:00.000001", "2024-01-18")
    assert {"01-17": 1} == days_of(told("kept", goodwill), "kept_lines")
    assert [] == told("returned", goodwill)


def test_a_request_that_is_known_after_the_windows_end_takes_kept_back_on_that_day() -> None:
    late = sent_back("l", "2024-01-10", "2024-01-12", known_at="2024-01-20")
    assert {"01-17": 1, "01-20": -1} == days_of(told("kept", late), "kept_lines")
    assert {"01-17": 38 * 10, "01-20": -38 * 10} == days_of(told("kept", late), "good_size_tenths")
    assert {"01-20": 1} == days_of(told("returned", late), "returned_lines")


def test_a_request_that_is_known_by_the_windows_end_never_lets_the_line_be_kept() -> None:
    assert [] == told("kept", sent_back("l", "2024-01-10", None, known_at="2024-01-17"))


@pytest.mark.parametrize(("received_at", "known_at", "day"), [("2024-01-12", "2024-01-15", "01-15"), ("2024-01-16", "2024-01-15", "01-16")])
def test_an_arrival_counts_when_it_has_happened_and_is_known(received_at: str, known_at: str, day: str) -> None:
    assert {day: 1} == days_of(told("returned", sent_back("l", "2024-01-10", received_at, known_at=known_at)), "returned_lines")


def test_a_line_comes_back_once_and_its_units_with_each_parcel() -> None:
    parcels = [sent_back("l", "2024-01-05", f"2024-01-0{day}", return_id=f"r{day}", reason="size") for day in (8, 6)]
    facts = told("returned", *parcels, bought={**BOUGHT, "quantity": 3})
    assert {"01-06": 1} == days_of(facts, "returned_lines")
    assert {"01-06": 1} == days_of(facts, "returned_for_size")
    assert {"01-06": 3000} == days_of(facts, "returned_value")
    assert {"01-06": 1, "01-08": 1} == days_of(facts, "returned_units")


def test_a_correction_moves_a_line_to_another_reason_and_changes_its_units_on_the_day_it_is_known() -> None:
    parcel = sent_back("l", "2024-01-05", "2024-01-06", reason="too_small", quantity=2)
    corrections = [{**parcel, "known_at": "2024-01-09", "reason": "quality"}, {**parcel, "known_at": "2024-01-12", "quantity": 1}]
    facts = told("returned", corrections[1], parcel, corrections[0], bought={**BOUGHT, "quantity": 2})
    assert {"01-06": 1} == days_of(facts, "returned_lines")
    assert {"01-06": 1, "01-09": -1, "01-12": 1} == days_of(facts, "returned_for_size")
    assert {"01-06": 1, "01-09": -1, "01-12": 1} == days_of(facts, "returned_for_small")
    assert {"01-09": 1, "01-12": -1} == days_of(facts, "returned_for_quality")
    assert {"01-06": 2, "01-12": -1} == days_of(facts, "returned_units")


def test_a_correction_of_one_parcel_leaves_the_reason_of_the_other() -> None:
    parcels = [sent_back("l", "2024-01-05", "2024-01-06", return_id=f"r{number}", reason="quality") for number in (1, 2)]
    facts = told("returned", *parcels, {**parcels[0], "known_at": "2024-01-09", "reason": "style"}, bought={**BOUGHT, "quantity": 2})
    assert {"01-06": 1} == days_of(facts, "returned_for_quality")
    assert {"01-09": 1} == days_of(facts, "returned_for_taste")


def test_a_correction_told_before_the_parcel_comes_is_all_that_counts() -> None:
    parcel = sent_back("l", "2024-01-05", "2024-01-10", reason="size")
    facts = told("returned", parcel, {**parcel, "known_at": "2024-01-07", "reason": "quality"})
    assert {} == days_of(facts, "returned_for_size")
    assert {"01-10": 1} == days_of(facts, "returned_for_quality")


def test_an_order_counts_at_its_first_line_and_a_bracket_at_the_line_that_completes_it() -> None:
    order = [
        line("b", "2024-01-01", order_id="o", unit_price=None),
        line("a", "2024-01-02", order_id="o", sku="s1-40", quantity=2, discount=150),
        line("c", "2024-01-03", order_id="o2"),
    ]
    facts = facts_of(shop_of(order_lines=order))["ordered"]
    assert {"01-01": 1, "01-03": 1} == days_of(facts, "orders")
    assert {"01-02": 1} == days_of(facts, "bracketed_lines")
    assert {"01-02": 2000, "01-03": 1000} == days_of(facts, "ordered_value")
    assert {"01-02": 300} == days_of(facts, "discount_value")
    assert {"01-02": 1} == days_of(facts, "discounted_lines")


def test_a_delivery_is_late_after_the_promised_moment_and_takes_whole_hours() -> None:
    promised = {"promised_at": "2024-01-03 12:00"}
    lines = [
        line("a", "2024-01-01", **promised, delivered_at="2024-01-03 12:00"),
        line("b", "2024-01-01", **promised, delivered_at="2024-01-04 12:59:59"),
        line("c", "2024-01-01", delivered_at="2024-01-05"),
        line("d", "2024-01-01", **promised),
    ]
    facts = facts_of(shop_of(order_lines=lines))["delivered"]
    assert {"01-03": 1, "01-04": 1, "01-05": 1} == days_of(facts, "delivered_lines")
    assert {"01-03": 1, "01-04": 1} == days_of(facts, "promised_lines")
    assert {"01-04": 1} == days_of(facts, "late_lines")
    assert {"01-03": 60, "01-04": 84, "01-05": 96} == days_of(facts, "delivery_hours")


def test_a_correction_need_not_repeat_the_arrival() -> None:
    parcel = sent_back("l", "2024-01-05", "2024-01-06", reason="size")
    facts = told("returned", parcel, {**parcel, "received_at": None, "known_at": "2024-01-09", "reason": "quality"})
    assert {"01-06": 1, "01-09": -1} == days_of(facts, "returned_for_size")
    assert {"01-09": 1} == days_of(facts, "returned_for_quality")


def test_what_was_goodwill_is_a_return_when_a_delivery_opens_the_window_anew() -> None:
    late = line("l", "2024-01-01", country="GB", delivered_at="2024-01-20")
    facts = told("kept", sent_back("l", "2024-01-10", "2024-01-22"), bought=late)
    assert {"01-06": 1, "01-20": -1} == days_of(facts, "kept_lines")


def test_a_parcel_that_came_before_the_delivery_that_opened_its_window_counts_from_that_delivery() -> None:
    late = line("a", "2024-01-01", delivered_at="2024-02-10")
    facts = facts_of(shop_of(order_lines=[late], returns=[sent_back("a", "2024-01-20", "2024-01-21")]))["returned"]
    assert {"02-10": 1} == days_of(facts, "returned_lines")
