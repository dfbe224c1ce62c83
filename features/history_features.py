"""Histories: what happened before with this customer, style, sku, size, brand, supplier and market."""

from __future__ import annotations

import numpy as np

from features.arithmetic import share, shrunk
from features.catalogue import Declarations, Inputs, Values

history = Declarations("history")

_RETURNS = ("returns",)
_VERDICTS = ("fit_feedback",)
_OWN = "personalisation"


def shop_rate(v: Inputs, measure: str = "returned_lines", trials: str = "ordered_lines") -> Values:
    """The shop's own rate so far, as if 100 lines at 5 % had gone before its first."""
    return shrunk(v[f"shop.{measure}"], v[f"shop.{trials}"], np.full_like(v["shop.ordered_lines"], 0.05), 100.0)


def category_rate(v: Inputs) -> Values:
    """The category's return rate, shrunk to the shop's."""
    return shrunk(v["category.returned_lines"], v["category.ordered_lines"], shop_rate(v), 200.0)


def style_rate(v: Inputs) -> Values:
    """The style's return rate, shrunk to its category's."""
    return shrunk(v["style.returned_lines"], v["style.ordered_lines"], category_rate(v), 50.0)


def customer_rate(v: Inputs) -> Values:
    """The customer's return rate, shrunk to the shop's."""
    return shrunk(v["customer.returned_lines"], v["customer.ordered_lines"], shop_rate(v), 30.0)


def said(v: Inputs, entity: str) -> Values:
    """How many verdicts an entity has."""
    return v[f"{entity}.said_small"] + v[f"{entity}.said_fits"] + v[f"{entity}.said_large"]


def verdict_rate(v: Inputs, entity: str, verdict: str, prior: Values, weight: float) -> Values:
    """An entity's rate of a verdict, shrunk to a prior."""
    return shrunk(v[f"{entity}.said_{verdict}"], said(v, entity), prior, weight)


def shop_verdict(v: Inputs, verdict: str) -> Values:
    """The shop's rate of a verdict, as if 100 verdicts at 13 % had gone before its first."""
    return verdict_rate(v, "shop", verdict, np.full_like(v["shop.said_fits"], 0.13), 100.0)


def category_verdict(v: Inputs, verdict: str) -> Values:
    """The category's rate of a verdict, shrunk to the shop's."""
    return verdict_rate(v, "category", verdict, shop_verdict(v, verdict), 50.0)


def category_size_verdict(v: Inputs, verdict: str) -> Values:
    """The rate of a verdict on one size of a category, shrunk to the category's."""
    return verdict_rate(v, "category_size", verdict, category_verdict(v, verdict), 50.0)


def style_verdict(v: Inputs, verdict: str) -> Values:
    """The style's rate of a verdict, shrunk to its category's."""
    return verdict_rate(v, "style", verdict, category_verdict(v, verdict), 15.0)


def style_size_verdict(v: Inputs, verdict: str) -> Values:
    """The rate of a verdict on one size of a style, shrunk to style plus size effect."""
    prior = style_verdict(v, verdict) + category_size_verdict(v, verdict) - category_verdict(v, verdict)
    return verdict_rate(v, "style_size", verdict, np.clip(prior, 0.001, 0.999), 8.0)


@history("the shop's return rate in the last 90 days", unit="rate", kind="offer", tables=_RETURNS)
def shop_return_rate_90d(v: Inputs) -> Values:
    return shrunk(v["shop.returned_lines_90d"], v["shop.ordered_lines_90d"], shop_rate(v), 100.0)


@history("the market's return rate, shrunk to the shop's", unit="rate", kind="offer", tables=_RETURNS)
def country_return_rate(v: Inputs) -> Values:
    return shrunk(v["country.returned_lines"], v["country.ordered_lines"], shop_rate(v), 200.0)


@history("the category's return rate, shrunk to the shop's", unit="rate", kind="offer", tables=_RETURNS)
def category_return_rate(v: Inputs) -> Values:
    return category_rate(v)


@history("the brand's return rate, shrunk to the category's", unit="rate", kind="offer", tables=_RETURNS)
def brand_return_rate(v: Inputs) -> Values:
    return shrunk(v["brand.returned_lines"], v["brand.ordered_lines"], category_rate(v), 100.0)


@history("the supplier's return rate, shrunk to the category's", unit="rate", kind="offer", tables=_RETURNS)
def supplier_return_rate(v: Inputs) -> Values:
    return shrunk(v["supplier.returned_lines"], v["supplier.ordered_lines"], category_rate(v), 100.0)


@history("return rate of this size of the brand in this category, shrunk to the category's", unit="rate", kind="offer", tables=_RETURNS)
def brand_size_return_rate(v: Inputs) -> Values:
    return shrunk(v["brand_size.returned_lines"], v["brand_size.ordered_lines"], category_rate(v), 50.0)


@history("share of the brand's lines in this size that came back for a reason of size", unit="rate", kind="offer", tables=_RETURNS)
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


@history("returned share of the style's value", unit="rate", kind="offer", tables=_RETURNS)
def style_returned_value_share(v: Inputs) -> Values:
    return share(v["style.returned_value"], v["style.ordered_value"])


@history("returned share of the style's units", unit="rate", kind="offer", tables=_RETURNS)
def style_returned_units_share(v: Inputs) -> Values:
    return share(v["style.returned_units"], v["style.ordered_units"])


@history("share of the style's lines that came back for a reason of size", unit="rate", kind="offer", tables=_RETURNS)
def style_returned_for_size_rate(v: Inputs) -> Values:
    return share(v["style.returned_for_size"], v["style.ordered_lines"])


@history("how often the sku was ordered", unit="lines", kind="offer")
def sku_lines(v: Inputs) -> Values:
    return v["sku.ordered_lines"]


@history("the sku's return rate, shrunk to its style's", unit="rate", kind="offer", tables=_RETURNS)
def sku_return_rate(v: Inputs) -> Values:
    return shrunk(v["sku.returned_lines"], v["sku.ordered_lines"], style_rate(v), 50.0)


@history("returned share of the sku's value", unit="rate", kind="offer", tables=_RETURNS)
def sku_returned_value_share(v: Inputs) -> Values:
    return share(v["sku.returned_value"], v["sku.ordered_value"])


@history("return rate of this size of the style, shrunk to its style's", unit="rate", kind="offer", tables=_RETURNS)
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


@history("returned share of the customer's value", unit="rate", kind="customer", purpose=_OWN, tables=_RETURNS)
def customer_returned_value_share(v: Inputs) -> Values:
    return share(v["customer.returned_value"], v["customer.ordered_value"])


@history("returned share of the customer's units", unit="rate", kind="customer", purpose=_OWN, tables=_RETURNS)
def customer_returned_units_share(v: Inputs) -> Values:
    return share(v["customer.returned_units"], v["customer.ordered_units"])


@history("share of the customer's lines that came back for a reason of size", unit="rate", kind="customer", purpose=_OWN, tables=_RETURNS)
def customer_returned_for_size_rate(v: Inputs) -> Values:
    return share(v["customer.returned_for_size"], v["customer.ordered_lines"])


@history("the style's share of verdicts 'small', shrunk to its category's", unit="rate", kind="offer", tables=_VERDICTS)
def style_small_rate(v: Inputs) -> Values:
    return style_verdict(v, "small")


@history("the style's share of verdicts 'large', shrunk to its category's", unit="rate", kind="offer", tables=_VERDICTS)
def style_large_rate(v: Inputs) -> Values:
    return style_verdict(v, "large")


@history("verdicts on the style", unit="verdicts", kind="offer", tables=_VERDICTS)
def style_verdicts(v: Inputs) -> Values:
    return said(v, "style")


@history("share of 'small' on this size of the style, shrunk to style plus size effect", unit="rate", kind="offer", tables=_VERDICTS)
def style_size_small_rate(v: Inputs) -> Values:
    return style_size_verdict(v, "small")


@history("share of 'large' on this size of the style, shrunk to style plus size effect", unit="rate", kind="offer", tables=_VERDICTS)
def style_size_large_rate(v: Inputs) -> Values:
    return style_size_verdict(v, "large")


@history("verdicts on this size of the style", unit="verdicts", kind="offer", tables=_VERDICTS)
def style_size_verdicts(v: Inputs) -> Values:
    return said(v, "style_size")


@history("share of 'small' on this size of the category, shrunk to the category's", unit="rate", kind="offer", tables=_VERDICTS)
def category_size_small_rate(v: Inputs) -> Values:
    return category_size_verdict(v, "small")


@history("share of 'large' on this size of the category, shrunk to the category's", unit="rate", kind="offer", tables=_VERDICTS)
def category_size_large_rate(v: Inputs) -> Values:
    return category_size_verdict(v, "large")


@history("share of 'small' on this size of the brand, shrunk to the size's in the category", unit="rate", kind="offer", tables=_VERDICTS)
def brand_size_small_rate(v: Inputs) -> Values:
    return verdict_rate(v, "brand_size", "small", category_size_verdict(v, "small"), 20.0)


@history("share of 'large' on this size of the brand, shrunk to the size's in the category", unit="rate", kind="offer", tables=_VERDICTS)
def brand_size_large_rate(v: Inputs) -> Values:
    return verdict_rate(v, "brand_size", "large", category_size_verdict(v, "large"), 20.0)


@history("verdicts the customer gave", unit="verdicts", kind="customer", purpose=_OWN, tables=_VERDICTS)
def customer_verdicts(v: Inputs) -> Values:
    return said(v, "customer")


@history("the customer's share of verdicts 'small', shrunk to the shop's", unit="rate", kind="customer", purpose=_OWN, tables=_VERDICTS)
def customer_small_rate(v: Inputs) -> Values:
    return verdict_rate(v, "customer", "small", shop_verdict(v, "small"), 3.0)


@history("the customer's share of verdicts 'large', shrunk to the shop's", unit="rate", kind="customer", purpose=_OWN, tables=_VERDICTS)
def customer_large_rate(v: Inputs) -> Values:
    return verdict_rate(v, "customer", "large", shop_verdict(v, "large"), 3.0)
