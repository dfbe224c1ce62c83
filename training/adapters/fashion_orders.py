"""Orders of a German fashion shop as a shop's tables; the Data Mining Cup 2014 and the BADS course published them in the same columns.

How the sources are read:

- A row is an order line of one unit. There is no order number: what a customer ordered on one day is one order.
- Days carry no time and no zone: they begin at midnight UTC, which is the same day in Germany. Amounts are euros.
- That a line came back is known, when is not: see `unsaid.RETURNED_AFTER_DAYS`. The whole price is refunded.
- A delivery before its order (a day of the 1990s) is taken as not told, as is one that is missing.
- Title, date of birth and state of the customer are not read: sex and age are protected, the state stands in for origin.
- The sources have no categories: every product's is "fashion". A size's system is how it is spelled. The brand is the manufacturer's
  number. A product's price is that of its latest order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from domain.errors import ImportRefused
from domain.tables import UTC
from training.adapters.adapter import Imported
from training.adapters.amounts import in_cents
from training.adapters.reconciliation import reconcile
from training.adapters.source_file import Delimited, Field, read_fields
from training.adapters.unsaid import returned_at, spelled_systems

KEPT = "delivered and kept"
RETURNED = "came back"
UNDELIVERED = "kept, and no believable delivery is told"
NO_PRICE = "negative price"

OUT = (KEPT, RETURNED, UNDELIVERED)
REJECTED = (NO_PRICE,)

_FIELDS = {
    "line_id": Field("text"),
    "ordered_at": Field("time"),
    "delivered_at": Field("time", may_be_empty=True),
    "style_id": Field("text"),
    "size": Field("text", may_be_empty=True),
    "colour": Field("text", may_be_empty=True),
    "brand": Field("text", may_be_empty=True),
    "price": Field("number", may_be_empty=True),
    "customer_id": Field("text"),
    "joined_at": Field("time", may_be_empty=True),
    "returned": Field("whole number"),
}
_LABEL = "returned"
_CURRENCY, _COUNTRY, _CATEGORY = "EUR", "DE", "fashion"


@dataclass(frozen=True)
class Layout:
    """How one source names its columns.

    Attributes:
        columns: the source's column by what it tells, for every key of a row.
        text: how the file is laid out.
    """

    columns: Mapping[str, str]
    text: Delimited

    def fields(self, *, labelled: bool = True) -> dict[str, Field]:
        """The source's columns; rows that are to be forecast have no label."""
        return {self.columns[name]: field for name, field in _FIELDS.items() if labelled or name != _LABEL}

    def read(self, path: Path, *, labelled: bool = True) -> pd.DataFrame:
        """A file of the source, in Keeprank's names.

        Raises:
            ImportRefused: it has another layout, names a line twice, or tells of a return neither yes (1) nor no (0).
        """
        names = {source: name for name, source in self.columns.items()}
        rows = read_fields(path, self.fields(labelled=labelled), self.text).rename(columns=names)
        _refuse(rows, path, self.columns)
        return rows

    def convert(self, path: Path) -> Imported:
        """A labelled file as tables.

        Raises:
            ImportRefused: it has another layout.
        """
        return tables_of(self.read(path))


def tables_of(rows: pd.DataFrame) -> Imported:
    """The tables products, order_lines, returns and customers.

    Args:
        rows: what `Layout.read` returned; without a label nothing came back.
    """
    told = rows.assign(
        delivered_at=rows["delivered_at"].where(rows["delivered_at"] >= rows["ordered_at"]),
        price=in_cents(rows["price"]),
        sku=rows["style_id"] + "-" + rows["size"].fillna("") + "-" + rows["colour"].fillna(""),
        returned=(rows[_LABEL] if _LABEL in rows else pd.Series(0, index=rows.index)) == 1,
    )
    outcome = _outcomes(told)
    lines = told[~outcome.isin(REJECTED)].reset_index(drop=True)
    tables = {
        "products": _products(lines),
        "order_lines": _order_lines(lines),
        "returns": _returns(lines[lines["returned"]]),
        "customers": _customers(lines),
    }
    return Imported(tables, reconcile(outcome, out=OUT, rejected=REJECTED))


def _refuse(rows: pd.DataFrame, path: Path, columns: Mapping[str, str]) -> None:
    wrong = []
    if not rows["line_id"].is_unique:
        wrong.append(f"{columns['line_id']} holds {rows['line_id'][rows['line_id'].duplicated()].iloc[0]} twice")
    others = sorted(set(rows[_LABEL]) - {0, 1}) if _LABEL in rows else []
    if others:
        wrong.append(f"{columns[_LABEL]} holds {others[0]}")
    if wrong:
        raise ImportRefused(f"{path}: {'; '.join(wrong)}", expected=f"one row per {columns['line_id']}, {columns[_LABEL]} 0 or 1")


def _outcomes(told: pd.DataFrame) -> pd.Series:
    below_zero = (told["price"] < 0).fillna(False).to_numpy(bool)
    conditions = [below_zero, told["returned"].to_numpy(bool), told["delivered_at"].isna().to_numpy()]
    return pd.Series(np.select(conditions, [NO_PRICE, RETURNED, UNDELIVERED], default=KEPT), index=told.index)


def _products(lines: pd.DataFrame) -> pd.DataFrame:
    latest = lines.sort_values("ordered_at", kind="stable").drop_duplicates("sku", keep="last").sort_values("sku")
    named = latest[["sku", "style_id", "brand", "size", "colour", "price"]]
    systems = spelled_systems(latest["size"])
    return named.assign(category=_CATEGORY, size_system=systems, currency=_CURRENCY).reset_index(drop=True)


def _order_lines(lines: pd.DataFrame) -> pd.DataFrame:
    named = lines[["line_id", "customer_id", "sku", "ordered_at", "delivered_at"]]
    return named.assign(
        order_id=lines["customer_id"] + "-" + lines["ordered_at"].dt.strftime("%Y%m%d"),
        country=_COUNTRY,
        quantity=1,
        unit_price=lines["price"],
        currency=_CURRENCY,
    )


def _returns(lines: pd.DataFrame) -> pd.DataFrame:
    moment = returned_at(lines["ordered_at"], lines["delivered_at"])
    told = {"line_id": lines["line_id"], "quantity": 1, "requested_at": moment, "received_at": moment, "refund": lines["price"]}
    return pd.DataFrame({"return_id": lines["line_id"] + "-back", **told}).astype({"quantity": "int64"}).reset_index(drop=True)


def _customers(lines: pd.DataFrame) -> pd.DataFrame:
    """Accounts whose opening is told; the earliest day where a customer has several."""
    joined = lines.dropna(subset=["joined_at"]).groupby("customer_id", sort=True)["joined_at"].min().astype(UTC)
    return joined.reset_index().assign(country=_COUNTRY)
