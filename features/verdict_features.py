"""Histories of verdicts: how often this style, size, brand and body was said to be too small or too large."""

from __future__ import annotations

import numpy as np

from features.arithmetic import shrunk
from features.catalogue import Inputs, Values
from features.history_features import history

_VERDICTS = ("fit_feedback",)
_SIZE = ("fit_feedback", "products.size")
_BRAND_SIZE = ("fit_feedback", "products.size", "products.brand")
_OWN = "personalisation"

STYLE_WEIGHT, STYLE_SIZE_WEIGHT, CUSTOMER_WEIGHT = 4.0, 15.0, 10.0
"""How many verdicts outweigh what is expected: few for a style, as styles differ much; many for a size of a style and for a customer,
as they add little to the style (docs/decisions/0018-fit-model.md)."""


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
    return verdict_rate(v, "style", verdict, category_verdict(v, verdict), STYLE_WEIGHT)


def style_size_verdict(v: Inputs, verdict: str) -> Values:
    """The rate of a verdict on one size of a style, shrunk to style plus size effect."""
    prior = style_verdict(v, verdict) + category_size_verdict(v, verdict) - category_verdict(v, verdict)
    return verdict_rate(v, "style_size", verdict, np.clip(prior, 0.001, 0.999), STYLE_SIZE_WEIGHT)


@history("the style's share of verdicts 'small', shrunk to its category's", unit="rate", kind="offer", tables=_VERDICTS)
def style_small_rate(v: Inputs) -> Values:
    return style_verdict(v, "small")


@history("the style's share of verdicts 'large', shrunk to its category's", unit="rate", kind="offer", tables=_VERDICTS)
def style_large_rate(v: Inputs) -> Values:
    return style_verdict(v, "large")


@history("verdicts on the style", unit="verdicts", kind="offer", tables=_VERDICTS)
def style_verdicts(v: Inputs) -> Values:
    return said(v, "style")


@history("share of 'small' on this size of the style, shrunk to style plus size effect", unit="rate", kind="offer", tables=_SIZE)
def style_size_small_rate(v: Inputs) -> Values:
    return style_size_verdict(v, "small")


@history("share of 'large' on this size of the style, shrunk to style plus size effect", unit="rate", kind="offer", tables=_SIZE)
def style_size_large_rate(v: Inputs) -> Values:
    return style_size_verdict(v, "large")


@history("verdicts on this size of the style", unit="verdicts", kind="offer", tables=_SIZE)
def style_size_verdicts(v: Inputs) -> Values:
    return said(v, "style_size")


@history("share of 'small' on this size of the category, shrunk to the category's", unit="rate", kind="offer", tables=_SIZE)
def category_size_small_rate(v: Inputs) -> Values:
    return category_size_verdict(v, "small")


@history("share of 'large' on this size of the category, shrunk to the category's", unit="rate", kind="offer", tables=_SIZE)
def category_size_large_rate(v: Inputs) -> Values:
    return category_size_verdict(v, "large")


@history("share of 'small' on this size of the brand, shrunk to the size's in the category", unit="rate", kind="offer", tables=_BRAND_SIZE)
def brand_size_small_rate(v: Inputs) -> Values:
    return verdict_rate(v, "brand_size", "small", category_size_verdict(v, "small"), 20.0)


@history("share of 'large' on this size of the brand, shrunk to the size's in the category", unit="rate", kind="offer", tables=_BRAND_SIZE)
def brand_size_large_rate(v: Inputs) -> Values:
    return verdict_rate(v, "brand_size", "large", category_size_verdict(v, "large"), 20.0)


@history("verdicts the customer gave", unit="verdicts", kind="customer", purpose=_OWN, tables=_VERDICTS)
def customer_verdicts(v: Inputs) -> Values:
    return said(v, "customer")


@history("the customer's share of verdicts 'small', shrunk to the shop's", unit="rate", kind="customer", purpose=_OWN, tables=_VERDICTS)
def customer_small_rate(v: Inputs) -> Values:
    return verdict_rate(v, "customer", "small", shop_verdict(v, "small"), CUSTOMER_WEIGHT)


@history("the customer's share of verdicts 'large', shrunk to the shop's", unit="rate", kind="customer", purpose=_OWN, tables=_VERDICTS)
def customer_large_rate(v: Inputs) -> Values:
    return verdict_rate(v, "customer", "large", shop_verdict(v, "large"), CUSTOMER_WEIGHT)
