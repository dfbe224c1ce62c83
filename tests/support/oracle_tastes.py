"""What a tiny shop's customers look at and order more than others do, and at which prices, spelled out."""

from __future__ import annotations

import math

from tests.support.oracle_past import NAN, Formula, Past, Then, log_ratio, share
from tests.support.oracle_profiles import mean_price


def beyond(t: Then, key: str, what: str, weight: float) -> float:
    """How much larger a part of what the customer did is about this brand, category or material than of what all did."""

    def times(past: Past) -> float:
        return past.did("view") if what == "view" else past.lines()

    usual = share(times(t.of(key)), times(t.of()))
    if not usual > 0:
        return NAN
    own = (times(t.of("customer_id", key)) + weight * usual) / (times(t.of("customer_id")) + weight)
    return math.log(own / usual) if own > 0 else NAN


def prices(past: Past) -> list[int]:
    """The list prices of what was viewed, where they are known."""
    return [row["price"] for row in (past.facts or {"events": []})["events"] if row["kind"] == "view" and row.get("price") is not None]


def view_level(t: Then) -> float:
    """The price of what the customer looks at, as if five views at the shop's price had gone before, as a share of that."""
    usual = share(sum(prices(t.of())), len(prices(t.of())))
    own = prices(t.of("customer_id"))
    return share((sum(own) + 5 * usual) / (len(own) + 5), usual) if t.keys["customer_id"] else NAN


def looked_at(t: Then) -> float:
    """The price of what the customer looks at in the category."""
    own, all_others = prices(t.of("customer_id", "category")), prices(t.of("category"))
    return (sum(own) + 5 * share(sum(all_others), len(all_others)) * view_level(t)) / (len(own) + 5)


def pays(t: Then) -> float:
    """The price of what the customer orders in the category."""
    own, ever = t.of("customer_id", "category"), t.of("customer_id")
    usual = mean_price(t.of())
    level = share((ever.value() + 3 * usual) / (ever.units() + 3), usual)
    return (own.value() + 3 * mean_price(t.of("category")) * level) / (own.units() + 3)


TASTES: dict[str, Formula] = {
    "customer_view_price_level": lambda t: log_ratio(view_level(t), 1),
    "price_vs_customer_looks": lambda t: log_ratio(t.asked("unit_price"), looked_at(t)),
    "price_vs_customer_category": lambda t: log_ratio(t.asked("unit_price"), pays(t)),
    "customer_brand_view_lift": lambda t: beyond(t, "brand", "view", 10),
    "customer_category_view_lift": lambda t: beyond(t, "category", "view", 10),
    "customer_material_view_lift": lambda t: beyond(t, "material", "view", 10),
    "customer_brand_order_lift": lambda t: beyond(t, "brand", "order", 5),
    "customer_category_order_lift": lambda t: beyond(t, "category", "order", 5),
    "customer_material_order_lift": lambda t: beyond(t, "material", "order", 5),
}
