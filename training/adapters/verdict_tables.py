"""The tables of a source that tells who wore which size of what, and how it fitted: no prices, no returns, one unit a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from domain.errors import ImportRefused
from domain.tables import UTC
from training.adapters.adapter import Imported
from training.adapters.reconciliation import reconcile

VERDICTS: Mapping[str, str] = {"small": "small", "fit": "fits", "large": "large"}
"""The contract's verdict by the sources' word."""

CUPS = ("aa", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k")
"""Cups in their order."""

PLAUSIBLE = {
    "height_cm": (120.0, 220.0),
    "weight_kg": (35.0, 250.0),
    "bust_band_in": (24.0, 60.0),
    "waist_cm": (45.0, 180.0),
    "hips_cm": (60.0, 200.0),
}
"""What an adult's measurement can be, both ends included."""

CM_PER_INCH = 2.54
KG_PER_POUND = 0.45359237
_CURRENCY = "USD"


def verdict_tables(rows: pd.DataFrame, attributes: Sequence[str], *, said: str, repeated: str) -> Imported:
    """The tables products, order_lines, returns (empty), fit_feedback and preferences.

    What the customer declares is taken as declared the day before; of several lines on one day the last that states a value counts.
    A second line of the same customer, sku and moment is rejected: its verdict could not be told from the first. A style in several
    categories gets its most frequent one.

    Args:
        rows: line_id, customer_id, sku, style_id, category, size, size_system, at, verdict, and the attributes as text (missing where
            not declared), one row per line of the file.
        attributes: the columns that a customer declares.
        said: what the reconciliation calls a line with a verdict.
        repeated: what it calls a line that repeats an earlier one.
    """
    again = rows.duplicated(["customer_id", "sku", "at"])
    lines = rows[~again].reset_index(drop=True)
    tables = {
        "products": _products(lines),
        "order_lines": _order_lines(lines),
        "returns": _no_returns(),
        "fit_feedback": lines.rename(columns={"at": "given_at"})[["customer_id", "sku", "line_id", "given_at", "verdict"]],
        "preferences": _preferences(lines, attributes),
    }
    return Imported(tables, reconcile(again.map({False: said, True: repeated}), out=(said,), rejected=(repeated,)))


def refuse_other_verdicts(found: pd.Series, source: object) -> None:
    """Refuse a file whose column fit holds other words.

    Raises:
        ImportRefused: it does.
    """
    others = sorted(set(found) - set(VERDICTS))
    if others:
        raise ImportRefused(f"{source}: fit holds {', '.join(others[:3])}", expected="small, fit or large")


def measured(numbers: pd.Series, attribute: str, *, decimals: int) -> pd.Series:
    """A measurement as text; missing where no adult measures that."""
    plausible = numbers.where(numbers.between(*PLAUSIBLE[attribute]))
    return plausible.map(lambda value: f"{value:.{decimals}f}", na_action="ignore").astype("str")


def cup_places(letters: pd.Series) -> pd.Series:
    """The place of each cup in `CUPS`, as text; missing where it is none of them."""
    return letters.map({cup: str(place) for place, cup in enumerate(CUPS)}).astype("str")


def _products(lines: pd.DataFrame) -> pd.DataFrame:
    counts = lines.groupby(["style_id", "category"]).size().rename("rows").reset_index()
    ranked = counts.sort_values(["rows", "category"], ascending=[False, True])
    usual = ranked.drop_duplicates("style_id").set_index("style_id")["category"]
    skus = lines.drop_duplicates("sku").sort_values("sku")[["sku", "style_id", "size", "size_system"]]
    columns = ["sku", "style_id", "size", "category", "size_system", "currency"]
    return skus.assign(category=skus["style_id"].map(usual), currency=_CURRENCY)[columns].reset_index(drop=True)


def _order_lines(lines: pd.DataFrame) -> pd.DataFrame:
    named = lines[["line_id", "customer_id", "sku"]]
    return named.assign(order_id=lines["line_id"], ordered_at=lines["at"], country="US", quantity=1, currency=_CURRENCY)


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


def _preferences(lines: pd.DataFrame, attributes: Sequence[str]) -> pd.DataFrame:
    stated = lines.assign(stated_at=lines["at"] - pd.Timedelta(days=1))
    told = stated.melt(["customer_id", "stated_at"], list(attributes), var_name="attribute", value_name="value").dropna(subset="value")
    last = told.drop_duplicates(["customer_id", "attribute", "stated_at"], keep="last")
    return last.astype({"attribute": "str"}).reset_index(drop=True)
