"""RentTheRunway as a shop's tables: rented dresses, what customers said of the fit, and the measurements they declared.

How the source is read:

- A rental is an order line of one unit without a price; it always comes back, so `returns` is empty and says nothing of being kept.
- The source knows the day of the review only: the line is ordered and the verdict given at its midnight, UTC.
- Measurements and occasion are taken as declared the day before; of several rentals on one day the last that states a value counts.
- An implausible measurement (`verdict_tables.PLAUSIBLE`) is taken as not declared, and so is a cup outside aa … k.
- A second rental of the same customer, sku and day is rejected: its verdict could not be told from the first.
- A style that the source files under several categories gets its most frequent one.
- Age is protected and the rating is known only afterwards: neither column is read.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from domain.errors import ImportRefused
from training.adapters.adapter import Adapter, Imported
from training.adapters.source_file import Field, read_fields
from training.adapters.verdict_tables import (
    CM_PER_INCH,
    KG_PER_POUND,
    VERDICTS,
    cup_places,
    measured,
    refuse_other_verdicts,
    verdict_tables,
)

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

_ATTRIBUTES = ("height_cm", "weight_kg", "bust_band_in", "bust_cup", "body_shape", "occasion")


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
    return verdict_tables(_rows(source), _ATTRIBUTES, said=RENTAL, repeated=REPEATED)


def _refuse_foreign_values(source: pd.DataFrame, path: Path) -> None:
    refuse_other_verdicts(source["fit"], path)
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
            "size_system": "rtr",
            "verdict": source["fit"].map(VERDICTS).astype("str"),
            "height_cm": measured(source["height_in"] * CM_PER_INCH, "height_cm", decimals=1),
            "weight_kg": measured(source["weight_lbs"] * KG_PER_POUND, "weight_kg", decimals=1),
            "bust_band_in": measured(source["bust_size_num"], "bust_band_in", decimals=0),
            "bust_cup": cup_places(source["bust_size_letter"]),
            "body_shape": source["body_type"],
            "occasion": source["rented_for"],
        }
    )


ADAPTER = Adapter(
    "rent-the-runway",
    "RentTheRunway: rentals with the customer's verdict on the fit and declared measurements "
    "(Misra, Wan and McAuley, RecSys 2018; research use with citation, no redistribution).",
    convert,
)
