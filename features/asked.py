"""The rows that features are asked for: who, which sku, when, at what price, and with what else in the basket."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import FeaturesRefused
from domain.tables import UTC, Tables

TEXTS = ("customer_id", "sku", "country", "channel", "payment_method")
TIMES = ("at", "promised_at")
NUMBERS = (
    "quantity",
    "unit_price",
    "discount",
    "basket_lines",
    "basket_units",
    "basket_value",
    "basket_same_style",
    "basket_same_sku",
)

ASKED = (*TEXTS, *TIMES, *NUMBERS)
"""Columns of an asked-for row: ids as text (all but sku may be missing), `at` and the promised delivery in UTC, `quantity` in units,
`unit_price`, `discount` (per unit) and `basket_value` in minor units (missing where unknown). The basket counts the row itself and
everything ordered with it."""


def of_order_lines(tables: Tables) -> pd.DataFrame:
    """Every order line as the customer was about to order it: a row per line, in the order of the table.

    The basket is what was ordered with it at the same moment: lines that are added to an order later are not in it yet.
    """
    lines = tables["order_lines"]
    style, price = _style_of(tables["products"], lines["sku"]), lines["unit_price"].astype("float64")
    units = lines["quantity"].astype("float64")
    basket = pd.DataFrame({"order": lines["order_id"], "at": lines["ordered_at"]})
    together = [pd.factorize(pd.MultiIndex.from_frame(basket))[0]]
    value = (units * price).groupby(together)
    numbers = {
        "quantity": units,
        "unit_price": price,
        "discount": lines["discount"].astype("float64"),
        "basket_lines": units.groupby(together).transform("size").astype("float64"),
        "basket_units": units.groupby(together).transform("sum"),
        "basket_value": value.transform("sum").mask(value.transform("count") < value.transform("size")),
        "basket_same_style": units.groupby([*together, style.to_numpy()]).transform("size").astype("float64"),
        "basket_same_sku": units.groupby([*together, lines["sku"].to_numpy()]).transform("size").astype("float64"),
    }
    times = {"at": lines["ordered_at"], "promised_at": lines["promised_at"]}
    return pd.DataFrame({**{name: lines[name] for name in TEXTS}, **times, **numbers})[list(ASKED)]


def of_impressions(tables: Tables) -> pd.DataFrame:
    """Every impression as if the customer put one unit of it into an empty basket then: a row per impression, in the order of the table.

    `unit_price` is the price that was shown, `discount` by how much it lay below the list price (missing where either is unknown, or it
    lay above), `country` that of the customer's account. Where it was sold, and how it would be paid and delivered, nobody was asked yet.
    """
    shown, products = tables["impressions"], tables["products"].set_index("sku")
    price = shown["price"].astype("float64")
    saved = shown["sku"].map(products["price"]).astype("float64") - price
    alone = dict.fromkeys(("quantity", "basket_lines", "basket_units", "basket_same_style", "basket_same_sku"), 1.0)
    who = {"customer_id": shown["customer_id"], "sku": shown["sku"], "country": _country_of(tables, shown["customer_id"])}
    numbers = {**alone, "unit_price": price, "discount": saved.where(saved >= 0), "basket_value": price}
    rows = pd.DataFrame({**dict.fromkeys(ASKED), **who, "at": shown["at"], **numbers}, index=shown.index)
    return rows.astype({**dict.fromkeys(TEXTS, "str"), **dict.fromkeys(TIMES, UTC), **dict.fromkeys(NUMBERS, "float64")})


def of_offers(
    products: pd.DataFrame,
    offers: pd.DataFrame,
    basket: pd.DataFrame,
    *,
    customer_id: str | None,
    country: str | None,
    at: pd.Timestamp,
    channel: str | None = None,
    payment_method: str | None = None,
    promised_at: pd.Timestamp | None = None,
) -> pd.DataFrame:
    """Each offer as if the customer put it into the basket now: a row per offer, in the order of `offers`.

    Args:
        products: the shop's assortment: sku and style_id.
        offers: sku, quantity, unit_price and discount (minor units; missing where unknown).
        basket: the same columns, for what lies in the basket already.
        customer_id: who; None for an unknown shopper.
        country: market.
        at: when.
        channel: web, app, …, if known.
        payment_method: how it will be paid, if chosen.
        promised_at: when it will be delivered, if promised.
    """
    styles = dict(zip(products["sku"].tolist(), products["style_id"].tolist(), strict=True))
    skus, rows = offers["sku"].tolist(), len(offers)
    same_sku = Counter(basket["sku"].tolist())
    same_style = Counter(styles.get(sku, sku) for sku in basket["sku"].tolist())
    quantity, price, discount = (offers[name].to_numpy(dtype="float64", na_value=np.nan) for name in ("quantity", "unit_price", "discount"))
    units, prices = (basket[name].to_numpy(dtype="float64", na_value=np.nan) for name in ("quantity", "unit_price"))
    return pd.DataFrame(
        {
            "customer_id": pd.Series([customer_id] * rows, dtype="str"),
            "sku": pd.Series(skus, dtype="str"),
            "country": pd.Series([country] * rows, dtype="str"),
            "channel": pd.Series([channel] * rows, dtype="str"),
            "payment_method": pd.Series([payment_method] * rows, dtype="str"),
            "at": pd.Series([at] * rows, dtype=UTC),
            "promised_at": pd.Series([promised_at] * rows, dtype=UTC),
            "quantity": quantity,
            "unit_price": price,
            "discount": discount,
            "basket_lines": np.full(rows, 1.0 + len(basket)),
            "basket_units": quantity + units.sum(),
            "basket_value": quantity * price + (units * prices).sum(),
            "basket_same_style": np.array([1.0 + same_style[styles.get(sku, sku)] for sku in skus], dtype="float64"),
            "basket_same_sku": np.array([1.0 + same_sku[sku] for sku in skus], dtype="float64"),
        }
    )


def asked_numbers(asked: pd.DataFrame) -> dict[str, npt.NDArray[np.float64]]:
    """The numbers of asked-for rows, by name."""
    return {name: asked[name].to_numpy(dtype="float64") for name in NUMBERS}


def require_asked(asked: pd.DataFrame) -> None:
    """Refuse rows that are not what `ASKED` says.

    Raises:
        FeaturesRefused: a column is missing or of the wrong kind, or a sku or time is empty.
    """
    missing = [column for column in ASKED if column not in asked.columns]
    if missing:
        raise FeaturesRefused(f"asked-for rows lack {', '.join(missing)}", expected=", ".join(ASKED))
    for column in TIMES:
        if asked[column].dtype != UTC:
            raise FeaturesRefused(f"asked-for rows have {column} as {asked[column].dtype}", expected=str(UTC))
    wrong = [column for column in NUMBERS if asked[column].dtype != np.float64]
    if wrong:
        raise FeaturesRefused(f"asked-for rows have {wrong[0]} as {asked[wrong[0]].dtype}", expected="float64")
    if asked["at"].isna().any() or asked["sku"].isna().any():
        raise FeaturesRefused("asked-for rows have an empty sku or at", advice="leave them out")


def _country_of(tables: Tables, customer_id: pd.Series) -> pd.Series:
    if "customers" not in tables:
        return pd.Series(None, index=customer_id.index, dtype="str")
    return customer_id.map(tables["customers"].set_index("customer_id")["country"]).astype("str")


def _style_of(products: pd.DataFrame, sku: pd.Series) -> pd.Series:
    return sku.map(products.set_index("sku")["style_id"]).fillna(sku)
