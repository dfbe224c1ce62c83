"""The orders of the Data Mining Cup 2016 as a shop's tables: a fashion shop's lines with how many of their units came back.

How the source is read:

- A row is an order line; its number within the order, in the file's order, completes its id. Days begin at midnight UTC; amounts are
  euros. Neither the country nor any delivery is told: the return window opens with the order.
- `price` is what the whole line cost: a unit's price is a quantity-th of it, half to even. `rrp`, the recommended price, is the list
  price; what a unit cost less is its discount. A voucher is given per order, not per line: it is not read.
- How many units came back is known, when is not: see `unsaid.RETURNED_AFTER_DAYS`. Their whole price is refunded.
- The category is the product group, none where it is missing; a size's system is the group and how the size is spelled.
- A line without units is no order line. Of several reasons to reject a row the first of `REJECTED` counts.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from domain.errors import ImportRefused
from training.adapters.adapter import Adapter, Imported
from training.adapters.amounts import in_cents
from training.adapters.reconciliation import reconcile
from training.adapters.source_file import Delimited, Field, read_fields
from training.adapters.unsaid import returned_at, spelled_systems

FIELDS = {
    "orderID": Field("text"),
    "orderDate": Field("time"),
    "articleID": Field("text"),
    "colorCode": Field("text", may_be_empty=True),
    "sizeCode": Field("text", may_be_empty=True),
    "productGroup": Field("text", may_be_empty=True),
    "quantity": Field("whole number"),
    "price": Field("number"),
    "rrp": Field("number", may_be_empty=True),
    "customerID": Field("text"),
    "deviceID": Field("text", may_be_empty=True),
    "paymentMethod": Field("text", may_be_empty=True),
    "returnQuantity": Field("whole number"),
}
"""The columns of orders_train.txt that are read; voucherID and voucherAmount are not. orders_class.txt lacks returnQuantity."""

LABEL = "returnQuantity"
TEXT = Delimited(";", ("", "?", "NA"))

KEPT = "kept whole"
RETURNED = "came back whole"
PARTLY = "came back in part"
NO_UNITS = "no units ordered"
NO_PRICE = "negative price"
TOO_MANY = "more units came back than were ordered, or fewer than none"

OUT = (KEPT, RETURNED, PARTLY)
REJECTED = (NO_UNITS, NO_PRICE, TOO_MANY)

_CURRENCY, _NO_GROUP = "EUR", "none"


def read(path: Path, *, labelled: bool = True) -> pd.DataFrame:
    """A file of the source; rows that are to be forecast have no label.

    Raises:
        ImportRefused: it has another layout.
    """
    return read_fields(path, {name: field for name, field in FIELDS.items() if labelled or name != LABEL}, TEXT)


def convert(path: Path) -> Imported:
    """Read orders_train.txt and turn it into tables.

    Raises:
        ImportRefused: it has another layout, or no row can be used.
    """
    imported = tables_of(read(path))
    if imported.tables["order_lines"].empty:
        raise ImportRefused(f"{path} holds no usable row", expected="rows with units and a price")
    return imported


def tables_of(source: pd.DataFrame) -> Imported:
    """The tables products, order_lines and returns.

    Args:
        source: the columns of `FIELDS`, one row per order line; without a label nothing came back.
    """
    rows = rows_of(source)
    lines = rows[~rows["outcome"].isin(REJECTED)].reset_index(drop=True)
    tables = {
        "products": _products(lines),
        "order_lines": _order_lines(lines),
        "returns": _returns(lines[lines["came_back"] > 0]),
    }
    return Imported(tables, reconcile(rows["outcome"], out=OUT, rejected=REJECTED))


def rows_of(source: pd.DataFrame) -> pd.DataFrame:
    """The source in the contract's words, row by row, each with its outcome."""
    group = source["productGroup"].fillna(_NO_GROUP)
    colour, size = source["colorCode"].fillna(""), source["sizeCode"].fillna("")
    rows = pd.DataFrame(
        {
            "line_id": source["orderID"] + "-" + (source.groupby("orderID").cumcount() + 1).astype("str"),
            "order_id": source["orderID"],
            "customer_id": source["customerID"],
            "sku": source["articleID"] + "-" + size + "-" + colour,
            "style_id": source["articleID"],
            "category": group,
            "size": source["sizeCode"],
            "size_system": group + " " + spelled_systems(source["sizeCode"]),
            "colour": source["colorCode"],
            "ordered_at": source["orderDate"],
            "quantity": source["quantity"],
            "unit_price": in_cents(source["price"] / source["quantity"].where(source["quantity"] > 0)),
            "list_price": in_cents(source["rrp"]),
            "channel": source["deviceID"],
            "payment_method": source["paymentMethod"],
            "came_back": source.get(LABEL, 0),
        }
    )
    return rows.assign(outcome=_outcomes(rows))


def _outcomes(rows: pd.DataFrame) -> np.ndarray:
    units, back = rows["quantity"].to_numpy(), rows["came_back"].to_numpy()
    below_zero = (rows["unit_price"] < 0).fillna(False).to_numpy(bool)
    conditions = [units <= 0, below_zero, (back < 0) | (back > units), back == 0, back == units]
    return np.select(conditions, [NO_UNITS, NO_PRICE, TOO_MANY, KEPT, RETURNED], default=PARTLY)


def _products(lines: pd.DataFrame) -> pd.DataFrame:
    latest = lines.sort_values("ordered_at", kind="stable").drop_duplicates("sku", keep="last").sort_values("sku")
    named = latest[["sku", "style_id", "category", "size", "size_system", "colour"]]
    return named.assign(price=latest["list_price"].fillna(latest["unit_price"]), currency=_CURRENCY).reset_index(drop=True)


def _order_lines(lines: pd.DataFrame) -> pd.DataFrame:
    named = ["line_id", "order_id", "customer_id", "sku", "ordered_at", "channel", "payment_method", "quantity", "unit_price"]
    saved = lines["list_price"] - lines["unit_price"]
    return lines[named].assign(discount=saved.where(saved >= 0), currency=_CURRENCY)


def _returns(lines: pd.DataFrame) -> pd.DataFrame:
    moment = returned_at(lines["ordered_at"], lines["ordered_at"])
    refund = lines["came_back"].astype("Int64") * lines["unit_price"]
    told = {"line_id": lines["line_id"], "quantity": lines["came_back"], "requested_at": moment, "received_at": moment, "refund": refund}
    return pd.DataFrame({"return_id": lines["line_id"] + "-back", **told}).astype({"quantity": "int64"}).reset_index(drop=True)


ADAPTER = Adapter(
    "dmc-2016",
    "Data Mining Cup 2016: 21 months of a fashion shop's order lines and how many units came back (orders_train.txt of prudsys AG; "
    "for participants, no redistribution; returns are dated 14 days after the order, as the file does not say when).",
    convert,
)
