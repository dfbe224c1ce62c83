"""Histories beside return rates: reasons, windows, discounts, lateness, tickets, and what was looked at."""

from __future__ import annotations

from features.arithmetic import share, shrunk
from features.catalogue import Inputs, Values
from features.history_features import brand_category_rate, category_rate, customer_rate, history, shop_rate, style_rate

_RETURNS = ("returns",)
_REASON = ("returns", "returns.reason")
_SUPPLIER = ("returns", "products.supplier_id")
_LATE = ("order_lines.delivered_at", "order_lines.promised_at")
_DISCOUNT = ("order_lines.discount", "order_lines.unit_price")
_SKU_EVENTS = ("events.sku",)
_OWN_EVENTS = ("events.customer_id",)
_TICKETS = ("tickets.line_id or tickets.sku",)
_LINE_TICKETS = ("tickets.line_id",)
_OWN = "personalisation"


def reason_rate(v: Inputs, entity: str, reason: str, weight: float) -> Values:
    """The share of an entity's lines that came back for a reason, shrunk to the shop's."""
    measure = f"returned_for_{reason}"
    return shrunk(v[f"{entity}.{measure}"], v[f"{entity}.ordered_lines"], shop_rate(v, measure), weight)


def late_rate(v: Inputs, entity: str, weight: float) -> Values:
    """The share of an entity's deliveries that came late, shrunk to the shop's."""
    usual = shop_rate(v, "late_lines", "promised_lines")
    return shrunk(v[f"{entity}.late_lines"], v[f"{entity}.promised_lines"], usual, weight)


def ticket_rate(v: Inputs, entity: str, topic: str, weight: float) -> Values:
    """Tickets on a topic per line of an entity, shrunk to the shop's."""
    return shrunk(v[f"{entity}.{topic}"], v[f"{entity}.ordered_lines"], shop_rate(v, topic), weight)


@history("the shop's return rate in the last 30 days", unit="rate", kind="offer", tables=_RETURNS)
def shop_return_rate_30d(v: Inputs) -> Values:
    return shrunk(v["shop.returned_lines_30d"], v["shop.ordered_lines_30d"], shop_rate(v), 100.0)


@history(
    "the brand's return rate in the category, shrunk to the category's", unit="rate", kind="offer", tables=(*_RETURNS, "products.brand")
)
def brand_category_return_rate(v: Inputs) -> Values:
    return brand_category_rate(v)


@history(
    "return rate of the channel in the market, shrunk to the shop's",
    unit="rate",
    kind="offer",
    tables=(*_RETURNS, "order_lines.channel", "order_lines.country"),
)
def channel_country_return_rate(v: Inputs) -> Values:
    return shrunk(v["channel_country.returned_lines"], v["channel_country.ordered_lines"], shop_rate(v), 200.0)


@history("the supplier's return rate in the last 90 days, shrunk to the category's", unit="rate", kind="offer", tables=_SUPPLIER)
def supplier_return_rate_90d(v: Inputs) -> Values:
    return shrunk(v["supplier.returned_lines_90d"], v["supplier.ordered_lines_90d"], category_rate(v), 100.0)


@history("the style's return rate in the last 365 days, shrunk to its own rate", unit="rate", kind="offer", tables=_RETURNS)
def style_return_rate_365d(v: Inputs) -> Values:
    return shrunk(v["style.returned_lines_365d"], v["style.ordered_lines_365d"], style_rate(v), 50.0)


@history("share of the style's lines that came back as too small, shrunk to the shop's", unit="rate", kind="offer", tables=_REASON)
def style_returned_for_small_rate(v: Inputs) -> Values:
    return reason_rate(v, "style", "small", 50.0)


@history("share of the style's lines that came back as too large, shrunk to the shop's", unit="rate", kind="offer", tables=_REASON)
def style_returned_for_large_rate(v: Inputs) -> Values:
    return reason_rate(v, "style", "large", 50.0)


@history("share of the style's lines that came back for quality, shrunk to the shop's", unit="rate", kind="offer", tables=_REASON)
def style_returned_for_quality_rate(v: Inputs) -> Values:
    return reason_rate(v, "style", "quality", 50.0)


@history("share of the style's lines that came back for taste, shrunk to the shop's", unit="rate", kind="offer", tables=_REASON)
def style_returned_for_taste_rate(v: Inputs) -> Values:
    return reason_rate(v, "style", "taste", 50.0)


@history(
    "share of the supplier's lines that came back for quality, shrunk to the shop's",
    unit="rate",
    kind="offer",
    tables=(*_SUPPLIER, *_REASON),
)
def supplier_returned_for_quality_rate(v: Inputs) -> Values:
    return reason_rate(v, "supplier", "quality", 100.0)


@history(
    "share of the customer's lines that came back for taste, shrunk to the shop's",
    unit="rate",
    kind="customer",
    purpose=_OWN,
    tables=_REASON,
)
def customer_returned_for_taste_rate(v: Inputs) -> Values:
    return reason_rate(v, "customer", "taste", 20.0)


@history("lines the customer ordered in the last 365 days", unit="lines", kind="customer", purpose=_OWN)
def customer_lines_365d(v: Inputs) -> Values:
    return v["customer.ordered_lines_365d"]


@history(
    "the customer's return rate in the last 365 days, shrunk to their own", unit="rate", kind="customer", purpose=_OWN, tables=_RETURNS
)
def customer_return_rate_365d(v: Inputs) -> Values:
    return shrunk(v["customer.returned_lines_365d"], v["customer.ordered_lines_365d"], customer_rate(v), 10.0)


@history("discount share of the style's list value so far", unit="rate", kind="offer", tables=_DISCOUNT)
def style_discount_share(v: Inputs) -> Values:
    return share(v["style.discount_value"], v["style.ordered_value"] + v["style.discount_value"])


@history(
    "share of the market's deliveries that came late, shrunk to the shop's",
    unit="rate",
    kind="offer",
    tables=(*_LATE, "order_lines.country"),
)
def country_late_rate(v: Inputs) -> Values:
    return late_rate(v, "country", 100.0)


@history(
    "share of the supplier's deliveries that came late, shrunk to the shop's",
    unit="rate",
    kind="offer",
    tables=(*_LATE, "products.supplier_id"),
)
def supplier_late_rate(v: Inputs) -> Values:
    return late_rate(v, "supplier", 100.0)


@history(
    "share of the customer's deliveries that came late, shrunk to the shop's", unit="rate", kind="customer", purpose=_OWN, tables=_LATE
)
def customer_late_rate(v: Inputs) -> Values:
    return late_rate(v, "customer", 10.0)


@history("mean days from order to delivery in the market", unit="days", kind="offer", tables=(*_LATE, "order_lines.country"))
def country_delivery_days(v: Inputs) -> Values:
    return share(v["country.delivery_hours"], v["country.delivered_lines"]) / 24.0


@history("tickets about size per line of the style, shrunk to the shop's", unit="rate", kind="offer", tables=_TICKETS)
def style_size_ticket_rate(v: Inputs) -> Values:
    return ticket_rate(v, "style", "tickets_size", 50.0)


@history("tickets about the product per line of the style, shrunk to the shop's", unit="rate", kind="offer", tables=_TICKETS)
def style_product_ticket_rate(v: Inputs) -> Values:
    return ticket_rate(v, "style", "tickets_product", 50.0)


@history(
    "tickets about the product per line of the supplier, shrunk to the shop's",
    unit="rate",
    kind="offer",
    tables=(*_TICKETS, "products.supplier_id"),
)
def supplier_product_ticket_rate(v: Inputs) -> Values:
    return ticket_rate(v, "supplier", "tickets_product", 100.0)


@history(
    "tickets about delivery per line in the market, shrunk to the shop's",
    unit="rate",
    kind="offer",
    tables=(*_LINE_TICKETS, "order_lines.country"),
)
def country_delivery_ticket_rate(v: Inputs) -> Values:
    return ticket_rate(v, "country", "tickets_delivery", 100.0)


@history("tickets about the customer's lines", unit="tickets", kind="customer", purpose=_OWN, tables=_LINE_TICKETS)
def customer_tickets(v: Inputs) -> Values:
    return v["customer.tickets"]


@history("views of the style in the last 30 days", unit="views", kind="offer", tables=_SKU_EVENTS)
def style_views_30d(v: Inputs) -> Values:
    return v["style.viewed_30d"]


@history("lines per view of the style", unit="rate", kind="offer", tables=_SKU_EVENTS)
def style_lines_per_view(v: Inputs) -> Values:
    return share(v["style.ordered_lines"], v["style.viewed"])


@history("looks at the size guide per view of the style", unit="rate", kind="offer", tables=_SKU_EVENTS)
def style_size_guides_per_view(v: Inputs) -> Values:
    return share(v["style.size_guided"], v["style.viewed"])


@history("views by the customer in the last 30 days", unit="views", kind="customer", purpose=_OWN, tables=_OWN_EVENTS)
def customer_views_30d(v: Inputs) -> Values:
    return v["customer.viewed_30d"]


@history("searches by the customer in the last 30 days", unit="searches", kind="customer", purpose=_OWN, tables=_OWN_EVENTS)
def customer_searches_30d(v: Inputs) -> Values:
    return v["customer.searched_30d"]


@history("lines the customer ordered per view", unit="rate", kind="customer", purpose=_OWN, tables=_OWN_EVENTS)
def customer_lines_per_view(v: Inputs) -> Values:
    return share(v["customer.ordered_lines"], v["customer.viewed"])
