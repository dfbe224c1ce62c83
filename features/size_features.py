"""Crosses of sizes: how the offered size relates to those the customer, similar bodies and the style's buyers kept."""

from __future__ import annotations

import numpy as np

from features.arithmetic import share, shrunk
from features.catalogue import Inputs, Values
from features.cross_features import cross
from features.history_features import customer_rate
from features.verdict_features import shop_verdict, style_verdict, verdict_rate

_OWN = "personalisation"
_BODY = "measurements"
_SIZE = ("products.size",)
_GOOD = ("products.size", "returns or fit_feedback")
_SIZE_RETURNS = ("products.size", "returns")
_BRAND_SIZE = (*_GOOD, "products.brand")
_BODY_SAID = ("fit_feedback", "preferences")
_BODY_SIZE_SAID = (*_BODY_SAID, "products.size")


def good_size(v: Inputs, entity: str) -> Values:
    """Mean position of the sizes that were kept or fitted, in one size system: positions of two systems are never mixed."""
    return share(v[f"{entity}.good_size_tenths"], v[f"{entity}.good_sized_lines"]) / 10.0


@cross("position of the offered size in its size system", unit="sizes", kind="offer", tables=_SIZE)
def size_position(v: Inputs) -> Values:
    return v["size_position"]


@cross("offered size minus the customer's mean good size", unit="sizes", kind="cross", purpose=_OWN, tables=_GOOD)
def size_vs_customer(v: Inputs) -> Values:
    return v["size_position"] - good_size(v, "customer_sizes")


@cross("offered size minus the customer's mean good size in this category", unit="sizes", kind="cross", purpose=_OWN, tables=_GOOD)
def size_vs_customer_category(v: Inputs) -> Values:
    return v["size_position"] - good_size(v, "customer_category_sizes")


@cross("offered size minus the customer's mean good size of this brand", unit="sizes", kind="cross", purpose=_OWN, tables=_BRAND_SIZE)
def size_vs_customer_brand(v: Inputs) -> Values:
    return v["size_position"] - good_size(v, "customer_brand_sizes")


@cross("good sizes known of the customer in this category", unit="lines", kind="cross", purpose=_OWN, tables=_GOOD)
def customer_category_sized_lines(v: Inputs) -> Values:
    return v["customer_category_sizes.good_sized_lines"]


@cross(
    "offered size minus the mean size that fits similar bodies in this category",
    unit="sizes",
    kind="cross",
    purpose=_BODY,
    tables=("preferences", *_GOOD),
)
def size_vs_body(v: Inputs) -> Values:
    return v["size_position"] - good_size(v, "body")


@cross("offered size minus the style's mean good size", unit="sizes", kind="offer", tables=_GOOD)
def size_vs_style(v: Inputs) -> Values:
    return v["size_position"] - good_size(v, "style_sizes")


@cross("good sizes known of similar bodies in this category", unit="lines", kind="cross", purpose=_BODY, tables=("preferences", *_GOOD))
def body_sized_lines(v: Inputs) -> Values:
    return v["body.good_sized_lines"]


@cross(
    "declared weight minus the mean weight of those whom this size of the style fits",
    unit="kg",
    kind="cross",
    purpose=_BODY,
    tables=_BODY_SIZE_SAID,
)
def weight_vs_style_size(v: Inputs) -> Values:
    return v["weight_kg"] - share(v["style_size.fits_weight_hg"], v["style_size.fits_weighed"]) / 10.0


@cross(
    "declared weight minus the mean weight of those whom this size fits in the category",
    unit="kg",
    kind="cross",
    purpose=_BODY,
    tables=_BODY_SIZE_SAID,
)
def weight_vs_category_size(v: Inputs) -> Values:
    return v["weight_kg"] - share(v["category_size.fits_weight_hg"], v["category_size.fits_weighed"]) / 10.0


@cross(
    "declared height minus the mean height of those whom this size of the style fits",
    unit="cm",
    kind="cross",
    purpose=_BODY,
    tables=_BODY_SIZE_SAID,
)
def height_vs_style_size(v: Inputs) -> Values:
    return v["height_cm"] - share(v["style_size.fits_height_mm"], v["style_size.fits_measured"]) / 10.0


@cross(
    "declared height minus the mean height of those whom this size fits in the category",
    unit="cm",
    kind="cross",
    purpose=_BODY,
    tables=_BODY_SIZE_SAID,
)
def height_vs_category_size(v: Inputs) -> Values:
    return v["height_cm"] - share(v["category_size.fits_height_mm"], v["category_size.fits_measured"]) / 10.0


@cross(
    "share of 'small' on this size among similar bodies, shrunk to the style's",
    unit="rate",
    kind="cross",
    purpose=_BODY,
    tables=_BODY_SIZE_SAID,
)
def body_size_small_rate(v: Inputs) -> Values:
    return verdict_rate(v, "body_size", "small", style_verdict(v, "small"), 20.0)


@cross(
    "share of 'large' on this size among similar bodies, shrunk to the style's",
    unit="rate",
    kind="cross",
    purpose=_BODY,
    tables=_BODY_SIZE_SAID,
)
def body_size_large_rate(v: Inputs) -> Values:
    return verdict_rate(v, "body_size", "large", style_verdict(v, "large"), 20.0)


@cross(
    "share of 'small' on this style among similar weights, shrunk to the style's",
    unit="rate",
    kind="cross",
    purpose=_BODY,
    tables=_BODY_SIZE_SAID,
)
def style_body_small_rate(v: Inputs) -> Values:
    return verdict_rate(v, "style_body", "small", style_verdict(v, "small"), 10.0)


@cross(
    "share of 'large' on this style among similar weights, shrunk to the style's",
    unit="rate",
    kind="cross",
    purpose=_BODY,
    tables=_BODY_SIZE_SAID,
)
def style_body_large_rate(v: Inputs) -> Values:
    return verdict_rate(v, "style_body", "large", style_verdict(v, "large"), 10.0)


@cross("share of 'small' at the declared occasion, shrunk to the shop's", unit="rate", kind="cross", purpose=_BODY, tables=_BODY_SAID)
def occasion_small_rate(v: Inputs) -> Values:
    return verdict_rate(v, "occasion", "small", shop_verdict(v, "small"), 50.0)


@cross("share of 'large' at the declared occasion, shrunk to the shop's", unit="rate", kind="cross", purpose=_BODY, tables=_BODY_SAID)
def occasion_large_rate(v: Inputs) -> Values:
    return verdict_rate(v, "occasion", "large", shop_verdict(v, "large"), 50.0)


@cross(
    "spread of the customer's good sizes in this category: several persons on one account",
    unit="sizes",
    kind="cross",
    purpose=_OWN,
    tables=_GOOD,
)
def customer_category_size_spread(v: Inputs) -> Values:
    lines, sums = v["customer_category_sizes.good_sized_lines"], v["customer_category_sizes.good_size_tenths"]
    squares = v["customer_category_sizes.good_size_squares"]
    return np.sqrt(np.maximum(share(lines * squares - sums * sums, lines * lines), 0.0)) / 10.0


@cross("how often the customer kept this very size in the category", unit="lines", kind="cross", purpose=_OWN, tables=_SIZE_RETURNS)
def customer_size_kept_lines(v: Inputs) -> Values:
    return v["customer_size.kept_lines"]


@cross("this very size's share of what the customer ordered in the category", unit="rate", kind="cross", purpose=_OWN, tables=_SIZE)
def customer_size_share(v: Inputs) -> Values:
    return share(v["customer_size.ordered_lines"], v["customer_category.ordered_lines"])


@cross(
    "the customer's return rate for this very size in the category, shrunk to the customer's",
    unit="rate",
    kind="cross",
    purpose=_OWN,
    tables=_SIZE_RETURNS,
)
def customer_size_return_rate(v: Inputs) -> Values:
    return shrunk(v["customer_size.returned_lines"], v["customer_size.ordered_lines"], customer_rate(v), 5.0)


@cross(
    "offered size minus the usual size the customer stated for the category",
    unit="sizes",
    kind="cross",
    purpose=_BODY,
    tables=("preferences", *_SIZE),
)
def size_vs_stated(v: Inputs) -> Values:
    return v["size_position"] - v["stated_size"]
