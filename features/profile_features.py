"""Profiles: the customer's price level, habits, values and declared measurements."""

from __future__ import annotations

from features.arithmetic import log_ratio, share, shrunk
from features.catalogue import Declarations, Inputs, Values
from features.fact_text import DAY_US
from features.history_features import shop_rate

profile = Declarations("profile")

_OWN = "personalisation"
_BODY = "measurements"
_DECLARED = ("preferences",)
_PRICE = ("order_lines.unit_price",)
_DISCOUNT = ("order_lines.discount",)
_TAGS = ("returns", "products.value_tags")


def affinity(v: Inputs, value: str) -> Values:
    """The share of the customer's kept lines whose tags speak for a value, shrunk to the shop's."""
    usual = share(v[f"shop.kept_{value}"], v["shop.kept_lines"])
    return shrunk(v[f"customer.kept_{value}"], v["customer.kept_lines"], usual, 10.0)


@profile("mean price of what the customer ordered", unit="minor units", kind="customer", purpose=_OWN, tables=_PRICE)
def customer_mean_price(v: Inputs) -> Values:
    return share(v["customer.ordered_value"], v["customer.ordered_units"])


@profile("price level: the customer's mean price against the shop's", unit="log ratio", kind="customer", purpose=_OWN, tables=_PRICE)
def customer_price_level(v: Inputs) -> Values:
    return log_ratio(
        share(v["customer.ordered_value"], v["customer.ordered_units"]), share(v["shop.ordered_value"], v["shop.ordered_units"])
    )


@profile("lines per order of the customer", unit="lines", kind="customer", purpose=_OWN)
def customer_lines_per_order(v: Inputs) -> Values:
    return share(v["customer.ordered_lines"], v["customer.orders"])


@profile("units per line of the customer", unit="units", kind="customer", purpose=_OWN)
def customer_units_per_line(v: Inputs) -> Values:
    return share(v["customer.ordered_units"], v["customer.ordered_lines"])


@profile(
    "bracketing: share of the customer's lines ordered with another size or colour of their style",
    unit="rate",
    kind="customer",
    purpose=_OWN,
)
def customer_bracketing_share(v: Inputs) -> Values:
    return shrunk(v["customer.bracketed_lines"], v["customer.ordered_lines"], shop_rate(v, "bracketed_lines"), 5.0)


@profile(
    "discounts as a share of the list value the customer ordered", unit="rate", kind="customer", purpose=_OWN, tables=(*_DISCOUNT, *_PRICE)
)
def customer_discount_share(v: Inputs) -> Values:
    return share(v["customer.discount_value"], v["customer.ordered_value"] + v["customer.discount_value"])


@profile(
    "affordability: share of the customer's lines with a discount, shrunk to the shop's",
    unit="rate",
    kind="customer",
    purpose=_OWN,
    tables=_DISCOUNT,
)
def customer_affordability(v: Inputs) -> Values:
    return shrunk(v["customer.discounted_lines"], v["customer.ordered_lines"], shop_rate(v, "discounted_lines"), 10.0)


@profile("health: share of kept lines tagged so, shrunk to the shop's", unit="rate", kind="customer", purpose=_OWN, tables=_TAGS)
def customer_health(v: Inputs) -> Values:
    return affinity(v, "health")


@profile("planet: share of kept lines tagged so, shrunk to the shop's", unit="rate", kind="customer", purpose=_OWN, tables=_TAGS)
def customer_planet(v: Inputs) -> Values:
    return affinity(v, "planet")


@profile("society: share of kept lines tagged so, shrunk to the shop's", unit="rate", kind="customer", purpose=_OWN, tables=_TAGS)
def customer_society(v: Inputs) -> Values:
    return affinity(v, "society")


@profile("experience: share of kept lines tagged so, shrunk to the shop's", unit="rate", kind="customer", purpose=_OWN, tables=_TAGS)
def customer_experience(v: Inputs) -> Values:
    return affinity(v, "experience")


@profile("days since the account was opened, before today", unit="days", kind="customer", purpose=_OWN, tables=("customers",))
def customer_account_days(v: Inputs) -> Values:
    return (v["midnight_us"] - v["joined_us"]) / DAY_US


@profile("declared height", unit="cm", kind="customer", purpose=_BODY, tables=_DECLARED)
def customer_height_cm(v: Inputs) -> Values:
    return v["height_cm"]


@profile("declared weight", unit="kg", kind="customer", purpose=_BODY, tables=_DECLARED)
def customer_weight_kg(v: Inputs) -> Values:
    return v["weight_kg"]


@profile("body-mass index of the declared measurements", unit="kg/m2", kind="customer", purpose=_BODY, tables=_DECLARED)
def customer_bmi(v: Inputs) -> Values:
    return share(v["weight_kg"], (v["height_cm"] / 100.0) ** 2)


@profile("declared bust band", unit="inches", kind="customer", purpose=_BODY, tables=_DECLARED)
def customer_bust_band(v: Inputs) -> Values:
    return v["bust_band_in"]


@profile("declared bust cup, counted up from AA = 0", unit="cups", kind="customer", purpose=_BODY, tables=_DECLARED)
def customer_bust_cup(v: Inputs) -> Values:
    return v["bust_cup"]
