from __future__ import annotations

import datetime as dt
from random import Random

import numpy as np
import pandas as pd
import pytest

from domain.errors import FeaturesRefused
from features.build import FEATURES, build
from features.explain import Behind, Explained, Fact, asked_offer, explain, feature_of, knows_customer, lacking, why
from features.feature_set import existing
from features.moves import moves
from features.shop import Shop
from tests.support.bare import rich
from tests.support.moments import line, moment, product, sent_back, shop_tables
from tests.support.tiny_rows import drawn_rows
from tests.support.tiny_shops import TinyShop

DRESSES = [product("s1-38", price=1200), product("s1-40", price=1200), product("s2-38", price=None)]
BOUGHT = [
    line("l1", "2024-01-01 09:00", sku="s1-40"),
    line("l2", "2024-01-03 09:00", customer_id="c2"),
    line("l3", "2024-01-20 09:00"),
    line("l4", "2024-01-20 10:00", sku="s2-38"),
]
SENT_BACK = [sent_back("l2", "2024-01-05", "2024-01-07", reason="quality"), sent_back("l1", "2024-01-06", "2024-01-19", reason="size")]


def shop_of(**tables: list[dict[str, object]]) -> Shop:
    rows = {"products": DRESSES, "order_lines": BOUGHT, "returns": SENT_BACK, **tables}
    return Shop.of(shop_tables(**rows), {"": 14}, now=moment("2024-02-10"))


def explained(shop: Shop, name: str, **asked: object) -> Explained:
    row = {"customer_id": "c1", "sku": "s1-38", "at": moment("2024-01-20 12:00"), **asked}
    return explain(shop, asked_offer(shop, **row), [feature_of(shop, name)])[0]  # type: ignore[arg-type]


def facts(shop: Shop, name: str, at: str, limit: int | None = None) -> dict[str, Behind]:
    asked = asked_offer(shop, "c1", "s1-38", at=moment(at))
    return {one.history: one for one in why(shop, asked, [feature_of(shop, name)], limit=limit)[0].histories}


# What a value was computed from.


def test_a_feature_is_explained_by_the_inputs_it_reads() -> None:
    one = explained(shop_of(), "style_returned_units_share")
    assert (1.0, None) == (one.value, one.reason_missing)
    assert {"style.returned_units": 2.0, "style.ordered_units": 2.0} == one.inputs


def test_the_facts_behind_a_history_are_told_newest_first_with_their_ids() -> None:
    behind = facts(shop_of(), "style_returned_units_share", "2024-01-20 12:00")["style.returned_units"]
    newest = Fact(dt.date(2024, 1, 19), "returned", "l1", "c1", "s1-40", "returned_units", 1)
    assert (
        Behind("style.returned_units", 2.0, (newest, Fact(dt.date(2024, 1, 7), "returned", "l2", "c2", "s1-38", "returned_units", 1)), 2)
        == behind
    )


def test_of_many_facts_the_newest_are_shown_and_all_are_counted() -> None:
    behind = facts(shop_of(), "style_lines", "2024-02-01", limit=1)["style.ordered_lines"]
    assert (3.0, 3, ["l3"]) == (behind.value, behind.total, [fact.id for fact in behind.facts])


def test_only_the_facts_of_the_window_are_behind_a_recent_history() -> None:
    old = [line("l0", "2023-10-01"), *BOUGHT]
    behind = facts(shop_of(order_lines=old), "style_lines_90d", "2024-01-10")["style.ordered_lines_90d"]
    assert ["l2", "l1"] == [fact.id for fact in behind.facts]


def test_behind_a_first_day_are_the_lines_ordered_on_it() -> None:
    behind = facts(shop_of(), "style_age_days", "2024-01-20")["style.first_day"]
    assert [(dt.date(2024, 1, 1), "l1")] == [(fact.day, fact.id) for fact in behind.facts]


def test_a_correction_is_a_fact_that_takes_back() -> None:
    late = [*SENT_BACK, sent_back("l3", "2024-01-25", "2024-02-08", known_at="2024-02-08")]
    shop = shop_of(returns=late)
    behind = facts(shop, "style_settled_return_rate", "2024-02-09")["style.kept_lines"]
    assert [(dt.date(2024, 2, 8), "l3", -1), (dt.date(2024, 2, 3), "l3", 1)] == [(fact.day, fact.id, fact.value) for fact in behind.facts]


def test_behind_the_inputs_of_today_are_the_moves_of_the_day() -> None:
    view: dict[str, object] = {"customer_id": "c1", "sku": "s1-38", "kind": "view"}
    seen = [{**view, "event_id": f"e{hour}", "at": f"2024-01-20 {hour}:30"} for hour in (10, 11, 12)]
    others = [{**seen[0], "event_id": "other", "customer_id": "c2"}, {**seen[0], "event_id": "old", "at": "2024-01-19"}]
    shop = shop_of(events=[*seen, *others])
    asked = asked_offer(shop, "c1", "s1-38", at=moment("2024-01-20 12:30"))
    found = why(shop, asked, [feature_of(shop, "today_moves")])[0]
    assert {"today.moves": 4.0} == found.explained.inputs
    assert [("view", "e11"), ("view", "e10"), ("order", "l4"), ("order", "l3")] == [(move.kind, move.id) for move in found.moves]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_explanations_and_values_never_disagree(seed: int) -> None:
    random = Random(seed)  # noqa: S311
    zone = random.choice(["UTC", "Europe/Berlin"])
    tiny = TinyShop(*drawn_rows(random, zone, further=True), zone)
    shop, rows = tiny.shop(), tiny.asked_rows()
    known = rows[rows["customer_id"].isin(["c1", "c2", "c3"])].iloc[-2:]
    for number in range(len(known)):
        asked = known.iloc[[number]].reset_index(drop=True)
        whole = why(shop, asked, existing(shop.present))
        built = build(shop, asked).iloc[0]
        np.testing.assert_array_equal(built.to_numpy(), [one.explained.value for one in whole])
        assert [one.explained.reason_missing is not None for one in whole] == built.isna().tolist()
        for behind in {behind.history: behind for one in whole for behind in one.histories}.values():
            _adds_up(behind)


def _adds_up(behind: Behind) -> None:
    assert behind.total == len(behind.facts)
    days = [fact.day for fact in behind.facts]
    assert sorted(days, reverse=True) == days
    if behind.history.endswith(("first_day", "last_day")):
        epoch = dt.date(1970, 1, 1)
        assert ([] if np.isnan(behind.value) else [epoch + dt.timedelta(days=behind.value)]) == sorted(set(days))
    else:
        assert (0.0 if np.isnan(behind.value) else behind.value) == sum(fact.value for fact in behind.facts), behind.history


def test_the_moves_of_the_day_are_those_that_count(shop: Shop) -> None:
    events = moves(shop.tables)
    busy = events[events["customer_id"].notna() & events["sku"].notna()].iloc[len(events) // 2]
    asked = asked_offer(shop, busy["customer_id"], busy["sku"], at=pd.Timestamp(busy["us"] + 1, unit="us", tz="UTC"))
    found = {one.explained.feature.name: one for one in why(shop, asked, existing(shop.present), limit=1)}
    told = found["today_moves"]
    if told.explained.reason_missing is None:
        assert told.explained.value == len(told.moves)
        assert found["today_views"].explained.value == sum(move.kind == "view" for move in told.moves)
        assert busy["id"] == told.moves[0].id


# Why a value is missing.


@pytest.mark.parametrize(
    ("name", "asked", "reason"),
    [
        ("customer_mean_price", {"customer_id": "new"}, "nothing is known yet"),
        ("customer_days_since_order", {"customer_id": "new"}, "never ordered before that day"),
        ("country_return_rate", {}, "no country was given"),
        ("payment_return_rate", {}, "no payment method was given"),
        ("price_vs_style", {"sku": "s2-38"}, "no price was given; nothing is known yet"),
        ("price_vs_style", {"price": 0}, "unit_price is 0"),
        ("supplier_return_rate", {}, "the sku has no supplier"),
        ("days_to_delivery", {}, "no delivery was promised"),
        ("customer_height_cm", {"customer_id": "c2"}, "no height was declared that may be used"),
        ("size_vs_body", {"customer_id": "c2"}, "no weight was declared that may be used"),
        ("size_vs_stated", {}, "no usual size was stated for this category"),
        ("size_position", {"sku": "s3"}, "the sku has no size"),
        ("size_position", {"sku": "s4-wide"}, "size wide has no place in an order of sizes"),
        ("today_minutes_since_last_move", {"customer_id": "c2"}, "nothing was done that day yet"),
        ("customer_account_days", {"customer_id": "c2"}, "no account was known before that day"),
    ],
)
def test_a_missing_value_says_why(name: str, asked: dict[str, object], reason: str) -> None:
    sold = [*DRESSES, product("s3"), product("s4-wide"), product("s5-38", supplier_id="p")]
    paid = {"country": "DE", "payment_method": "card", "promised_at": "2024-01-22"}
    shop = shop_of(
        products=sold,
        order_lines=[*BOUGHT, line("l5", "2024-01-01", customer_id="c3", sku="s5-38", **paid)],
        customers=[{"customer_id": "c1", "joined_at": "2023-01-01"}],
        events=[{"event_id": "e", "customer_id": "c1", "sku": "s1-38", "kind": "view", "at": "2024-01-20 10:30"}],
        preferences=[{"customer_id": "c1", "stated_at": "2024-01-01", "attribute": "height_cm", "value": "170"}],
    )
    found = explained(shop, name, **asked)
    assert np.isnan(found.value)
    assert reason == found.reason_missing


def said(purpose: str, at: str, granted: bool = True) -> dict[str, object]:
    return {"customer_id": "c1", "purpose": purpose, "granted": granted, "at": at}


def test_what_is_not_allowed_is_neither_used_nor_shown() -> None:
    shop = shop_of(consents=[said("personalisation", "2024-01-01"), said("personalisation", "2024-01-20 11:00", granted=False)])
    feature = feature_of(shop, "customer_lines")
    found = why(shop, asked_offer(shop, "c1", "s1-38", at=moment("2024-01-20 12:00")), [feature])[0]
    assert "no consent to personalisation at that time" == found.explained.reason_missing
    assert ({}, (), ()) == (found.explained.inputs, found.histories, found.moves)
    assert 1.0 == explained(shop, "customer_lines", at=moment("2024-01-20 10:00")).value


def test_a_consent_of_today_opens_the_past_tomorrow() -> None:
    shop = shop_of(consents=[said("personalisation", "2024-01-20 11:00")])
    assert (
        "consent to personalisation came only that day: it opens the past with the next night"
        == explained(shop, "customer_lines").reason_missing
    )
    assert 3.0 == explained(shop, "customer_lines", at=moment("2024-01-21")).value


def test_an_input_that_is_missing_and_not_needed_is_no_reason() -> None:
    shop = shop_of(products=[product("s1-38", brand=None), *DRESSES[1:]], consents=[said("personalisation", "2024-01-20 11:00")])
    found = explained(shop, "combined_return_odds")
    assert np.isnan(found.inputs["brand_category.ordered_lines"])
    assert "consent to personalisation came only that day: it opens the past with the next night" == found.reason_missing


def test_an_unknown_customer_is_a_reason_and_no_error() -> None:
    shop = shop_of(consents=[said("personalisation", "2024-01-01")])
    assert (
        "no consent to personalisation at that time: unknown customer"
        == explained(shop, "customer_lines", customer_id="nobody").reason_missing
    )
    assert (True, False) == (knows_customer(shop.tables, "c2"), knows_customer(shop.tables, "nobody"))


def test_of_an_anonymous_customer_nothing_is_known() -> None:
    shop = shop_of()
    asked = asked_offer(shop, "c1", "s1-38").assign(customer_id=pd.Series([None], dtype="str"))
    assert "nobody knows who the customer is" == explain(shop, asked, [feature_of(shop, "customer_lines")])[0].reason_missing


def test_every_reason_is_in_words() -> None:
    shop = Shop.of(rich(), {"": 14}, now=moment("2024-01-10"))
    explained = explain(shop, asked_offer(shop, "nobody", "s1-38", at=moment("2023-06-01")))
    reasons = {reason for one in explained for reason in (one.reason_missing or "").split("; ")}
    assert set() == reasons & {f"{name} is unknown" for feature in FEATURES for name in feature.reads}
    assert len(reasons) > 5


# The offer.


def test_an_offer_costs_its_list_price_or_less() -> None:
    shop = shop_of()
    listed, cheaper, dearer = (asked_offer(shop, "c1", "s1-38", price=price).iloc[0] for price in (None, 1000, 1500))
    assert [(1200.0, 0.0), (1000.0, 200.0), (1500.0, 0.0)] == [(row["unit_price"], row["discount"]) for row in (listed, cheaper, dearer)]
    assert (moment("2024-02-10"), 1.0) == (listed["at"], listed["basket_lines"])


def test_a_price_without_a_list_price_has_no_known_discount() -> None:
    row = asked_offer(shop_of(), "c1", "s2-38", price=1000).iloc[0]
    assert 1000.0 == row["unit_price"]
    assert np.isnan(row["discount"])


def test_an_unknown_sku_is_refused_with_those_like_it() -> None:
    with pytest.raises(FeaturesRefused, match="no sku is called 's1-39'; expected: perhaps s1-38"):
        asked_offer(shop_of(), "c1", "s1-39")


def test_a_time_after_the_shops_now_is_refused() -> None:
    with pytest.raises(FeaturesRefused, match="2024-02-10 00:01 lies ahead; expected: a time up to the shop's now, 2024-02-10 00:00 UTC"):
        asked_offer(shop_of(), "c1", "s1-38", at=moment("2024-02-10 00:01"))


def test_one_row_is_explained_at_a_time() -> None:
    shop = shop_of()
    asked = asked_offer(shop, "c1", "s1-38")
    with pytest.raises(FeaturesRefused, match="2 asked-for rows; expected: one"):
        explain(shop, pd.concat([asked, asked], ignore_index=True))


# Which feature.


def test_an_unknown_feature_is_refused_with_those_like_it() -> None:
    with pytest.raises(FeaturesRefused, match="no feature is called 'style_line'; expected: perhaps style_lines"):
        feature_of(shop_of(), "style_line")


def test_a_feature_that_the_shop_lacks_is_refused_with_what_it_needs() -> None:
    with pytest.raises(FeaturesRefused, match="this shop has no style_verdicts; expected: values in fit_feedback"):
        feature_of(shop_of(), "style_verdicts")


def test_what_a_shop_lacks_is_told_of_every_feature_it_has_not() -> None:
    shop = shop_of()
    assert {feature.name for feature in existing(shop.present)} == {feature.name for feature in FEATURES if not lacking(shop, feature)}
    by_name = {feature.name: feature for feature in FEATURES}
    assert "fit_feedback" in lacking(shop, by_name["style_size_small_rate"])
