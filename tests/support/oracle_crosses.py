"""Every cross of a tiny shop, spelled out: how the offer relates to the customer and the basket."""

from __future__ import annotations

import datetime as dt
import math

from tests.support.oracle_histories import customer, discounts, returns_of, shop, style
from tests.support.oracle_past import NAN, Formula, Then, log_ratio, share
from tests.support.oracle_profiles import affinity, mean_price


def odds(rate: float) -> float:
    """Log odds; missing where there are none."""
    return math.log(rate / (1 - rate)) if 0 < rate < 1 else NAN


def discount(t: Then) -> float:
    """The offer's discount as a share of its list price."""
    return share(t.asked("discount"), t.asked("unit_price") + t.asked("discount"))


def units_per_line(t: Then, key: str) -> float:
    """Units of a line so far."""
    return share(t.of(key).units(), t.of(key).lines())


def days(until: dt.datetime | None, since: dt.datetime | None) -> float:
    """Days from one moment to another."""
    return NAN if until is None or since is None else (until - since) / dt.timedelta(days=1)


def needed_on(t: Then) -> dt.datetime | None:
    """When the declared occasion is."""
    occasion = t.told["occasion"]
    return occasion["needed_on"] if occasion else None


def value_match(t: Then) -> float:
    """How the offer's values match what the customer keeps; missing as long as the shop does not know what is kept."""
    values = ("health", "planet", "society", "experience")
    return sum(affinity(t, value) * (value in t.product["values"]) for value in values) if t.product else NAN


CROSSES: dict[str, Formula] = {
    "quantity": lambda t: t.asked("quantity"),
    "unit_price": lambda t: t.asked("unit_price"),
    "line_value": lambda t: t.asked("quantity") * t.asked("unit_price"),
    "basket_lines": lambda t: t.asked("basket_lines"),
    "basket_units": lambda t: t.asked("basket_units"),
    "basket_value": lambda t: t.asked("basket_value"),
    "share_of_basket": lambda t: share(t.asked("quantity") * t.asked("unit_price"), t.asked("basket_value")),
    "basket_same_style": lambda t: t.asked("basket_same_style"),
    "basket_other_variants": lambda t: t.asked("basket_same_style") - t.asked("basket_same_sku"),
    "price_vs_style": lambda t: log_ratio(t.asked("unit_price"), mean_price(t.of("style_id"))),
    "price_vs_category": lambda t: log_ratio(t.asked("unit_price"), mean_price(t.of("category"))),
    "price_vs_country": lambda t: log_ratio(t.asked("unit_price"), mean_price(t.of("country"))),
    "price_vs_customer": lambda t: log_ratio(t.asked("unit_price"), mean_price(t.of("customer_id"))),
    "quantity_vs_style": lambda t: log_ratio(t.asked("quantity"), units_per_line(t, "style_id")),
    "quantity_vs_customer": lambda t: log_ratio(t.asked("quantity"), units_per_line(t, "customer_id")),
    "customer_style_lines": lambda t: t.of("customer_id", "style_id").lines(),
    "customer_style_kept_lines": lambda t: t.of("customer_id", "style_id").kept(),
    "customer_style_return_rate": lambda t: returns_of(t.of("customer_id", "style_id"), style(t), 5),
    "customer_category_lines": lambda t: t.of("customer_id", "category").lines(),
    "customer_category_return_rate": lambda t: returns_of(t.of("customer_id", "category"), customer(t), 10),
    "customer_brand_kept_lines": lambda t: t.of("customer_id", "brand").kept(),
    "customer_brand_return_rate": lambda t: returns_of(t.of("customer_id", "brand"), customer(t), 5),
    "combined_return_odds": lambda t: odds(customer(t)) + odds(style(t)) - odds(shop(t)),
    "discount_share": discount,
    "discount_vs_customer": lambda t: discount(t) - discounts(t.of("customer_id")),
    "payment_return_rate": lambda t: returns_of(t.of("payment_method"), shop(t), 200),
    "days_to_delivery": lambda t: days(t.row["promised_at"], t.row["at"]),
    "days_to_need": lambda t: days(needed_on(t), t.row["at"]),
    "days_from_delivery_to_need": lambda t: days(needed_on(t), t.row["promised_at"]),
    "value_match": value_match,
    "customer_style_views": lambda t: t.of("customer_id", "style_id").did("view"),
    "customer_style_wished": lambda t: t.of("customer_id", "style_id").did("wishlist"),
    "customer_brand_views_30d": lambda t: t.of("customer_id", "brand").did("view", 30),
}
