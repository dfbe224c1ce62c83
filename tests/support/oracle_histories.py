"""Every history of a tiny shop, spelled out: what happened before with this customer, style, sku, size, brand, supplier and market."""

from __future__ import annotations

from tests.support.oracle_past import NAN, Formula, Past, Then, share, shrunk

BRAND_SIZE = ("brand", "category", "size_system", "size")


def returns_of(past: Past, prior: float, weight: float, days: int | None = None) -> float:
    """A return rate, shrunk to a prior."""
    return shrunk(past.returned(days), past.lines(days), prior, weight)


def shop(t: Then) -> float:
    """The shop's return rate."""
    return returns_of(t.of(), 0.05, 100)


def category(t: Then) -> float:
    """The category's return rate."""
    return returns_of(t.of("category"), shop(t), 200)


def brand_category(t: Then) -> float:
    """The brand's return rate in the category; the category's where the brand is unknown."""
    return category(t) if t.product.get("brand") is None else returns_of(t.of("brand", "category"), category(t), 100)


def style(t: Then) -> float:
    """The style's return rate."""
    return returns_of(t.of("style_id"), brand_category(t), 50)


def customer(t: Then) -> float:
    """The customer's return rate."""
    return returns_of(t.of("customer_id"), shop(t), 30)


def reason(t: Then, key: str, group: str, weight: float) -> float:
    """How often something comes back for a reason."""
    usual = shrunk(t.of().returned_for(group), t.of().lines(), 0.05, 100)
    return shrunk(t.of(key).returned_for(group), t.of(key).lines(), usual, weight)


def late(t: Then, key: str, weight: float) -> float:
    """How often deliveries that had a promise come late."""

    def late_of(past: Past) -> float:
        return past.count("delivered", where=lambda line: line["promised_at"] is not None and line["delivered_at"] > line["promised_at"])

    def promised(past: Past) -> float:
        return past.count("delivered", where=lambda line: line["promised_at"] is not None)

    usual = shrunk(late_of(t.of()), promised(t.of()), 0.05, 100)
    return shrunk(late_of(t.of(key)), promised(t.of(key)), usual, weight)


def delivery_days(past: Past) -> float:
    """Days from order to delivery, of whole hours."""
    hours = past.total("delivered", lambda line: (line["delivered_at"] - line["ordered_at"]).total_seconds() // 3600)
    return share(hours, past.count("delivered")) / 24


def ticket(t: Then, key: str, topic: str, weight: float) -> float:
    """Tickets on a topic per line."""
    usual = shrunk(t.of().tickets(topic), t.of().lines(), 0.05, 100)
    return shrunk(t.of(key).tickets(topic), t.of(key).lines(), usual, weight)


def returned_value_share(past: Past) -> float:
    """The share of the value ordered whose line came back."""
    return share(past.total("returned", lambda line: line["quantity"] * (line["unit_price"] or 0)), past.value())


def returned_units_share(past: Past) -> float:
    """The share of the units ordered that came back."""
    return share(past.total("returned", lambda line: line["units"]), past.units())


def settled(past: Past) -> float:
    """Lines of which it is known what became of them."""
    return past.returned() + past.kept()


def discounts(past: Past) -> float:
    """Discounts as a share of the list value."""
    return share(past.discounts(), past.value() + past.discounts())


def days_since(t: Then, key: str, *, first: bool) -> float:
    """Days since the first or the latest order."""
    days = t.of(key).order_days()
    return float(t.day - (min(days) if first else max(days))) if days else NAN


OF_THE_OFFER: dict[str, Formula] = {
    "shop_return_rate_30d": lambda t: returns_of(t.of(), shop(t), 100, 30),
    "shop_return_rate_90d": lambda t: returns_of(t.of(), shop(t), 100, 90),
    "country_return_rate": lambda t: returns_of(t.of("country"), shop(t), 200),
    "channel_country_return_rate": lambda t: returns_of(t.of("channel", "country"), shop(t), 200),
    "category_return_rate": category,
    "brand_return_rate": lambda t: returns_of(t.of("brand"), category(t), 100),
    "brand_category_return_rate": brand_category,
    "supplier_return_rate": lambda t: returns_of(t.of("supplier_id"), category(t), 100),
    "supplier_return_rate_90d": lambda t: returns_of(t.of("supplier_id"), category(t), 100, 90),
    "brand_size_return_rate": lambda t: returns_of(t.of(*BRAND_SIZE), category(t), 50),
    "brand_size_returned_for_size_rate": lambda t: share(t.of(*BRAND_SIZE).returned_for("size"), t.of(*BRAND_SIZE).lines()),
    "style_lines": lambda t: t.of("style_id").lines(),
    "style_lines_90d": lambda t: t.of("style_id").lines(90),
    "style_age_days": lambda t: days_since(t, "style_id", first=True),
    "style_return_rate": style,
    "style_return_rate_90d": lambda t: returns_of(t.of("style_id"), style(t), 50, 90),
    "style_return_rate_365d": lambda t: returns_of(t.of("style_id"), style(t), 50, 365),
    "style_settled_return_rate": lambda t: shrunk(t.of("style_id").returned(), settled(t.of("style_id")), shop(t), 50),
    "style_returned_value_share": lambda t: returned_value_share(t.of("style_id")),
    "style_returned_units_share": lambda t: returned_units_share(t.of("style_id")),
    "style_returned_for_size_rate": lambda t: share(t.of("style_id").returned_for("size"), t.of("style_id").lines()),
    "style_returned_for_small_rate": lambda t: reason(t, "style_id", "small", 50),
    "style_returned_for_large_rate": lambda t: reason(t, "style_id", "large", 50),
    "style_returned_for_quality_rate": lambda t: reason(t, "style_id", "quality", 50),
    "style_returned_for_taste_rate": lambda t: reason(t, "style_id", "taste", 50),
    "supplier_returned_for_quality_rate": lambda t: reason(t, "supplier_id", "quality", 100),
    "style_discount_share": lambda t: discounts(t.of("style_id")),
    "sku_lines": lambda t: t.of("sku").lines(),
    "sku_return_rate": lambda t: returns_of(t.of("sku"), style(t), 50),
    "sku_returned_value_share": lambda t: returned_value_share(t.of("sku")),
    "style_size_return_rate": lambda t: returns_of(t.of("style_id", "size_system", "size"), style(t), 20),
    "country_late_rate": lambda t: late(t, "country", 100),
    "supplier_late_rate": lambda t: late(t, "supplier_id", 100),
    "country_delivery_days": lambda t: delivery_days(t.of("country")),
    "style_size_ticket_rate": lambda t: ticket(t, "style_id", "size", 50),
    "style_product_ticket_rate": lambda t: ticket(t, "style_id", "product", 50),
    "supplier_product_ticket_rate": lambda t: ticket(t, "supplier_id", "product", 100),
    "country_delivery_ticket_rate": lambda t: ticket(t, "country", "delivery", 100),
    "style_views_30d": lambda t: t.of("style_id").did("view", 30),
    "style_lines_per_view": lambda t: share(t.of("style_id").lines(), t.of("style_id").did("view")),
    "style_size_guides_per_view": lambda t: share(t.of("style_id").did("size_guide"), t.of("style_id").did("view")),
}

OF_THE_CUSTOMER: dict[str, Formula] = {
    "customer_orders": lambda t: t.of("customer_id").count("ordered", where=lambda line: line["opens_order"]),
    "customer_lines": lambda t: t.of("customer_id").lines(),
    "customer_lines_90d": lambda t: t.of("customer_id").lines(90),
    "customer_lines_365d": lambda t: t.of("customer_id").lines(365),
    "customer_pending_lines": lambda t: t.of("customer_id").lines() - settled(t.of("customer_id")),
    "customer_tenure_days": lambda t: days_since(t, "customer_id", first=True),
    "customer_days_since_order": lambda t: days_since(t, "customer_id", first=False),
    "customer_return_rate": customer,
    "customer_return_rate_365d": lambda t: returns_of(t.of("customer_id"), customer(t), 10, 365),
    "customer_settled_return_rate": lambda t: shrunk(t.of("customer_id").returned(), settled(t.of("customer_id")), shop(t), 30),
    "customer_returned_lines_90d": lambda t: t.of("customer_id").returned(90),
    "customer_returned_value_share": lambda t: returned_value_share(t.of("customer_id")),
    "customer_returned_units_share": lambda t: returned_units_share(t.of("customer_id")),
    "customer_returned_for_size_rate": lambda t: share(t.of("customer_id").returned_for("size"), t.of("customer_id").lines()),
    "customer_returned_for_taste_rate": lambda t: reason(t, "customer_id", "taste", 20),
    "customer_late_rate": lambda t: late(t, "customer_id", 10),
    "customer_tickets": lambda t: t.of("customer_id").tickets(),
    "customer_views_30d": lambda t: t.of("customer_id").did("view", 30),
    "customer_searches_30d": lambda t: t.of("customer_id").did("search", 30),
    "customer_lines_per_view": lambda t: share(t.of("customer_id").lines(), t.of("customer_id").did("view")),
}

HISTORIES = OF_THE_OFFER | OF_THE_CUSTOMER
