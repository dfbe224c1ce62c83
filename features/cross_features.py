"""Crosses: how this offer relates to this customer and this basket."""

from __future__ import annotations

from features.arithmetic import log_odds, log_ratio, share, shrunk
from features.catalogue import Declarations, Inputs, Values
from features.fact_text import DAY_US
from features.history_features import customer_rate, shop_rate, style_rate
from features.profile_features import affinity

cross = Declarations("cross")

_OWN = "personalisation"
_BODY = "measurements"
_RETURNS = ("returns",)
_BRAND = ("returns", "products.brand")
_EVENTS = ("events.customer_id", "events.sku")
_PRICE = ("order_lines.unit_price",)
_DISCOUNT = ("order_lines.discount",)
_TAGS = ("returns", "products.value_tags")


VALUES = ("health", "planet", "society", "experience")


@cross("units asked for", unit="units", kind="offer")
def quantity(v: Inputs) -> Values:
    return v["quantity"]


@cross("price per unit", unit="minor units", kind="offer", tables=_PRICE)
def unit_price(v: Inputs) -> Values:
    return v["unit_price"]


@cross("price of the line", unit="minor units", kind="offer", tables=_PRICE)
def line_value(v: Inputs) -> Values:
    return v["quantity"] * v["unit_price"]


@cross("lines in the basket", unit="lines", kind="cross")
def basket_lines(v: Inputs) -> Values:
    return v["basket_lines"]


@cross("units in the basket", unit="units", kind="cross")
def basket_units(v: Inputs) -> Values:
    return v["basket_units"]


@cross("value of the basket", unit="minor units", kind="cross", tables=_PRICE)
def basket_value(v: Inputs) -> Values:
    return v["basket_value"]


@cross("the line's share of the basket's value", unit="rate", kind="cross", tables=_PRICE)
def share_of_basket(v: Inputs) -> Values:
    return share(v["quantity"] * v["unit_price"], v["basket_value"])


@cross("lines of the same style in the basket, this one included", unit="lines", kind="cross")
def basket_same_style(v: Inputs) -> Values:
    return v["basket_same_style"]


@cross("other sizes or colours of the same style in the basket: the customer means to choose at home", unit="lines", kind="cross")
def basket_other_variants(v: Inputs) -> Values:
    return v["basket_same_style"] - v["basket_same_sku"]


@cross("price against the style's mean price so far", unit="log ratio", kind="offer", tables=_PRICE)
def price_vs_style(v: Inputs) -> Values:
    return log_ratio(v["unit_price"], share(v["style.ordered_value"], v["style.ordered_units"]))


@cross("price against what the category costs on average", unit="log ratio", kind="offer", tables=_PRICE)
def price_vs_category(v: Inputs) -> Values:
    return log_ratio(v["unit_price"], share(v["category.ordered_value"], v["category.ordered_units"]))


@cross("price against what the market pays on average", unit="log ratio", kind="offer", tables=("order_lines.country", *_PRICE))
def price_vs_country(v: Inputs) -> Values:
    return log_ratio(v["unit_price"], share(v["country.ordered_value"], v["country.ordered_units"]))


@cross("price against the customer's mean price so far", unit="log ratio", kind="cross", purpose=_OWN, tables=_PRICE)
def price_vs_customer(v: Inputs) -> Values:
    return log_ratio(v["unit_price"], share(v["customer.ordered_value"], v["customer.ordered_units"]))


@cross("units against the style's units per line so far", unit="log ratio", kind="offer")
def quantity_vs_style(v: Inputs) -> Values:
    return log_ratio(v["quantity"], share(v["style.ordered_units"], v["style.ordered_lines"]))


@cross("units against the customer's units per line so far", unit="log ratio", kind="cross", purpose=_OWN)
def quantity_vs_customer(v: Inputs) -> Values:
    return log_ratio(v["quantity"], share(v["customer.ordered_units"], v["customer.ordered_lines"]))


@cross("how often the customer ordered this style", unit="lines", kind="cross", purpose=_OWN)
def customer_style_lines(v: Inputs) -> Values:
    return v["customer_style.ordered_lines"]


@cross("how often the customer kept this style", unit="lines", kind="cross", purpose=_OWN, tables=_RETURNS)
def customer_style_kept_lines(v: Inputs) -> Values:
    return v["customer_style.kept_lines"]


@cross("the customer's return rate for this style, shrunk to the style's", unit="rate", kind="cross", purpose=_OWN, tables=_RETURNS)
def customer_style_return_rate(v: Inputs) -> Values:
    return shrunk(v["customer_style.returned_lines"], v["customer_style.ordered_lines"], style_rate(v), 5.0)


@cross("the customer's return rate in this category, shrunk to the customer's", unit="rate", kind="cross", purpose=_OWN, tables=_RETURNS)
def customer_category_return_rate(v: Inputs) -> Values:
    return shrunk(v["customer_category.returned_lines"], v["customer_category.ordered_lines"], customer_rate(v), 10.0)


@cross("how often the customer kept this brand", unit="lines", kind="cross", purpose=_OWN, tables=_BRAND)
def customer_brand_kept_lines(v: Inputs) -> Values:
    return v["customer_brand.kept_lines"]


@cross("the customer's return rate for this brand, shrunk to the customer's", unit="rate", kind="cross", purpose=_OWN, tables=_BRAND)
def customer_brand_return_rate(v: Inputs) -> Values:
    return shrunk(v["customer_brand.returned_lines"], v["customer_brand.ordered_lines"], customer_rate(v), 5.0)


@cross("customer's and style's return odds combined, relative to the shop's", unit="log odds", kind="cross", purpose=_OWN, tables=_RETURNS)
def combined_return_odds(v: Inputs) -> Values:
    return log_odds(customer_rate(v)) + log_odds(style_rate(v)) - log_odds(shop_rate(v))


@cross("discount as a share of the list price", unit="rate", kind="offer", tables=_DISCOUNT)
def discount_share(v: Inputs) -> Values:
    return share(v["discount"], v["unit_price"] + v["discount"])


@cross("discount share against what the customer is used to", unit="rate", kind="cross", purpose=_OWN, tables=(*_DISCOUNT, *_PRICE))
def discount_vs_customer(v: Inputs) -> Values:
    usual = share(v["customer.discount_value"], v["customer.ordered_value"] + v["customer.discount_value"])
    return share(v["discount"], v["unit_price"] + v["discount"]) - usual


@cross(
    "return rate of lines paid this way, shrunk to the shop's", unit="rate", kind="cross", tables=(*_RETURNS, "order_lines.payment_method")
)
def payment_return_rate(v: Inputs) -> Values:
    return shrunk(v["payment.returned_lines"], v["payment.ordered_lines"], shop_rate(v), 200.0)


@cross("days until the promised delivery", unit="days", kind="cross", tables=("order_lines.promised_at",))
def days_to_delivery(v: Inputs) -> Values:
    return (v["promised_us"] - v["at_us"]) / DAY_US


@cross("days until the declared occasion", unit="days", kind="cross", purpose=_BODY, tables=("preferences.needed_on",))
def days_to_need(v: Inputs) -> Values:
    return (v["needed_us"] - v["at_us"]) / DAY_US


@cross(
    "days between the promised delivery and the declared occasion",
    unit="days",
    kind="cross",
    purpose=_BODY,
    tables=("preferences.needed_on", "order_lines.promised_at"),
)
def days_from_delivery_to_need(v: Inputs) -> Values:
    return (v["needed_us"] - v["promised_us"]) / DAY_US


@cross("how well the offer's value tags match what the customer keeps", unit="rate", kind="cross", purpose=_OWN, tables=_TAGS)
def value_match(v: Inputs) -> Values:
    weighed = [v[value] * affinity(v, value) for value in VALUES]
    return weighed[0] + weighed[1] + weighed[2] + weighed[3]


@cross("how often the customer viewed the style before today", unit="views", kind="cross", purpose=_OWN, tables=_EVENTS)
def customer_style_views(v: Inputs) -> Values:
    return v["customer_style.viewed"]


@cross("how often the customer put the style on the wish list before today", unit="entries", kind="cross", purpose=_OWN, tables=_EVENTS)
def customer_style_wished(v: Inputs) -> Values:
    return v["customer_style.wished"]


@cross(
    "how often the customer viewed the brand in the last 30 days",
    unit="views",
    kind="cross",
    purpose=_OWN,
    tables=(*_EVENTS, "products.brand"),
)
def customer_brand_views_30d(v: Inputs) -> Values:
    return v["customer_brand.viewed_30d"]


@cross("lines the customer ordered in this category", unit="lines", kind="cross", purpose=_OWN)
def customer_category_lines(v: Inputs) -> Values:
    return v["customer_category.ordered_lines"]
