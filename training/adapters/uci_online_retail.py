"""UCI Online Retail as a shop's tables: a British gift wholesaler whose cancellations are its returns.

How the source is read:

- Each row has one outcome; of several reasons to reject it the first of `REJECTED` counts.
- A product code is five digits, perhaps with letters for the variant (85123A), or begins with DCGS (goods of the sister shop). All other
  codes are postage, fees, vouchers, samples, discounts or manual entries (POST, DOT, C2, M, D, S, B, BANK CHARGES, gift_0001_20, …).
- A price that rounds to no penny is no price. Prices round half to even.
- A cancellation (invoice number C…) takes back the latest earlier purchase line of the same customer and sku with enough units left.
  On a later day it is a return. On the same day it is a correction: the purchase shrinks, and disappears when nothing is left of it.
- A cancellation without such a line (bought before the data begins, or in several lines) is rejected, not split.
- Rows that repeat another one exactly are lines of their own: the source has no line numbers, and a gift can be scanned twice.
- Times carry no zone; they are taken as UTC. Nothing is known of delivery: a return is asked for and received when it is cancelled.
- The shop has no categories: every product's is "gift". A product's price is that of its latest purchase.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from training.adapters.adapter import Adapter, Imported
from training.adapters.amounts import in_cents
from training.adapters.cancellations import match_cancellations
from training.adapters.countries import COUNTRY_CODES
from training.adapters.reconciliation import reconcile
from training.adapters.source_file import Field, read_fields

FIELDS = {
    "InvoiceNo": Field("text"),
    "StockCode": Field("text"),
    "Quantity": Field("whole number"),
    "InvoiceDate": Field("time"),
    "UnitPrice": Field("number"),
    "CustomerID": Field("whole number", may_be_empty=True),
    "Country": Field("text", may_be_empty=True),
}
"""The columns read; Description is not."""

PURCHASE = "purchase line"
RETURN = "cancellation matched to a purchase (return)"
CORRECTION = "same-day correction"
NO_CUSTOMER = "no customer id"
NO_PRODUCT = "no product code"
NO_PRICE = "zero or negative price"
NO_UNITS = "no units bought or cancelled (stock adjustment)"
UNMATCHED = "unmatched cancellation"
CANCELLED = "purchase cancelled the same day"

OUT = (PURCHASE, RETURN, CORRECTION)
REJECTED = (NO_CUSTOMER, NO_PRODUCT, NO_PRICE, NO_UNITS, UNMATCHED, CANCELLED)

_PRODUCT_CODE = r"(?P<style>\d{5}|DCGS\w+)(?P<variant>[A-Za-z]*)"
_CURRENCY = "GBP"


def convert(path: Path) -> Imported:
    """Read the Parquet or CSV file and turn it into tables.

    Raises:
        domain.errors.ImportRefused: the file is not UCI Online Retail.
    """
    return tables_of(read_fields(path, FIELDS))


def tables_of(source: pd.DataFrame) -> Imported:
    """The tables products, order_lines, returns and customers.

    Args:
        source: the columns of `FIELDS`, one row per invoice line.
    """
    rows = _rows(source)
    usable = rows[rows["outcome"] == ""]
    matches = _matches(usable)
    bought = _after_corrections(usable[~usable["cancels"]], matches[matches["same_day"]])
    rows["outcome"] = rows["outcome"].mask(rows["outcome"] == "", _outcomes(usable, matches, bought))
    lines = bought[bought["units"] > 0]
    tables = {
        "products": _products(lines),
        "order_lines": _order_lines(lines),
        "returns": _returns(usable, matches[~matches["same_day"]]),
        "customers": _customers(lines),
    }
    return Imported(tables, reconcile(rows["outcome"], out=OUT, rejected=REJECTED))


def _rows(source: pd.DataFrame) -> pd.DataFrame:
    """The source in the contract's words, numbered from 0; `outcome` is empty where nothing speaks against the row."""
    source = source.reset_index(drop=True)
    cancels = source["InvoiceNo"].str.startswith("C")
    position = source.groupby("InvoiceNo").cumcount() + 1
    rows = pd.DataFrame(
        {
            "line_id": source["InvoiceNo"] + "-" + position.astype("str"),
            "order_id": source["InvoiceNo"],
            "customer_id": source["CustomerID"].astype("str"),
            "sku": source["StockCode"],
            "at": source["InvoiceDate"],
            "country": source["Country"].map(COUNTRY_CODES).astype("str"),
            "units": source["Quantity"].mask(cancels, -source["Quantity"]),
            "price": in_cents(source["UnitPrice"]).astype("int64"),
            "cancels": cancels,
        }
    )
    return rows.assign(outcome=_first_objection(rows))


def _first_objection(rows: pd.DataFrame) -> np.ndarray:
    objections = {
        NO_CUSTOMER: rows["customer_id"].isna(),
        NO_PRODUCT: ~rows["sku"].str.fullmatch(_PRODUCT_CODE),
        NO_PRICE: rows["price"] <= 0,
        NO_UNITS: rows["units"] <= 0,
    }
    return np.select([objection.to_numpy(bool) for objection in objections.values()], list(objections), default="")


def _matches(usable: pd.DataFrame) -> pd.DataFrame:
    """Per matched cancellation (the index): its purchase's row, its units, and whether both lie on the same day."""
    purchase = match_cancellations(usable)
    cancelled_on = usable["at"].loc[purchase.index].dt.normalize()
    bought_on = usable["at"].loc[purchase].dt.normalize()
    same_day = cancelled_on.to_numpy() == bought_on.to_numpy()
    return pd.DataFrame({"purchase": purchase, "units": usable["units"].loc[purchase.index], "same_day": same_day})


def _after_corrections(purchases: pd.DataFrame, corrections: pd.DataFrame) -> pd.DataFrame:
    taken_back = corrections.groupby("purchase")["units"].sum().reindex(purchases.index, fill_value=0)
    return purchases.assign(units=purchases["units"] - taken_back)


def _outcomes(usable: pd.DataFrame, matches: pd.DataFrame, bought: pd.DataFrame) -> pd.Series:
    outcomes = pd.Series(UNMATCHED, index=usable.index, dtype="str")
    outcomes.loc[matches.index] = np.where(matches["same_day"], CORRECTION, RETURN)
    outcomes.loc[bought.index] = np.where(bought["units"] > 0, PURCHASE, CANCELLED)
    return outcomes


def _products(lines: pd.DataFrame) -> pd.DataFrame:
    latest = lines.sort_values("at", kind="stable").drop_duplicates("sku", keep="last").sort_values("sku")
    code = latest["sku"].str.extract(f"^{_PRODUCT_CODE}$")
    return pd.DataFrame(
        {
            "sku": latest["sku"],
            "style_id": code["style"],
            "category": "gift",
            "colour": code["variant"].mask(code["variant"] == ""),
            "price": latest["price"].astype("Int64"),
            "currency": _CURRENCY,
        }
    ).reset_index(drop=True)


def _order_lines(lines: pd.DataFrame) -> pd.DataFrame:
    columns = ["line_id", "order_id", "customer_id", "sku", "ordered_at", "country", "quantity", "unit_price", "currency"]
    named = lines.rename(columns={"at": "ordered_at", "units": "quantity", "price": "unit_price"}).assign(currency=_CURRENCY)
    return named[columns].astype({"unit_price": "Int64"}).reset_index(drop=True)


def _returns(usable: pd.DataFrame, matches: pd.DataFrame) -> pd.DataFrame:
    cancelled = usable.loc[matches.index].reset_index(drop=True)
    purchase = usable.loc[matches["purchase"]].reset_index(drop=True)
    refunded_price = cancelled["price"].clip(upper=purchase["price"])
    return pd.DataFrame(
        {
            "return_id": cancelled["line_id"],
            "line_id": purchase["line_id"],
            "quantity": cancelled["units"],
            "requested_at": cancelled["at"],
            "received_at": cancelled["at"],
            "refund": (cancelled["units"] * refunded_price).astype("Int64"),
        }
    )


def _customers(lines: pd.DataFrame) -> pd.DataFrame:
    first = lines.sort_values("at", kind="stable").drop_duplicates("customer_id")
    return first.rename(columns={"at": "joined_at"})[["customer_id", "joined_at", "country"]].reset_index(drop=True)


ADAPTER = Adapter(
    "uci-online-retail",
    "UCI Online Retail: a year of a British gift wholesaler's invoices, cancellations as returns "
    "(Chen 2015, UCI Machine Learning Repository; CC BY 4.0, name the source).",
    convert,
)
