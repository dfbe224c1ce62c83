from __future__ import annotations

from tests.support.moments import line, product
from tests.support.told_facts import days_of, facts_of, shop_of

VERDICT: dict[str, object] = {"customer_id": "c1", "sku": "s1-38", "given_at": "2024-01-10", "verdict": "fits"}


def stated(attribute: str, value: str, stated_at: str = "2024-01-01") -> dict[str, object]:
    return {"customer_id": "c1", "stated_at": stated_at, "attribute": attribute, "value": value}


def test_a_verdict_counts_on_the_day_it_is_known() -> None:
    facts = facts_of(shop_of(fit_feedback=[{**VERDICT, "known_at": "2024-01-12"}, {**VERDICT, "sku": "s1-40", "verdict": "small"}]))[
        "verdicts"
    ]
    assert {"01-12": 1} == days_of(facts, "said_fits")
    assert {"01-12": 380} == days_of(facts, "good_size_tenths")
    assert {"01-10": 1} == days_of(facts, "said_small")


def test_a_verdict_has_the_body_that_its_speaker_had_told_before() -> None:
    told = [stated("weight_kg", "60.5"), stated("weight_kg", "70", "2024-01-10"), stated("height_cm", "171"), stated("occasion", "work")]
    fact = facts_of(shop_of(fit_feedback=[{**VERDICT, "known_at": "2024-01-12"}], preferences=told))["verdicts"][0]
    assert ("20", "34", "work") == (fact["weight_band"], fact["height_band"], fact["occasion"])
    assert (1, 605, 1, 1710) == tuple(fact[name] for name in ("fits_weighed", "fits_weight_hg", "fits_measured", "fits_height_mm"))


def test_a_body_is_used_only_while_that_is_allowed() -> None:
    said = [
        {"customer_id": "c1", "purpose": "measurements", "granted": yes, "at": at}
        for yes, at in [(True, "2024-01-02"), (False, "2024-01-09")]
    ]
    verdicts = [VERDICT, {**VERDICT, "given_at": "2024-01-09"}, {**VERDICT, "given_at": "2024-01-02"}]
    facts = facts_of(shop_of(fit_feedback=verdicts, preferences=[stated("weight_kg", "60")], consents=said))["verdicts"]
    assert [None, "20", None] == [fact["weight_band"] for fact in facts]
    assert {"01-09": 1} == days_of(facts, "fits_weighed")


def test_a_ticket_is_about_its_line_and_the_customer_of_it_or_about_a_sku_alone() -> None:
    about = {"topic": "size", "opened_at": "2024-01-10"}
    tickets: list[dict[str, object]] = [
        {"ticket_id": "t1", "line_id": "l", **about},
        {"ticket_id": "t2", "sku": "s1-40", **about},
        {"ticket_id": "t3", "line_id": "l", "sku": "s1-40", **about, "topic": "payment", "known_at": "2024-01-15"},
        {"ticket_id": "t4", **about},
    ]
    facts = facts_of(shop_of(order_lines=[line("l", "2024-01-01", country="DE")], tickets=tickets))["ticketed"]
    found = [(fact["customer_id"], fact["country"], fact["sku"], fact["tickets_size"]) for fact in facts]
    assert [("c1", "DE", "s1-38", 1), ("c1", "DE", "s1-40", 0), (None, None, "s1-40", 1), (None, None, None, 1)] == sorted(found, key=str)
    assert {"01-10": 3, "01-15": 1} == days_of(facts, "tickets")


def test_an_event_counts_on_the_day_it_is_known_whoever_did_it() -> None:
    did: list[dict[str, object]] = [
        {"event_id": "e1", "customer_id": "c1", "sku": "s1-38", "kind": "view", "at": "2024-01-10", "known_at": "2024-01-11"},
        {"event_id": "e2", "customer_id": None, "sku": "s1-38", "kind": "view", "at": "2024-01-10"},
        {"event_id": "e3", "customer_id": "c1", "sku": None, "kind": "search", "at": "2024-01-10"},
        {"event_id": "e4", "customer_id": "c1", "sku": "s1-38", "kind": "remove_from_basket", "at": "2024-01-10"},
    ]
    facts = facts_of(shop_of(events=did))["browsed"]
    assert {"01-10": 1, "01-11": 1} == days_of(facts, "viewed")
    assert {"01-10": 1} == days_of(facts, "searched")
    assert {} == days_of(facts, "basketed")


def test_a_view_tells_the_list_price_of_its_sku_where_that_is_known() -> None:
    sold = [product("s1-38", price=1000), product("s1-40", price=0), product("s1-42")]
    looked = [("view", "s1-38"), ("view", "s1-38"), ("basket", "s1-38"), ("view", "s1-40"), ("view", "s1-42"), ("view", None)]
    did: list[dict[str, object]] = [
        {"event_id": f"e{number}", "sku": sku, "kind": kind, "at": "2024-01-10"} for number, (kind, sku) in enumerate(looked)
    ]
    facts = facts_of(shop_of(products=sold, events=did))["browsed"]
    found = {measure: days_of(facts, measure) for measure in ("viewed", "priced_views", "viewed_value")}
    assert {"viewed": {"01-10": 5}, "priced_views": {"01-10": 3}, "viewed_value": {"01-10": 2000}} == found


def test_a_view_tells_the_looks_of_its_sku_where_they_are_told() -> None:
    sold = [product("s1-38", looks="0.31 -1.2"), product("s1-40", looks="0 2"), product("s1-42")]
    looked = [("view", "s1-38"), ("view", "s1-38"), ("wishlist", "s1-38"), ("view", "s1-40"), ("view", "s1-42"), ("view", None)]
    did: list[dict[str, object]] = [
        {"event_id": f"e{number}", "sku": sku, "kind": kind, "at": "2024-01-10"} for number, (kind, sku) in enumerate(looked)
    ]
    facts = facts_of(shop_of(products=sold, events=did))["browsed"]
    found = [days_of(facts, measure) for measure in ("pictured_views", "viewed_looks_1", "viewed_looks_2", "viewed_looks_3")]
    assert [{"01-10": 3}, {"01-10": 62}, {"01-10": -40}, {}] == found
