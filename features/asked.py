"""The rows that features are asked for: who, which sku, when, at what price, and with what else in the basket."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import FeaturesRefused
from domain.tables import UTC, Tables

ASKED = (
    "customer_id",
    "sku",
    "at",
    "country",
    "quantity",
    "unit_price",
    "basket_lines",
    "basket_units",
    "basket_value",
    "basket_same_style",
    "basket_same_sku",
)
"""Columns of an asked-for row: ids as text (customer_id may be missing), `at` in UTC, `quantity` in units, `unit_price` and
`basket_value` in minor units (missing where unknown). The basket counts the row itself and everything ordered with it."""

_NUMBERS = ASKED[4:]


def of_order_lines(tables: Tables) -> pd.DataFrame:
    """Every order line as the customer was about to order it: a row per line, in the order of the table."""
    lines = tables["order_lines"]
    style = _style_of(tables["products"], lines["sku"])
    unit_price = lines["unit_price"].astype("float64")
    value = lines["quantity"] * unit_price
    order = lines["order_id"]
    frame = pd.DataFrame(
        {
            "customer_id": lines["customer_id"],
            "sku": lines["sku"],
            "at": lines["ordered_at"],
            "country": lines["country"],
            "quantity": lines["quantity"].astype("float64"),
            "unit_price": unit_price,
            "basket_lines": order.map(order.value_counts()).astype("float64"),
            "basket_units": lines["quantity"].groupby(order).transform("sum").astype("float64"),
            "basket_value": value.groupby(order).transform("sum").mask(value.isna().groupby(order).transform("any")),
            "basket_same_style": _alike(order, style),
            "basket_same_sku": _alike(order, lines["sku"]),
        }
    )
    return frame[list(ASKED)]


def of_offers(
    products: pd.DataFrame,
    offers: pd.DataFrame,
    basket: pd.DataFrame,
    *,
    customer_id: str | None,
    country: str | None,
    at: pd.Timestamp,
) -> pd.DataFrame:
    """Each offer as if the customer put it into the basket now: a row per offer, in the order of `offers`.

    Args:
        products: the shop's assortment: sku and style_id.
        offers: sku, quantity, unit_price (minor units; missing where unknown).
        basket: the same columns, for what lies in the basket already.
        customer_id: who; None for an unknown shopper.
        country: market.
        at: when.
    """
    styles = dict(zip(products["sku"].tolist(), products["style_id"].tolist(), strict=True))
    skus, rows = offers["sku"].tolist(), len(offers)
    same_sku = Counter(basket["sku"].tolist())
    same_style = Counter(styles.get(sku, sku) for sku in basket["sku"].tolist())
    quantity, price = (offers[name].to_numpy(dtype="float64", na_value=np.nan) for name in ("quantity", "unit_price"))
    units, prices = (basket[name].to_numpy(dtype="float64", na_value=np.nan) for name in ("quantity", "unit_price"))
    return pd.DataFrame(
        {
            "customer_id": pd.Series([customer_id] * rows, dtype="str"),
            "sku": pd.Series(skus, dtype="str"),
            "at": pd.Series([at] * rows, dtype=UTC),
            "country": pd.Series([country] * rows, dtype="str"),
            "quantity": quantity,
            "unit_price": price,
            "basket_lines": np.full(rows, 1.0 + len(basket)),
            "basket_units": quantity + units.sum(),
            "basket_value": quantity * price + (units * prices).sum(),
            "basket_same_style": np.array([1.0 + same_style[styles.get(sku, sku)] for sku in skus], dtype="float64"),
            "basket_same_sku": np.array([1.0 + same_sku[sku] for sku in skus], dtype="float64"),
        }
    )


def asked_numbers(asked: pd.DataFrame) -> dict[str, npt.NDArray[np.float64]]:
    """The numbers of asked-for rows, by name."""
    return {name: asked[name].to_numpy(dtype="float64") for name in _NUMBERS}


def require_asked(asked: pd.DataFrame) -> None:
    """Refuse rows that are not what `ASKED` says.

    Raises:
        FeaturesRefused: a column is missing or of the wrong kind, or a sku or time is empty.
    """
    missing = [column for column in ASKED if column not in asked.columns]
    if missing:
        raise FeaturesRefused(f"asked-for rows lack {', '.join(missing)}", expected=", ".join(ASKED))
    if asked["at"].dtype != UTC:
        raise FeaturesRefused(f"asked-for rows have at as {asked['at'].dtype}", expected=str(UTC))
    wrong = [column for column in _NUMBERS if asked[column].dtype != np.float64]
    if wrong:
        raise FeaturesRefused(f"asked-for rows have {wrong[0]} as {asked[wrong[0]].dtype}", expected="float64")
    if asked["at"].isna().any() or asked["sku"].isna().any():
        raise FeaturesRefused("asked-for rows have an empty sku or at", advice="leave them out")


def _style_of(products: pd.DataFrame, sku: pd.Series) -> pd.Series:
    return sku.map(products.set_index("sku")["style_id"]).fillna(sku)


def _alike(order: pd.Series, what: pd.Series) -> pd.Series:
    together = pd.DataFrame({"order": order.to_numpy(), "what": what.to_numpy()})
    return together.groupby(["order", "what"])["what"].transform("size").astype("float64")
