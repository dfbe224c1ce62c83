"""Crosses: how this offer relates to this customer and this basket."""

from __future__ import annotations

from features.arithmetic import log_odds, log_ratio, share, shrunk
from features.catalogue import Declarations, Inputs, Values
from features.history_features import (
    customer_rate,
    shop_rate,
    shop_verdict,
    style_rate,
    style_verdict,
    verdict_rate,
)

cross = Declarations("cross")

_OWN = "personalisation"
_BODY = "measurements"
_RETURNS = ("returns",)
_SAID = ("fit_feedback",)
_BODY_SAID = ("fit_feedback", "preferences")


def good_size(v: Inputs, entity: str) -> Values:
    """Mean position of the sizes that were kept or fitted, in one size system: positions of two systems are never mixed."""
    return share(v[f"{entity}.good_size_tenths"], v[f"{entity}.good_sized_lines"]) / 10.0


@cross("units asked for", unit="units", kind="offer")
def quantity(v: Inputs) -> Values:
    return v["quantity"]


@cross("price per unit", unit="minor units", kind="offer")
def unit_price(v: Inputs) -> Values:
    return v["unit_price"]


@cross("price of the line", unit="minor units", kind="offer")
def line_value(v: Inputs) -> Values:
    return v["quantity"] * v["unit_price"]


@cross("lines in the basket", unit="lines", kind="cross")
def basket_lines(v: Inputs) -> Values:
    return v["basket_lines"]


@cross("units in the basket", unit="units", kind="cross")
def basket_units(v: Inputs) -> Values:
    return v["basket_units"]


@cross("value of the basket", unit="minor units", kind="cross")
def basket_value(v: Inputs) -> Values:
    return v["basket_value"]


@cross("the line's share of the basket's value", unit="rate", kind="cross")
def share_of_basket(v: Inputs) -> Values:
    return share(v["quantity"] * v["unit_price"], v["basket_value"])


@cross("lines of the same style in the basket, this one included", unit="lines", kind="cross")
def basket_same_style(v: Inputs) -> Values:
    return v["basket_same_style"]


@cross("other sizes or colours of the same style in the basket: the customer means to choose at home", unit="lines", kind="cross")
def basket_other_variants(v: Inputs) -> Values:
    return v["basket_same_style"] - v["basket_same_sku"]


@cross("price against the style's mean price so far", unit="log ratio", kind="offer")
def price_vs_style(v: Inputs) -> Values:
    return log_ratio(v["unit_price"], share(v["style.ordered_value"], v["style.ordered_units"]))


@cross("price against what the category costs on average", unit="log ratio", kind="offer")
def price_vs_category(v: Inputs) -> Values:
    return log_ratio(v["unit_price"], share(v["category.ordered_value"], v["category.ordered_units"]))


@cross("price against what the market pays on average", unit="log ratio", kind="offer")
def price_vs_country(v: Inputs) -> Values:
    return log_ratio(v["unit_price"], share(v["country.ordered_value"], v["country.ordered_units"]))


@cross("price against the customer's mean price so far", unit="log ratio", kind="cross", purpose=_OWN)
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


@cross("how often the customer kept this brand", unit="lines", kind="cross", purpose=_OWN, tables=_RETURNS)
def customer_brand_kept_lines(v: Inputs) -> Values:
    return v["customer_brand.kept_lines"]


@cross("the customer's return rate for this brand, shrunk to the customer's", unit="rate", kind="cross", purpose=_OWN, tables=_RETURNS)
def customer_brand_return_rate(v: Inputs) -> Values:
    return shrunk(v["customer_brand.returned_lines"], v["customer_brand.ordered_lines"], customer_rate(v), 5.0)


@cross("customer's and style's return odds combined, relative to the shop's", unit="log odds", kind="cross", purpose=_OWN, tables=_RETURNS)
def combined_return_odds(v: Inputs) -> Values:
    return log_odds(customer_rate(v)) + log_odds(style_rate(v)) - log_odds(shop_rate(v))


@cross("position of the offered size in its size system", unit="sizes", kind="offer")
def size_position(v: Inputs) -> Values:
    return v["size_position"]


@cross("offered size minus the customer's mean good size", unit="sizes", kind="cross", purpose=_OWN)
def size_vs_customer(v: Inputs) -> Values:
    return v["size_position"] - good_size(v, "customer_sizes")


@cross("offered size minus the customer's mean good size in this category", unit="sizes", kind="cross", purpose=_OWN)
def size_vs_customer_category(v: Inputs) -> Values:
    return v["size_position"] - good_size(v, "customer_category_sizes")


@cross("offered size minus the customer's mean good size of this brand", unit="sizes", kind="cross", purpose=_OWN)
def size_vs_customer_brand(v: Inputs) -> Values:
    return v["size_position"] - good_size(v, "customer_brand_sizes")


@cross("good sizes known of the customer in this category", unit="lines", kind="cross", purpose=_OWN)
def customer_category_sized_lines(v: Inputs) -> Values:
    return v["customer_category_sizes.good_sized_lines"]


@cross("offered size minus the mean size that fits similar bodies in this category", unit="sizes", kind="cross", purpose=_BODY)
def size_vs_body(v: Inputs) -> Values:
    return v["size_position"] - good_size(v, "body")


@cross("offered size minus the style's mean good size", unit="sizes", kind="offer")
def size_vs_style(v: Inputs) -> Values:
    return v["size_position"] - good_size(v, "style_sizes")


@cross("good sizes known of similar bodies in this category", unit="lines", kind="cross", purpose=_BODY)
def body_sized_lines(v: Inputs) -> Values:
    return v["body.good_sized_lines"]


@cross(
    "declared weight minus the mean weight of those whom this size of the style fits",
    unit="kg",
    kind="cross",
    purpose=_BODY,
    tables=_BODY_SAID,
)
def weight_vs_style_size(v: Inputs) -> Values:
    return v["weight_kg"] - share(v["style_size.fits_weight_hg"], v["style_size.fits_weighed"]) / 10.0


@cross(
    "declared weight minus the mean weight of those whom this size fits in the category",
    unit="kg",
    kind="cross",
    purpose=_BODY,
    tables=_BODY_SAID,
)
def weight_vs_category_size(v: Inputs) -> Values:
    return v["weight_kg"] - share(v["category_size.fits_weight_hg"], v["category_size.fits_weighed"]) / 10.0


@cross(
    "declared height minus the mean height of those whom this size of the style fits",
    unit="cm",
    kind="cross",
    purpose=_BODY,
    tables=_BODY_SAID,
)
def height_vs_style_size(v: Inputs) -> Values:
    return v["height_cm"] - share(v["style_size.fits_height_mm"], v["style_size.fits_measured"]) / 10.0


@cross(
    "declared height minus the mean height of those whom this size fits in the category",
    unit="cm",
    kind="cross",
    purpose=_BODY,
    tables=_BODY_SAID,
)
def height_vs_category_size(v: Inputs) -> Values:
    return v["height_cm"] - share(v["category_size.fits_height_mm"], v["category_size.fits_measured"]) / 10.0


@cross(
    "share of 'small' on this size among similar bodies, shrunk to the style's", unit="rate", kind="cross", purpose=_BODY, tables=_BODY_SAID
)
def body_size_small_rate(v: Inputs) -> Values:
    return verdict_rate(v, "body_size", "small", style_verdict(v, "small"), 20.0)


@cross(
    "share of 'large' on this size among similar bodies, shrunk to the style's", unit="rate", kind="cross", purpose=_BODY, tables=_BODY_SAID
)
def body_size_large_rate(v: Inputs) -> Values:
    return verdict_rate(v, "body_size", "large", style_verdict(v, "large"), 20.0)


@cross(
    "share of 'small' on this style among similar weights, shrunk to the style's",
    unit="rate",
    kind="cross",
    purpose=_BODY,
    tables=_BODY_SAID,
)
def style_body_small_rate(v: Inputs) -> Values:
    return verdict_rate(v, "style_body", "small", style_verdict(v, "small"), 10.0)


@cross(
    "share of 'large' on this style among similar weights, shrunk to the style's",
    unit="rate",
    kind="cross",
    purpose=_BODY,
    tables=_BODY_SAID,
)
def style_body_large_rate(v: Inputs) -> Values:
    return verdict_rate(v, "style_body", "large", style_verdict(v, "large"), 10.0)


@cross("share of 'small' at the declared occasion, shrunk to the shop's", unit="rate", kind="cross", purpose=_BODY, tables=_BODY_SAID)
def occasion_small_rate(v: Inputs) -> Values:
    return verdict_rate(v, "occasion", "small", shop_verdict(v, "small"), 50.0)


@cross("share of 'large' at the declared occasion, shrunk to the shop's", unit="rate", kind="cross", purpose=_BODY, tables=_BODY_SAID)
def occasion_large_rate(v: Inputs) -> Values:
    return verdict_rate(v, "occasion", "large", shop_verdict(v, "large"), 50.0)
