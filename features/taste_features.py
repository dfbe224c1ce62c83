"""Taste: the brands, categories, materials and prices that a customer looks at and orders, against those of everybody."""

from __future__ import annotations

from features.arithmetic import lift, log_ratio, share, shrunk
from features.catalogue import Inputs, Values
from features.cross_features import cross
from features.profile_features import profile

_OWN = "personalisation"
_VIEWS = ("events.customer_id", "events.sku")
_BRAND = ("products.brand",)
_MATERIAL = ("products.material",)
_PRICE = ("order_lines.unit_price",)
_LIST_PRICE = (*_VIEWS, "products.price")

_VIEWED = ("viewed_value", "priced_views")
_ORDERED = ("ordered_value", "ordered_units")
"""Measures of money, and of what it was asked for."""

_VIEWS_WEIGH, _LINES_WEIGH = 10.0, 5.0
_PRICED_VIEWS_WEIGH, _UNITS_WEIGH = 5.0, 3.0


def taste(v: Inputs, key: str, measure: str, weight: float) -> Values:
    """How much more of a customer's views (or lines) than of everybody's are of this brand (or category, or material), on the log scale."""
    usual = share(v[f"{key}.{measure}"], v[f"shop.{measure}"])
    return lift(v[f"customer_{key}.{measure}"], v[f"customer.{measure}"], usual, weight)


def mean_price(v: Inputs, entity: str, of: tuple[str, str]) -> Values:
    """Mean price of what was viewed, or ordered; minor units."""
    value, counted = of
    return share(v[f"{entity}.{value}"], v[f"{entity}.{counted}"])


def customer_price(v: Inputs, of: tuple[str, str], weight: float) -> Values:
    """Mean price of what the customer viewed, or ordered, shrunk to the shop's; minor units."""
    value, counted = of
    return shrunk(v[f"customer.{value}"], v[f"customer.{counted}"], mean_price(v, "shop", of), weight)


def price_at_ease(v: Inputs, of: tuple[str, str], weight: float) -> Values:
    """Mean price of what the customer viewed, or ordered, in the category; minor units.

    Shrunk to what the category costs on average times the customer's price level, the customer's price as a share of the shop's.
    """
    value, counted = of
    level = share(customer_price(v, of, weight), mean_price(v, "shop", of))
    usual = mean_price(v, "category", of) * level
    return shrunk(v[f"customer_category.{value}"], v[f"customer_category.{counted}"], usual, weight)


@profile(
    "price level of what the customer looks at: its mean list price, shrunk to the shop's, against the shop's",
    unit="log ratio",
    kind="customer",
    purpose=_OWN,
    tables=_LIST_PRICE,
)
def customer_view_price_level(v: Inputs) -> Values:
    return log_ratio(customer_price(v, _VIEWED, _PRICED_VIEWS_WEIGH), mean_price(v, "shop", _VIEWED))


@cross(
    "price against the list prices that the customer looks at in the category",
    unit="log ratio",
    kind="cross",
    purpose=_OWN,
    tables=(*_PRICE, *_LIST_PRICE),
)
def price_vs_customer_looks(v: Inputs) -> Values:
    return log_ratio(v["unit_price"], price_at_ease(v, _VIEWED, _PRICED_VIEWS_WEIGH))


@cross("price against what the customer pays in the category", unit="log ratio", kind="cross", purpose=_OWN, tables=_PRICE)
def price_vs_customer_category(v: Inputs) -> Values:
    return log_ratio(v["unit_price"], price_at_ease(v, _ORDERED, _UNITS_WEIGH))


@cross(
    "the brand's share of the customer's views against its share of all views",
    unit="log ratio",
    kind="cross",
    purpose=_OWN,
    tables=(*_VIEWS, *_BRAND),
)
def customer_brand_view_lift(v: Inputs) -> Values:
    return taste(v, "brand", "viewed", _VIEWS_WEIGH)


@cross(
    "the category's share of the customer's views against its share of all views",
    unit="log ratio",
    kind="cross",
    purpose=_OWN,
    tables=_VIEWS,
)
def customer_category_view_lift(v: Inputs) -> Values:
    return taste(v, "category", "viewed", _VIEWS_WEIGH)


@cross(
    "the material's share of the customer's views against its share of all views",
    unit="log ratio",
    kind="cross",
    purpose=_OWN,
    tables=(*_VIEWS, *_MATERIAL),
)
def customer_material_view_lift(v: Inputs) -> Values:
    return taste(v, "material", "viewed", _VIEWS_WEIGH)


@cross(
    "the brand's share of the customer's lines against its share of all lines", unit="log ratio", kind="cross", purpose=_OWN, tables=_BRAND
)
def customer_brand_order_lift(v: Inputs) -> Values:
    return taste(v, "brand", "ordered_lines", _LINES_WEIGH)


@cross("the category's share of the customer's lines against its share of all lines", unit="log ratio", kind="cross", purpose=_OWN)
def customer_category_order_lift(v: Inputs) -> Values:
    return taste(v, "category", "ordered_lines", _LINES_WEIGH)


@cross(
    "the material's share of the customer's lines against its share of all lines",
    unit="log ratio",
    kind="cross",
    purpose=_OWN,
    tables=_MATERIAL,
)
def customer_material_order_lift(v: Inputs) -> Values:
    return taste(v, "material", "ordered_lines", _LINES_WEIGH)
