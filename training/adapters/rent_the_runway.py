"""RentTheRunway as a shop's tables: rented dresses, what customers said of the fit, and the measurements they declared.

How the source is read:

- A rental is an order line of one unit without a price; it always comes back, so `returns` is empty and says nothing of being kept.
- The source knows the day of the review only: the line is ordered and the verdict given at its midnight, UTC.
- Measurements and occasion are taken as declared the day before; of several rentals on one day the last that states a value counts.
- An implausible measurement (`_PLAUSIBLE`) is taken as not declared, and so is a cup outside aa … j.
- A second rental of the same customer, sku and day is rejected: its verdict could not be told from the first.
- A style that the source files under several categories gets its most frequent one.
- Age is protected and the rating is known only afterwards: neither column is read.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from domain.errors import ImportRefused
from domain.tables import UTC
from training.adapters.adapter import Adapter, Imported
from training.adapters.reconciliation import reconcile
from training.adapters.source_file import Field, read_fields

FIELDS = {
    "row_id": Field("whole number"),
    "fit": Field("text"),
    "user_id": Field("whole number"),
    "item_id": Field("whole number"),
    "category": Field("text"),
    "size": Field("whole number"),
    "review_date": Field("time"),
    "weight_lbs": Field("number", may_be_empty=True),
    "height_in": Field("number", may_be_empty=True),
    "bust_size_num": Field("number", may_be_empty=True),
    "bust_size_letter": Field("text", may_be_empty=True),
    "body_type": Field("text", may_be_empty=True),
    "rented_for": Field("text", may_be_empty=True),
}
"""The columns read."""

RENTAL = "rental with a verdict on the fit"
REPEATED = "same customer, sku and day as an earlier row"

_VERDICTS = {"small": "small", "fit": "fits", "large": "large"}
_CUPS = ("aa", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j")
_PLAUSIBLE = {"height_cm": (120.0, 220.0), "weight_kg": (35.0, 250.0), "bust_band_in": (24.0, 60.0)}
"""What an adult's measurement can be, both ends included."""

_CM_PER_INCH = 2.54
_KG_PER_POUND = 0.45359237
_CURRENCY = "USD"


def convert(path: Path) -> Imported:
    """Read the Parquet or CSV file and turn it into tables.

    Raises:
        ImportRefused: the file is not RentTheRunway.
    """
    source = read_fields(path, FIELDS)
    _refuse_foreign_values(source, path)
    return tables_of(source)


def tables_of(source: pd.DataFrame) -> Imported:
    """The tables products, order_lines, returns (empty), fit_feedback and preferences.

    Args:
        source: the columns of `FIELDS`, one row per rental.
    """
    rows = _rows(source)
    repeated = rows.duplicated(["customer_id", "sku", "at"])
    rentals = rows[~repeated].reset_index(drop=True)
    tables = {
        "products": _products(rentals),
        "order_lines": _order_lines(rentals),
        "returns": _no_returns(),
        "fit_feedback": _fit_feedback(rentals),
        "preferences": _preferences(rentals),
    }
    return Imported(tables, reconcile(repeated.map({False: RENTAL, True: REPEATED}), out=(RENTAL,), rejected=(REPEATED,)))


def _refuse_foreign_values(source: pd.DataFrame, path: Path) -> None:
    verdicts = sorted(set(source["fit"]) - set(_VERDICTS))
    if verdicts:
        raise ImportRefused(f"{path}: fit holds {', '.join(verdicts[:3])}", expected="small, fit or large")
    if not source["row_id"].is_unique:
        raise ImportRefused(f"{path}: row_id holds a number twice", expected="one row per row_id")


def _rows(source: pd.DataFrame) -> pd.DataFrame:
    """The source in the contract's words."""
    style_id, size = source["item_id"].astype("str"), source["size"].astype("str")
    return pd.DataFrame(
        {
            "line_id": "r" + source["row_id"].astype("str"),
            "customer_id": source["user_id"].astype("str"),
            "sku": style_id + "-" + size,
            "style_id": style_id,
            "category": source["category"],
            "size": size,
            "at": source["review_date"],
            "verdict": source["fit"].map(_VERDICTS).astype("str"),
            "height_cm": _as_text(source["height_in"] * _CM_PER_INCH, "height_cm", decimals=1),
            "weight_kg": _as_text(source["weight_lbs"] * _KG_PER_POUND, "weight_kg", decimals=1),
            "bust_band_in": _as_text(source["bust_size_num"], "bust_band_in", decimals=0),
            "bust_cup": source["bust_size_letter"].map({cup: str(place) for place, cup in enumerate(_CUPS)}).astype("str"),
            "body_shape": source["body_type"],
            "occasion": source["rented_for"],
        }
    )


def _as_text(measured: pd.Series, attribute: str, *, decimals: int) -> pd.Series:
    plausible = measured.where(measured.between(*_PLAUSIBLE[attribute]))
    return plausible.map(lambda value: f"{value:.{decimals}f}", na_action="ignore").astype("str")


def _products(rentals: pd.DataFrame) -> pd.DataFrame:
    counts = rentals.groupby(["style_id", "category"]).size().rename("rows").reset_index()
    ranked = counts.sort_values(["rows", "category"], ascending=[False, True])
    usual = ranked.drop_duplicates("style_id").set_index("style_id")["category"]
    skus = rentals.drop_duplicates("sku").sort_values("sku")[["sku", "style_id", "size"]]
    return skus.assign(category=skus["style_id"].map(usual), size_system="rtr", currency=_CURRENCY).reset_index(drop=True)


def _order_lines(rentals: pd.DataFrame) -> pd.DataFrame:
    lines = rentals[["line_id", "customer_id", "sku"]]
    return lines.assign(order_id=rentals["line_id"], ordered_at=rentals["at"], country="US", quantity=1, currency=_CURRENCY)


def _no_returns() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "return_id": pd.Series(dtype="str"),
            "line_id": pd.Series(dtype="str"),
            "quantity": pd.Series(dtype="int64"),
            "requested_at": pd.Series(dtype=UTC),
            "received_at": pd.Series(dtype=UTC),
        }
    )


def _fit_feedback(rentals: pd.DataFrame) -> pd.DataFrame:
    return rentals.rename(columns={"at": "given_at"})[["customer_id", "sku", "line_id", "given_at", "verdict"]]


def _preferences(rentals: pd.DataFrame) -> pd.DataFrame:
    attributes = ["height_cm", "weight_kg", "bust_band_in", "bust_cup", "body_shape", "occasion"]
    stated = rentals.assign(stated_at=rentals["at"] - pd.Timedelta(days=1))
    declared = stated.melt(["customer_id", "stated_at"], attributes, var_name="attribute", value_name="value").dropna(subset="value")
    last = declared.drop_duplicates(["customer_id", "attribute", "stated_at"], keep="last")
    return last.astype({"attribute": "str"}).reset_index(drop=True)


ADAPTER = Adapter(
    "rent-the-runway",
    "RentTheRunway: rentals with the customer's verdict on the fit and declared measurements "
    "(Misra, Wan and McAuley, RecSys 2018; research use with citation, no redistribution).",
    convert,
)
