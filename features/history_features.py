"""Histories: what happened before with this customer, style, sku, size, brand, supplier and market."""

from __future__ import annotations

import numpy as np

from features.arithmetic import share, shrunk
from features.catalogue import Declarations, Inputs, Values

history = Declarations("history")

_RETURNS = ("returns",)
_BRAND = ("returns", "products.brand")
_SUPPLIER = ("returns", "products.supplier_id")
_SIZE = ("returns", "products.size")
_REASON = ("returns", "returns.reason")
_VALUE = ("returns", "order_lines.unit_price")
_OWN = "personalisation"


def shop_rate(v: Inputs, measure: str = "returned_lines", trials: str = "ordered_lines") -> Values:
    """The shop's own rate so far, as if 100 lines at 5 % had gone before its first."""
    return shrunk(v[f"shop.{measure}"], v[f"shop.{trials}"], np.full_like(v["shop.ordered_lines"], 0.05), 100.0)


def category_rate(v: Inputs) -> Values:
    """The category's return rate, shrunk to the shop's."""
    return shrunk(v["category.returned_lines"], v["category.ordered_lines"], shop_rate(v), 200.0)


def brand_category_rate(v: Inputs) -> Values:
    """The brand's return rate in the category, shrunk to the category's, which stands in where the brand is unknown."""
    of_category = category_rate(v)
    rate = shrunk(v["brand_category.returned_lines"], v["brand_category.ordered_lines"], of_category, 100.0)
    return np.where(np.isnan(rate), of_category, rate)


def style_rate(v: Inputs) -> Values:
    """The style's return rate, shrunk to its brand's in the category."""
    return shrunk(v["style.returned_lines"], v["style.ordered_lines"], brand_category_rate(v), 50.0)


def customer_rate(v: Inputs) -> Values:
    """The customer's return rate, shrunk to the shop's."""
    return shrunk(v["customer.returned_lines"], v["customer.ordered_lines"], shop_rate(v), 30.0)


@history("the shop's return rate in the last 90 days", unit="rate", kind="offer", tables=_RETURNS)
def shop_return_rate_90d(v: Inputs) -> Values:
    return shrunk(v["shop.returned_lines_90d"], v["shop.ordered_lines_90d"], shop_rate(v), 100.0)


@history("the market's return rate, shrunk to the shop's", unit="rate", kind="offer", tables=("returns", "order_lines.country"))
def country_return_rate(v: Inputs) -> Values:
    return shrunk(v["country.returned_lines"], v["country.ordered_lines"], shop_rate(v), 200.0)


@history("the category's return rate, shrunk to the shop's", unit="rate", kind="offer", tables=_RETURNS)
def category_return_rate(v: Inputs) -> Values:
    return category_rate(v)


@history("the brand's return rate, shrunk to the category's", unit="rate", kind="offer", tables=_BRAND)
def brand_return_rate(v: Inputs) -> Values:
    return shrunk(v["brand.returned_lines"], v["brand.ordered_lines"], category_rate(v), 100.0)


@history("the supplier's return rate, shrunk to the category's", unit="rate", kind="offer", tables=_SUPPLIER)
def supplier_return_rate(v: Inputs) -> Values:
    return shrunk(v["supplier.returned_lines"], v["supplier.ordered_lines"], category_rate(v), 100.0)


@history(
    "return rate of this size of the brand in this category, shrunk to the category's", unit="rate", kind="offer", tables=(*_BRAND, *_SIZE)
)
def brand_size_return_rate(v: Inputs) -> Values:
    return shrunk(v["brand_size.returned_lines"], v["brand_size.ordered_lines"], category_rate(v), 50.0)


@history(
    "share of the brand's lines in this size that came back for a reason of size",
    unit="rate",
    kind="offer",
    tables=(*_BRAND, *_SIZE, *_REASON),
)
def brand_size_returned_for_size_rate(v: Inputs) -> Values:
    return share(v["brand_size.returned_for_size"], v["brand_size.ordered_lines"])


@history("how often the style was ordered", unit="lines", kind="offer")
def style_lines(v: Inputs) -> Values:
    return v["style.ordered_lines"]


@history("how often the style was ordered in the last 90 days", unit="lines", kind="offer")
def style_lines_90d(v: Inputs) -> Values:
    return v["style.ordered_lines_90d"]


@history("days since the style was first ordered", unit="days", kind="offer")
def style_age_days(v: Inputs) -> Values:
    return v["day"] - v["style.first_day"]


@history("the style's return rate, shrunk to its category's", unit="rate", kind="offer", tables=_RETURNS)
def style_return_rate(v: Inputs) -> Values:
    return style_rate(v)


@history("the style's returned share of settled lines, shrunk to the shop's return rate", unit="rate", kind="offer", tables=_RETURNS)
def style_settled_return_rate(v: Inputs) -> Values:
    return shrunk(v["style.returned_lines"], v["style.returned_lines"] + v["style.kept_lines"], shop_rate(v), 50.0)


@history("the style's return rate in the last 90 days, shrunk to its own rate", unit="rate", kind="offer", tables=_RETURNS)
def style_return_rate_90d(v: Inputs) -> Values:
    return shrunk(v["style.returned_lines_90d"], v["style.ordered_lines_90d"], style_rate(v), 50.0)


@history("returned share of the style's value", unit="rate", kind="offer", tables=_VALUE)
def style_returned_value_share(v: Inputs) -> Values:
    return share(v["style.returned_value"], v["style.ordered_value"])


@history("returned share of the style's units", unit="rate", kind="offer", tables=_RETURNS)
def style_returned_units_share(v: Inputs) -> Values:
    return share(v["style.returned_units"], v["style.ordered_units"])


@history("share of the style's lines that came back for a reason of size", unit="rate", kind="offer", tables=_REASON)
def style_returned_for_size_rate(v: Inputs) -> Values:
    return share(v["style.returned_for_size"], v["style.ordered_lines"])


@history("how often the sku was ordered", unit="lines", kind="offer")
def sku_lines(v: Inputs) -> Values:
    return v["sku.ordered_lines"]


@history("the sku's return rate, shrunk to its style's", unit="rate", kind="offer", tables=_RETURNS)
def sku_return_rate(v: Inputs) -> Values:
    return shrunk(v["sku.returned_lines"], v["sku.ordered_lines"], style_rate(v), 50.0)


@history("returned share of the sku's value", unit="rate", kind="offer", tables=_VALUE)
def sku_returned_value_share(v: Inputs) -> Values:
    return share(v["sku.returned_value"], v["sku.ordered_value"])


@history("return rate of this size of the style, shrunk to its style's", unit="rate", kind="offer", tables=_SIZE)
def style_size_return_rate(v: Inputs) -> Values:
    return shrunk(v["style_size.returned_lines"], v["style_size.ordered_lines"], style_rate(v), 20.0)


@history("orders the customer placed", unit="orders", kind="customer", purpose=_OWN)
def customer_orders(v: Inputs) -> Values:
    return v["customer.orders"]


@history("lines the customer ordered", unit="lines", kind="customer", purpose=_OWN)
def customer_lines(v: Inputs) -> Values:
    return v["customer.ordered_lines"]


@history("lines the customer ordered in the last 90 days", unit="lines", kind="customer", purpose=_OWN)
def customer_lines_90d(v: Inputs) -> Values:
    return v["customer.ordered_lines_90d"]


@history("lines of the customer whose outcome is not known yet", unit="lines", kind="customer", purpose=_OWN, tables=_RETURNS)
def customer_pending_lines(v: Inputs) -> Values:
    return v["customer.ordered_lines"] - v["customer.kept_lines"] - v["customer.returned_lines"]


@history("days since the customer first ordered", unit="days", kind="customer", purpose=_OWN)
def customer_tenure_days(v: Inputs) -> Values:
    return v["day"] - v["customer.first_day"]


@history("days since the customer last ordered", unit="days", kind="customer", purpose=_OWN)
def customer_days_since_order(v: Inputs) -> Values:
    return v["day"] - v["customer.last_day"]


@history("the customer's return rate, shrunk to the shop's", unit="rate", kind="customer", purpose=_OWN, tables=_RETURNS)
def customer_return_rate(v: Inputs) -> Values:
    return customer_rate(v)


@history(
    "the customer's returned share of settled lines, shrunk to the shop's rate", unit="rate", kind="customer", purpose=_OWN, tables=_RETURNS
)
def customer_settled_return_rate(v: Inputs) -> Values:
    settled = v["customer.returned_lines"] + v["customer.kept_lines"]
    return shrunk(v["customer.returned_lines"], settled, shop_rate(v), 30.0)


@history("lines the customer returned in the last 90 days", unit="lines", kind="customer", purpose=_OWN, tables=_RETURNS)
def customer_returned_lines_90d(v: Inputs) -> Values:
    return v["customer.returned_lines_90d"]


@history("returned share of the customer's value", unit="rate", kind="customer", purpose=_OWN, tables=_VALUE)
def customer_returned_value_share(v: Inputs) -> Values:
    return share(v["customer.returned_value"], v["customer.ordered_value"])


@history("returned share of the customer's units", unit="rate", kind="customer", purpose=_OWN, tables=_RETURNS)
def customer_returned_units_share(v: Inputs) -> Values:
    return share(v["customer.returned_units"], v["customer.ordered_units"])


@history("share of the customer's lines that came back for a reason of size", unit="rate", kind="customer", purpose=_OWN, tables=_REASON)
def customer_returned_for_size_rate(v: Inputs) -> Values:
    return share(v["customer.returned_for_size"], v["customer.ordered_lines"])
